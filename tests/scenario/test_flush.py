"""Sending fast without losing anything: batches of what a send buffer holds, and a flush after each."""

import asyncio

import pytest

from gossip import open_peer
from gossip.api.peer import RemotePeer
from gossip.comm.config import CommConfig
from gossip.errors import UnnamedPeerError
from gossip.transport.grpc import client_protocol as grpc_client_protocol
from gossip.transport.limits import ConnectionLimits
from gossip.transport.memory import MemoryNetwork
from tests.support.bounded import run_bounded
from tests.support.hmac_crypto import identity_of
from tests.support.peers import data_message, everything, memory_peers
from tests.support.real_peers import settings
from tests.support.virtual_time import run_virtual

BUFFER = 10


def test_batches_and_flushes_drop_nothing() -> None:
    async def main() -> None:
        async with memory_peers("ann", "bob", config=CommConfig(send_buffer=BUFFER)) as (ann, bob):
            with bob.comm.accept(everything) as messages:
                for batch in range(5):
                    for number in range(BUFFER):
                        ann.comm.send(data_message(nonce=1 + batch * BUFFER + number), bob.remote)
                    await ann.comm.flush(bob.remote)
                nonces = [(await anext(messages)).get_gossip_message().nonce for _ in range(5 * BUFFER)]
        assert nonces == list(range(1, 5 * BUFFER + 1))
        assert ann.comm.dropped(bob.remote) == 0

    run_virtual(main())


def test_a_flush_ends_when_the_dial_fails() -> None:
    async def main() -> None:
        async with memory_peers("ann", "bob") as (ann, bob):
            await bob.die()
            ann.comm.send(data_message(nonce=1), bob.remote)
            await ann.comm.flush(bob.remote)

    run_virtual(main())


def test_a_flush_with_nothing_to_send_returns_at_once_and_dials_nobody() -> None:
    async def main() -> None:
        async with memory_peers("ann", "bob") as (ann, bob):
            before_s = asyncio.get_running_loop().time()
            await ann.comm.flush(bob.remote)
            assert asyncio.get_running_loop().time() == before_s
            with pytest.raises(UnnamedPeerError):
                await ann.comm.flush(RemotePeer("bob:7051"))

    run_virtual(main())


def test_a_flush_that_names_nobody_waits_for_everybody() -> None:
    """For dials under way, and for connections that stand."""

    async def main() -> None:
        config = CommConfig(send_buffer=BUFFER)
        async with memory_peers("ann", "bob", "cid", config=config) as (ann, bob, cid):
            with bob.comm.accept(everything) as to_bob, cid.comm.accept(everything) as to_cid:
                ann.comm.send(data_message(nonce=1), bob.remote)
                await anext(to_bob)
                for batch in range(3):
                    for number in range(BUFFER):
                        ann.comm.send(data_message(nonce=2 + batch * BUFFER + number), bob.remote, cid.remote)
                    await ann.comm.flush()
                for messages in (to_bob, to_cid):
                    nonces = [(await anext(messages)).get_gossip_message().nonce for _ in range(3 * BUFFER)]
                    assert nonces == list(range(2, 2 + 3 * BUFFER))

    run_virtual(main())


def test_a_flush_waits_for_the_dial_beside_a_connection_that_is_closing() -> None:
    async def main() -> None:
        async with memory_peers("ann", "bob", config=CommConfig(send_buffer=BUFFER)) as (ann, bob):
            with bob.comm.accept(everything) as messages:
                ann.comm.send(data_message(nonce=1), bob.remote)
                await anext(messages)
                ann.comm.close_conn_nowait(bob.pki_id)
                for batch in range(2):
                    for number in range(BUFFER):
                        ann.comm.send(data_message(nonce=2 + batch * BUFFER + number), bob.remote)
                    await ann.comm.flush(bob.remote)
                nonces = [(await anext(messages)).get_gossip_message().nonce for _ in range(2 * BUFFER)]
        assert nonces == list(range(2, 2 + 2 * BUFFER))

    run_virtual(main())


@pytest.mark.parametrize("names_somebody", [True, False])
def test_a_flush_waits_for_what_goes_to_whoever_stands_in(names_somebody: bool) -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=1)
        async with memory_peers("ann", "bob", network=network) as (ann, bob):
            await ann.comm.handshake(bob.remote)
            renewed = identity_of("bob renewed")
            bob.crypto.identity = renewed
            bob.mapper.set_identity(renewed)
            bob.comm.set_identity(renewed)
            network.slow(ann.endpoint, bob.endpoint, 1000)
            for number in range(BUFFER):
                ann.comm.send(data_message(nonce=1 + number), bob.remote)
            await (ann.comm.flush(bob.remote) if names_somebody else ann.comm.flush())
            (connection,) = ann.comm._store
            assert connection.info.identity == renewed
            assert connection.is_flushed

    run_virtual(main())


def test_a_flush_ends_with_the_connection_to_a_peer_that_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_client_protocol, "_LIMITS", ConnectionLimits(unread_timeout_s=0.1))

    async def main() -> None:
        async with open_peer(settings(1)) as ann, open_peer(settings(2, listen="127.0.0.1:0")) as bob:
            pki_id = bob.comm.get_pki_id()
            with bob.comm.accept(everything), ann.comm.presumed_dead() as dead:
                for _ in range(100):
                    ann.comm.send(data_message(bytes(100_000)), RemotePeer(bob.endpoint, pki_id))
                await ann.comm.flush()
                assert not ann.comm.is_connected(pki_id)
                assert await anext(dead) == pki_id

    run_bounded(main)
