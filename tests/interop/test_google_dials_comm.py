"""A grpcio client that plays Fabric's initiator with Google's protobuf, against a peer of ours."""

from asyncio import gather
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from grpc import aio

from gossip import Peer, RemotePeer, open_peer
from gossip.errors import NegativeAckError
from gossip.types import PkiId
from tests.support.bounded import run_bounded
from tests.support.google_peer import GooglePeer, ack_envelope, data_envelope, parse
from tests.support.organizations import organization, peer
from tests.support.peers import data_message, data_of, everything
from tests.support.real_peers import settings

Call = aio.StreamStreamCall[bytes, bytes]
OUR_TLS_CERTIFICATE = peer(1).tls.certificate_pem


class Initiator:
    """One stream of Google's to our peer."""

    def __init__(self, ours: Peer, me: GooglePeer, call: Call) -> None:
        self.ours = ours
        self.me = me
        self._call = call

    async def say(self, envelope: bytes) -> None:
        await self._call.write(envelope)

    async def hear(self) -> bytes:
        envelope = await self._call.read()
        assert isinstance(envelope, bytes)
        return envelope

    async def join(self) -> None:
        """Introduce ourselves, and judge who answers."""
        await self.say(self.me.conn_establish())
        introduction = self.me.judge(await self.hear(), OUR_TLS_CERTIFICATE)
        assert introduction.pki_id == self.ours.comm.get_pki_id()
        assert not introduction.probe

    async def status(self) -> tuple[grpc.StatusCode, str]:
        return await self._call.code(), await self._call.details()


def unchanged(data: bytes) -> bytes:
    return data


@asynccontextmanager
async def initiator() -> AsyncIterator[Initiator]:
    me = GooglePeer(2)
    roots = b"".join(organization(number).tls_ca.certificate_pem for number in (1, 2))
    credentials = grpc.ssl_channel_credentials(roots, me.tls_key_pem, me.tls_certificate_pem)
    async with (
        open_peer(settings(1, listen="127.0.0.1:0")) as ours,
        aio.secure_channel(ours.endpoint, credentials) as channel,
    ):
        assert await channel.unary_unary("/gossip.Gossip/Ping")(b"") == b""
        stream = channel.stream_stream("/gossip.Gossip/GossipStream", unchanged, unchanged)
        yield Initiator(ours, me, stream())


def test_what_the_client_says_is_received_and_acknowledged() -> None:
    async def main() -> None:
        async with initiator() as google:
            with google.ours.comm.accept(everything) as messages:
                await google.join()
                for nonce in range(1, 51):
                    await google.say(data_envelope(b"%d" % nonce, nonce))
                    received = await anext(messages)
                    assert data_of(received) == b"%d" % nonce
                    assert received.get_connection_info().identity == google.me.identity
                    await received.ack("not this one" if nonce == 50 else None)
                    ack = parse(await google.hear())
                    assert (ack.nonce, ack.ack.error) == (nonce, "not this one" if nonce == 50 else "")

    run_bounded(main, 20)


def test_what_we_send_on_its_connection_arrives_and_its_answers_count() -> None:
    async def main() -> None:
        async with initiator() as google:
            with google.ours.comm.accept(everything) as messages:
                await google.join()
                await google.say(data_envelope(b"here I am"))
                await anext(messages)
            there = RemotePeer("127.0.0.1:1", PkiId(google.me.pki_id))  # nothing listens there: no dial is needed
            for answer, error in (("", None), ("no room", NegativeAckError)):
                google.ours.comm.send(data_message(b"before"), there)
                acked = google.ours.comm.send_with_ack(data_message(b"hello"), 5, 1, there)
                (result,), _ = await gather(acked, google_answers(google, answer))
                assert type(result.error) is (error or type(None))

    run_bounded(main, 20)


async def google_answers(google: Initiator, text: str) -> None:
    assert parse(await google.hear()).data_msg.payload.data == b"before"
    message = parse(await google.hear())
    assert message.data_msg.payload.data == b"hello"
    await google.say(ack_envelope(message.nonce, text))


def test_a_probe_ends_with_ok_and_leaves_no_connection() -> None:
    async def main() -> None:
        async with initiator() as google:
            await google.say(google.me.conn_establish(probe=True))
            google.me.judge(await google.hear(), OUR_TLS_CERTIFICATE)
            assert await google.status() == (grpc.StatusCode.OK, "")
            assert google.ours.identities.get(PkiId(google.me.pki_id)) == google.me.identity

    run_bounded(main, 20)


@pytest.mark.parametrize(
    ("forged", "text"),
    [
        ("binding", "in remote hash of TLS cert, but got"),
        ("message", "wrong type"),
    ],
)
def test_a_refusal_reaches_the_client_in_words(forged: str, text: str) -> None:
    async def main() -> None:
        async with initiator() as google:
            other = google.me.conn_establish(tls_certificate_pem=peer(2, 1).tls.certificate_pem)
            await google.hear()  # a responder introduces itself before it judges
            await google.say(other if forged == "binding" else data_envelope(b"no hello"))
            code, details = await google.status()
            assert code is grpc.StatusCode.UNKNOWN
            assert text in details

    run_bounded(main, 20)
