"""A peer process of the demo, seen from the process that leads it."""

import asyncio
from pathlib import Path

import pytest

from gossip.api.options import TlsFiles
from gossip.cli.demo.organizations import PeerHome
from gossip.cli.demo.peer_process import DemoFailedError, PeerProcess


def test_a_process_that_has_ended_gets_no_order(tmp_path: Path) -> None:
    tls = TlsFiles(tmp_path / "server.crt", tmp_path / "server.key", (tmp_path / "ca.crt",))
    process = PeerProcess(PeerHome("peer0.org1", "Org1MSP", tmp_path / "msp", tls, {}))

    async def main() -> None:
        with pytest.raises(DemoFailedError, match=r"peer0\.org1 has ended: .*no such MSP folder"):
            await process.start()
        with pytest.raises(DemoFailedError, match=r"peer0\.org1 has ended: .*no such MSP folder"):
            await asyncio.wait_for(process.order("send", process), 5.0)
        await process.kill()

    asyncio.run(main())
