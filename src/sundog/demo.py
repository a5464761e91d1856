"""The demo: one real analysis, from handing in the data to the result, watched live."""

import shutil
import sys
from pathlib import Path
from typing import Final, TextIO

import anyio

from common.errors import SundogError
from common.folder_lock import folder_lock
from sundog.client import FeedEvent, JsonObject, SundogClient
from sundog.demo_data import ROWS, flights_csv
from sundog.profile_table import UNLIMITED, profile_table
from sundog.progress_bar import ProgressBar
from sundog.up import LocalSundog, UpOptions

LONGEST_SECONDS: Final = 180.0


class DemoError(SundogError):
    """The analysis of the demo did not succeed."""

    code = "demo_failed"


async def demo(data: Path, *, stream: TextIO = sys.stdout) -> None:
    """Start everything, profile the flights, show how it goes and what comes out, and stop everything.

    Args:
        data: keeps the flights, and in `demo/` all state.
        stream: where a person looks.

    Raises:
        SundogError: something did not work.
    """
    story = Story(stream)
    story.tell("Starting Postgres, a gateway and a processor")
    folder = empty_folder(data / "demo")
    local = LocalSundog(UpOptions(port=0, data=folder), tell=story.ignore)
    async with local, SundogClient(local.url) as client:
        story.tell(f"Sundog is ready; for as long as this takes, the dashboard is at {local.url}")
        task = await hand_in(client, flights_csv(data), story)
        await watch(client, task, story)
        story.show_result(await client.result(task))
    story.tell("All stopped. `make up` keeps it running for your own files")


def empty_folder(folder: Path) -> Path:
    """Throw away what an earlier demo left, unless one is running: each shows the same, from the first start on.

    Raises:
        ConfigurationError: one is running.
    """
    with folder_lock(folder):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
    return folder


async def hand_in(client: SundogClient, path: Path, story: "Story") -> str:
    """Upload the file and ask for its profile.

    Returns:
        The task's id.
    """
    dataset = await client.upload(path)
    story.tell(f"Handed in {path.name}: {ROWS:,} flights, {dataset['bytes'] / 1e6:.1f} MB")
    task = await client.submit("profile", inputs={"data": dataset["id"]})
    return str(task["id"])


async def watch(client: SundogClient, task: str, story: "Story") -> None:
    """Show the task's feed to its end.

    Raises:
        DemoError: the end was no success, or did not come.
    """
    with anyio.move_on_after(LONGEST_SECONDS):
        async for event in client.follow(task):
            story.show(event)
            if event.type in {"failed", "cancelled"}:
                error = event.data.get("error") or {}
                raise DemoError(f"The profile {event.type}: {error.get('message')}", advice=error.get("advice"))
        return
    raise DemoError(
        f"The profile did not end within {LONGEST_SECONDS:.0f} s.", advice="Its logs are in .data/demo/logs."
    )


class Story:
    """What a person gets to see, each line with the seconds since the start."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = shutil.get_terminal_size().columns if stream.isatty() else UNLIMITED
        self._began = anyio.current_time()
        self._bar = ProgressBar(stream)

    def tell(self, sentence: str) -> None:
        """A line."""
        self._bar.clear()
        self._stream.write(f"{anyio.current_time() - self._began:6.2f} s  {sentence}\n")
        self._stream.flush()

    def ignore(self, line: str) -> None:
        """What the parts say is in their logs."""

    def show(self, event: FeedEvent) -> None:
        """An event of the feed."""
        match event.type:
            case "progress":
                self._bar.show(event.data)
            case "started":
                self.tell(f"Claimed by {event.data.get('processor')}")
            case "partial":
                self._show_partial(event.data)
            case "retrying":
                self.tell(f"It is tried again: {(event.data.get('error') or {}).get('message')}")
            case "log" if event.data.get("level") == "error":  # the rest is among the result's notes
                self.tell(str(event.data.get("message")))
            case "succeeded":
                self.tell("Succeeded")
            case _:
                pass

    def _show_partial(self, partial: JsonObject) -> None:
        result = partial["result"]
        if not partial.get("estimate") or (result.get("place") or {}).get("from"):
            return
        self.tell(f"First light: an estimate from {result.get('sample_rows', 0):,} rows\n")
        self._stream.write(f"{profile_table(result, width=self._width)}\n\n")

    def show_result(self, envelope: JsonObject) -> None:
        """The exact result."""
        timings = ", ".join(f"{phase} {seconds:.2f} s" for phase, seconds in envelope["timings"].items())
        self.tell(f"The result, exact where it is not marked with ≈ ({timings})\n")
        self._stream.write(f"{profile_table(envelope['data'], width=self._width)}\n\n")
        for warning in envelope["warnings"]:
            self._stream.write(f"  note: {warning['message']}\n")
        self._stream.flush()
