"""What a crypto service of a user's own does to those who shake hands, where it fails."""

import asyncio

import pytest

from gossip.errors import InvalidArgumentError, RefusedByPeerError
from gossip.transport.memory import MemoryNetwork
from tests.support.peers import MemoryPeer, data_message, data_of, everything
from tests.support.virtual_time import run_virtual

METHODS = ("get_pki_id_of_cert", "validate_identity", "expiration", "sign", "verify")


def cancelled(*_: object) -> object:
    """As a future that was cancelled elsewhere answers who asks it."""
    raise asyncio.CancelledError


@pytest.mark.parametrize("method", METHODS)
def test_a_crypto_service_that_raises_cancelled_error_cancels_nobody_who_dials(method: str) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        setattr(one.crypto, method, cancelled)

        with pytest.raises(InvalidArgumentError, match=r"cancelled must return or raise an Exception, and raised Canc"):
            await one.comm.handshake(two.remote)
        (result,) = await one.comm.send_with_ack(data_message(), 1.0, 1, two.remote)
        assert "and raised CancelledError" in str(result.error)

        delattr(one.crypto, method)
        assert await one.comm.handshake(two.remote) == two.identity
        await one.close()
        await two.close()

    run_virtual(main())


@pytest.mark.parametrize("method", METHODS)
def test_nor_who_listens(method: str) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        setattr(two.crypto, method, cancelled)

        with pytest.raises(RefusedByPeerError, match="must return or raise an Exception, and raised CancelledError"):
            await one.comm.handshake(two.remote)

        delattr(two.crypto, method)
        with two.comm.accept(everything) as messages:
            one.comm.send(data_message(b"now"), two.remote)
            assert data_of(await anext(messages)) == b"now"
        await one.close()
        await two.close()

    run_virtual(main())
