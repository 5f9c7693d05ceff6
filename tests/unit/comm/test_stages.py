"""How long each stage of reaching a peer took."""

from types import SimpleNamespace

import pytest

from gossip.comm.stages import Stage, Stages
from gossip.transport.memory import MemoryNetwork
from tests.support.peers import MemoryPeer
from tests.support.virtual_time import run_virtual


def test_one_begins_where_the_last_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    times_s = iter((10.0, 11.0, 13.0))
    monkeypatch.setattr("gossip.comm.stages.time", SimpleNamespace(perf_counter=lambda: next(times_s)))
    stages = Stages()
    stages.enter(Stage.PING)
    stages.end()
    assert stages.took_s == {Stage.DIAL: 1.0, Stage.PING: 2.0}


def test_all_that_were_passed_are_told_the_last_one_too() -> None:
    async def main() -> tuple[Stages, Stages]:
        network, probe, handshake = MemoryNetwork(), Stages(), Stages()
        us, them = MemoryPeer(network, "us"), MemoryPeer(network, "them")
        await us.comm.reach(them.remote, probe)
        await us.comm.introduce(them.remote, handshake)
        await us.close()
        await them.close()
        return probe, handshake

    probe, handshake = run_virtual(main())
    assert probe.took_s.keys() == {Stage.DIAL, Stage.TCP, Stage.TLS, Stage.PING}
    assert handshake.took_s.keys() == probe.took_s.keys() | {Stage.EXCHANGE, Stage.VERDICT}
