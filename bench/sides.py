"""One of the two processes of a measurement, asked from outside to run coroutines on its event loop."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

ANSWER_S = 120.0


class Bench:
    """What stays in a process from one call to the next: open things, closed at its end, and their handles by name."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack = stack
        self.handles: dict[str, Any] = {}


class Side:
    """A process of its own. One call at a time."""

    def __init__(self, *, uvloop: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_main, args=(theirs, uvloop), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def ask(self, work: Callable[Concatenate[Bench, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> None:
        """Begin to run ``work``, a function of a module; :meth:`answer` waits for it."""
        self._pipe.send((work, args, kwargs))

    def has_answered(self) -> bool:
        """Whether :meth:`answer` would return at once."""
        return self._pipe.poll(0)

    def answer(self) -> Any:
        """Wait for what was asked; what it raised is raised here."""
        if not self._pipe.poll(ANSWER_S):
            raise TimeoutError(f"no answer within {ANSWER_S:g} s")
        outcome = self._pipe.recv()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def call(self, work: Callable[Concatenate[Bench, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``work`` there and return what it returns."""
        self.ask(work, *args, **kwargs)
        answer: R = self.answer()
        return answer


def _main(pipe: Connection, uvloop: bool) -> None:
    if uvloop:
        import uvloop as faster

        faster.run(_serve(pipe))
    else:
        asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        bench = Bench(stack)
        while True:
            try:
                work, args, kwargs = await loop.run_in_executor(None, pipe.recv)
            except EOFError:
                return
            try:
                outcome = await work(bench, *args, **kwargs)
            except Exception as error:  # noqa: BLE001 -- it is raised on the other side
                outcome = error
            pipe.send(outcome)
