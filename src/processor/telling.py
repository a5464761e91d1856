"""What an attempt tells its watchers, as far as its feed has room for it: an analysis can say more than anybody reads.

Lines of log are counted, partial results weighed. Past the most that is kept, one line says so and the rest is dropped.
"""

from common.words import EventType
from processor.claim import Claim
from processor.feed_writer import FeedWriter
from processor.protocol import LINE_CHARS, Log, Partial, Progress, ProtocolError
from processor.raw_json import RawJsonError, checked_object
from processor.settings import ProcessorSettings


class Telling:
    """The words of one attempt, on their way into its feed."""

    def __init__(self, claim: Claim, *, feed: FeedWriter, settings: ProcessorSettings) -> None:
        self._claim = claim
        self._feed = feed
        self._most_lines = settings.log_lines
        self._most_bytes = settings.partials_mb << 20
        self._lines = 0
        self._bytes = 0

    async def tell(self, message: Progress | Log | Partial) -> None:
        """Pass one message on; returns when there is room for another.

        Raises:
            ProtocolError: it is no partial result that anybody could read.
        """
        match message:
            case Progress():
                self._feed.progress(self._claim, message.model_dump(mode="json", exclude={"type"}, exclude_unset=True))
                return
            case Log():
                self._tell_line(message)
            case Partial():
                await self._tell_partial(message)
        await self._feed.room(self._claim)

    def _tell_line(self, line: Log) -> None:
        self._lines += 1
        if self._lines < self._most_lines:
            self._append_line(line.level, line.message[:LINE_CHARS])
        elif self._lines == self._most_lines:
            self._append_line(
                "warning", f"The log of this attempt has more than {self._most_lines} lines; the rest is dropped."
            )

    async def _tell_partial(self, partial: Partial) -> None:
        if self._bytes > self._most_bytes:
            return  # it is not even looked at
        try:
            result = await checked_object(partial.result)
        except RawJsonError as error:
            raise ProtocolError(f"partial: {error}") from None
        estimate = "true" if partial.estimate else "false"
        text = f'{{"estimate":{estimate},"result":{result}}}'
        self._bytes += self._feed.append_text(self._claim, EventType.PARTIAL, text)
        if self._bytes > self._most_bytes:
            most = self._most_bytes >> 20
            self._append_line(
                "warning", f"This attempt told more than {most} MiB of partial results; the rest is dropped."
            )

    def _append_line(self, level: str, message: str) -> None:
        self._feed.append(self._claim, EventType.LOG, {"level": level, "message": message})
