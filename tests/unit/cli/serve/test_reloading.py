"""What is said of files that changed while a peer is served."""

import asyncio
from typing import Any

from gossip.cli.serve.reloading import Reloading
from gossip.errors import ConfigurationError
from gossip.types import PkiId


class Peer:
    """Fails with each of these, and then does not."""

    def __init__(self, *failures: str) -> None:
        self.comm = self
        self._failures = list(failures)

    def get_pki_id(self) -> PkiId:
        return PkiId(b"us")

    async def reload(self) -> None:
        if self._failures:
            raise ConfigurationError(self._failures.pop(0))


class Printer:
    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []

    def event(self, name: str, *, reason: str = "", pki_id: bytes = b"") -> None:
        self.events.append((name, reason or pki_id))


def test_a_failure_is_told_once_until_it_is_another_or_somebody_asks() -> None:
    peer: Any = Peer("one", "one", "two", "two")
    printer: Any = Printer()
    reloading = Reloading(peer, printer)

    async def main() -> list[bool]:
        worked = [await reloading.reload() for _ in range(3)]
        await reloading.reload_as_asked()
        return [*worked, await reloading.reload()]

    assert asyncio.run(main()) == [False, False, False, True]
    failures = [("reload_failed", reason) for reason in ("one", "two", "two")]
    assert printer.events == [*failures, ("reloaded", b"us")]
