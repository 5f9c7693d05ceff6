"""A node whose identities are judged by classes of a user's own."""

import asyncio
import logging
import sys
from typing import Any

import pytest

from gossip import Node as ExactNode
from gossip import RemotePeer
from gossip.comm.config import CommConfig
from gossip.errors import ConfigurationError, DialError, IdentityError, OutOfOrderError
from gossip.types import PeerIdentityType, PkiId
from tests.support.bounded import run_bounded
from tests.support.hmac_crypto import HmacCrypto, PrefixAdvisor, identity_of, pki_id_of
from tests.support.peers import data_message, data_of, everything, settle
from tests.support.tls_files import tls_files

Node: Any = ExactNode
"""As those use it who do not run mypy."""


def node(name: str, **options: object) -> ExactNode:
    identity = identity_of(name)
    made: ExactNode = Node(identity, HmacCrypto(identity), PrefixAdvisor(), tls=tls_files(1, 1), **options)
    return made


def test_two_nodes_talk() -> None:
    async def main() -> None:
        async with node("us") as us, node("them", listen="127.0.0.1:0") as them:
            there = RemotePeer(them.endpoint, them.comm.get_pki_id())
            with them.comm.accept(everything) as messages:
                sending = asyncio.create_task(us.comm.send_with_ack(data_message(b"hello"), 5.0, 1, there))
                received = await anext(aiter(messages))
                assert data_of(received) == b"hello"
                await received.ack()
                assert (await sending).ack_count() == 1
            assert set(us.identities.identity_info().by_id()) == {us.comm.get_pki_id(), there.pki_id}
            with pytest.raises(OutOfOrderError, match="does not listen"):
                _ = us.endpoint

    run_bounded(main)


def test_the_address_is_free_before_what_is_queued_has_left() -> None:
    async def main() -> None:
        full = CommConfig(subscription_buffer=1)
        async with node("us", listen="127.0.0.1:0") as us, node("them", listen="127.0.0.1:0", config=full) as them:
            there = RemotePeer(them.endpoint, them.comm.get_pki_id())
            messages = them.comm.accept(everything)
            sent = 0
            while us.comm.queued() < 100:
                us.comm.send(data_message(bytes(100_000)), there)
                sent += 1
                await asyncio.sleep(0)
            assert us.comm.dropped(there) == 0
            stopping = asyncio.create_task(us.stop())
            await asyncio.sleep(0)
            with pytest.raises(DialError, match="refused"):
                await them.comm.probe(RemotePeer(us.endpoint))
            assert not stopping.done()
            for _ in range(sent):
                await anext(aiter(messages))
            await stopping
            await us.stop()

    run_bounded(main)


def test_of_identities_that_are_forgotten_twenty_get_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """Who joins and leaves is the peers' own choice."""

    async def main() -> None:
        async with node("us", max_identities=2) as us:
            for number in range(32):
                identity = identity_of(f"peer {number}")
                us.identities.put(pki_id_of(identity), identity)

    with caplog.at_level(logging.INFO, "peer.gossip"):
        run_bounded(main)
    assert len([text for text in caplog.messages if text.startswith("Forgot the identity ")]) == 20


def test_an_identity_that_another_thread_purges_loses_its_connection_too() -> None:
    """To judge thousands anew takes seconds, which invites a thread."""

    async def main() -> None:
        async with node("us", listen="127.0.0.1:0") as us, node("them") as them:
            crypto = us.identities._crypto
            assert isinstance(crypto, HmacCrypto)
            them.comm.send(data_message(), RemotePeer(us.endpoint, us.comm.get_pki_id()))
            await them.comm.flush()
            theirs = them.comm.get_pki_id()
            assert us.comm.is_connected(theirs)
            crypto.untrusted.add(identity_of("them"))

            await asyncio.to_thread(us.identities.suspect_peers, lambda _: True)

            assert theirs not in us.identities.identity_info().by_id()
            await settle()  # the loop is told, and need not have run yet
            assert not us.comm.is_connected(theirs)

    run_bounded(main)


def test_another_identity_of_ours_is_that_of_handshakes_and_mapper_alike() -> None:
    async def main() -> None:
        async with node("us") as us, node("them", listen="127.0.0.1:0") as them:
            renewed, former = identity_of("renewed"), us.comm.get_pki_id()
            crypto = us.identities._crypto
            assert isinstance(crypto, HmacCrypto)
            crypto.identity = renewed
            us.set_identity(renewed)
            assert us.comm.get_pki_id() == pki_id_of(renewed) != former
            assert us.identities.get(us.comm.get_pki_id()) == renewed
            with them.comm.accept(everything) as messages:
                us.comm.send(data_message(), RemotePeer(them.endpoint, them.comm.get_pki_id()))
                assert (await anext(aiter(messages))).get_connection_info().identity == renewed

    run_bounded(main)


def test_an_identity_that_does_not_hold_leaves_the_former_one() -> None:
    async def main() -> None:
        async with node("us") as us:
            before = us.comm.get_pki_id()
            with pytest.raises(IdentityError):
                us.set_identity(PeerIdentityType(b"?"))
            assert us.comm.get_pki_id() == before
            assert us.identities.get(before) == identity_of("us")

    run_bounded(main)


def test_an_identity_that_its_crypto_cannot_read() -> None:
    async def main() -> None:
        with pytest.raises(IdentityError):
            Node(PeerIdentityType(b"?"), HmacCrypto(identity_of("us")), PrefixAdvisor())

    run_bounded(main)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_identities": 0}, "max_identities must be positive, not 0"),
        ({"usage_threshold_s": "1h"}, "usage_threshold_s must be a number, not '1h'"),
        ({"listen": "nowhere"}, "cannot listen on nowhere: .*"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: dict[str, object], text: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=f"^{text}$"):
            async with node("us", **options):
                pass

    run_bounded(main)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"listen": 7051}, "listen must be a str or None, not 7051"),
        ({"config": 5}, "config must be a CommConfig or None, not 5"),
        ({"dial": 5}, "dial must be a DialOptions or None, not 5"),
        ({"limits": 5}, "limits must be a ServerLimits or None, not 5"),
        ({"observer": 5}, "observer must be a Observer or None, not 5"),
        ({"require_client_certificate": "no"}, "require_client_certificate must be a bool, not 'no'"),
    ],
)
def test_an_argument_of_another_kind_is_named(options: dict[str, object], text: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError) as refused:
            node("us", **options)
        assert str(refused.value) == text

    run_bounded(main)


def test_client_certificates_need_tls() -> None:
    async def main() -> None:
        identity = identity_of("us")
        with pytest.raises(ConfigurationError, match=r"^require_client_certificate needs tls"):
            Node(identity, HmacCrypto(identity), PrefixAdvisor(), require_client_certificate=True)

    run_bounded(main)


@pytest.mark.parametrize("listen", ["127.0.0.1:0", None])
def test_a_node_that_is_open_stays_so_when_it_is_opened_again(listen: str | None) -> None:
    async def main() -> None:
        async with node("us", listen=listen) as us, node("them", listen="127.0.0.1:0") as them:
            with pytest.raises(OutOfOrderError, match=r"^this peer is open already$"):
                async with us:
                    pass
            await us.comm.handshake(RemotePeer(them.endpoint))
            if listen is not None:
                await them.comm.handshake(RemotePeer(us.endpoint))
        assert "stopped" in repr(us)
        with pytest.raises(OutOfOrderError, match=r"^this peer was stopped$"):
            async with us:
                pass

    run_bounded(main)


def test_a_node_is_opened_where_it_was_made() -> None:
    async def make() -> ExactNode:
        return node("us", listen="127.0.0.1:0")

    us = asyncio.run(make())

    async def main() -> None:
        for opening in (us.__aenter__, us.listen):
            with pytest.raises(OutOfOrderError, match="outside the event loop"):
                await opening()
        assert "not listening" in repr(us)

    run_bounded(main)


def test_a_node_is_made_where_an_event_loop_runs() -> None:
    with pytest.raises(OutOfOrderError, match=r"^made where no event loop is running"):
        node("us")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks that begin at once came with Python 3.12")
def test_a_dial_that_fails_at_once_answers_where_tasks_begin_at_once_too() -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009 -- mypy's 3.11
        async with node("us") as us:
            (result,) = await us.comm.send_with_ack(data_message(), 5, 1, RemotePeer("no port", PkiId(b"nobody")))
            assert isinstance(result.error, DialError)

    run_bounded(main)
