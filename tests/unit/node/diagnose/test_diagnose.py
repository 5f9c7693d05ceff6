"""How many endpoints are looked at at the same time."""

import asyncio
from typing import Any

import pytest

from gossip.node.diagnose import diagnose as module
from gossip.node.diagnose.diagnose import Target, diagnose
from tests.support.in_thread import peer_settings
from tests.support.virtual_time import run_virtual


def test_sixteen_are_looked_at_at_once_and_all_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    begun_at_s: list[float] = []

    async def collect(_own: object, target: Target, _clock: object) -> Any:
        begun_at_s.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        return target

    monkeypatch.setattr(module, "_collect", collect)
    monkeypatch.setattr(module, "judge", lambda target: target)
    targets = [Target(f"192.0.2.1:{port}") for port in range(40)]

    answers: list[Any] = run_virtual(diagnose(peer_settings(), targets))

    assert answers == targets
    assert begun_at_s == [0] * 16 + [1] * 16 + [2] * 8
