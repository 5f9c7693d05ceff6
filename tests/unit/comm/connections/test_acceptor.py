"""What is said of those who are refused."""

import pytest

from gossip.errors import RefusedByPeerError
from gossip.transport.memory import MemoryNetwork
from tests.support.peers import MemoryPeer, Stranger
from tests.support.transports import receive_all
from tests.support.virtual_time import run_virtual


def test_strangers_at_any_number_of_hosts_get_twenty_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Addresses cost an attacker little, and a log's disk is ours."""

    async def main() -> None:
        network = MemoryNetwork()
        peer = MemoryPeer(network, "peer")
        for number in range(30):
            stream = await Stranger(network, f"stranger{number}").open(peer)
            await stream.send([b"no hello"])
            with pytest.raises(RefusedByPeerError):
                await receive_all(stream)
        await peer.close()

    run_virtual(main())
    assert len([text for text in caplog.messages if text.startswith("Authentication of ")]) == 20
