"""Programs of a benchmark that run as processes of their own: told what to do and answering, a JSON object a line.

    benchmark                       program
    program("...crowd")  ─────────► async with / main
    ask("connect", ...)  ─stdin───► answer(command)
    reply                ◄─stdout── a mapping

A program ends when its stdin does, so none outlives its benchmark, however that ends.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

MOST_BYTES = 64 << 20  # of a line
Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Program:
    """The benchmark's end of a running program."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    async def ask(self, command: str, **details: object) -> Mapping[str, Any]:
        """Tell it to do something; returns what it answers when that is done.

        Raises:
            RuntimeError: it could not, or has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **details}).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        answer: Mapping[str, Any] = json.loads(line or b'{"error": "it has ended"}')
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()

    async def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@asynccontextmanager
async def program(module: str, *arguments: str) -> AsyncIterator[Program]:
    """Run a module of `benchmarks.parts.workers` as long as the block lasts."""
    command = (sys.executable, "-m", f"benchmarks.parts.workers.{module}", *arguments)
    started = Program(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=MOST_BYTES))
    try:
        yield started
    finally:
        await started.close()


async def answer_commands(answer: Answer) -> None:
    """The program's end: answer each line of stdin until there are no more."""
    reader = asyncio.StreamReader(limit=MOST_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        try:
            reply = await answer(json.loads(line))
        except Exception as error:  # noqa: BLE001 - the benchmark hears of it, whatever it is
            reply = {"error": repr(error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
