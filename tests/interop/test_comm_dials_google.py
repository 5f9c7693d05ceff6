"""Our communication layer against a grpcio server that plays Fabric's responder with Google's protobuf."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from gossip import Peer, RemotePeer, open_peer
from gossip.errors import NegativeAckError, RefusedByPeerError, StreamBrokenError, TlsBindingError
from gossip.types import PkiId
from tests.support.bounded import run_bounded
from tests.support.google_peer import GooglePeer, RefusedError, ack_envelope, data_envelope, parse
from tests.support.organizations import organization, peer
from tests.support.peers import data_message, data_of, everything
from tests.support.real_peers import settings

Scenario = Callable[[Peer, RemotePeer], Awaitable[None]]


class Responder:
    """Serves GossipStream as a Fabric peer does: hello first, then read; what asks for an answer gets one."""

    def __init__(self) -> None:
        self.me = GooglePeer(2)
        self.conn_establish = self.me.conn_establish()
        self.refusal: str | None = None
        self.heard: list[bytes] = []

    def stream(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield self.conn_establish
        (certificate,) = context.auth_context()["x509_pem_cert"]
        try:
            initiator = self.me.judge(next(requests), certificate)
        except RefusedError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        if self.refusal is not None:
            context.abort(grpc.StatusCode.UNKNOWN, self.refusal)
        if initiator.probe:
            return
        for envelope in requests:
            yield from self._answer(envelope, context)

    def _answer(self, envelope: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        message = parse(envelope)
        data = message.data_msg.payload.data
        self.heard.append(data)
        if data == b"leave":
            context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
        if data == b"talk":
            yield data_envelope(b"hello from Google")
        yield ack_envelope(message.nonce, "no room" if data == b"refuse" else "")


@contextmanager
def serving(responder: Responder) -> Iterator[str]:
    handlers = {
        "GossipStream": grpc.stream_stream_rpc_method_handler(responder.stream),
        "Ping": grpc.unary_unary_rpc_method_handler(lambda _body, _context: b""),
    }
    roots = b"".join(organization(number).tls_ca.certificate_pem for number in (1, 2))
    pair = (responder.me.tls_key_pem, responder.me.tls_certificate_pem)
    with ThreadPoolExecutor(4) as workers:
        server = grpc.server(workers)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("gossip.Gossip", handlers),))
        credentials = grpc.ssl_server_credentials([pair], roots, require_client_auth=True)
        port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(0).wait()


def play(scenario: Scenario, responder: Responder | None = None) -> Responder:
    """Run a scenario with peer0 of Org1 as ours."""
    responder = responder or Responder()

    async def main(endpoint: str) -> None:
        async with open_peer(settings(1)) as ours:
            await scenario(ours, RemotePeer(endpoint, PkiId(responder.me.pki_id)))

    with serving(responder) as endpoint:
        run_bounded(lambda: main(endpoint), 20)
    return responder


def test_both_accept_each_other() -> None:
    async def scenario(ours: Peer, there: RemotePeer) -> None:
        await ours.comm.probe(there)
        assert await ours.comm.handshake(there) == responder.me.identity

    responder = Responder()
    play(scenario, responder)


def test_messages_arrive_in_order_and_are_acknowledged() -> None:
    async def scenario(ours: Peer, there: RemotePeer) -> None:
        for number in range(50):
            (result,) = await ours.comm.send_with_ack(data_message(b"%d" % number), 5, 1, there)
            assert result.error is None

    assert play(scenario).heard == [b"%d" % number for number in range(50)]


def test_a_server_may_open_its_windows_for_each_message() -> None:
    """Many messages share a DATA frame, and grpcio opens both windows for each that is read."""

    async def scenario(ours: Peer, there: RemotePeer) -> None:
        for _ in range(30):
            sends = (ours.comm.send_with_ack(data_message(), 10, 1, there) for _ in range(100))
            for (result,) in await gather(*sends):
                assert result.error is None

    assert len(play(scenario).heard) == 3000


def test_a_negative_acknowledgement_keeps_its_words() -> None:
    async def scenario(ours: Peer, there: RemotePeer) -> None:
        (result,) = await ours.comm.send_with_ack(data_message(b"refuse"), 5, 1, there)
        assert isinstance(result.error, NegativeAckError)
        assert result.error.reason == "no room"

    play(scenario)


def test_what_the_server_says_reaches_our_subscriber() -> None:
    async def scenario(ours: Peer, there: RemotePeer) -> None:
        with ours.comm.accept(everything) as messages:
            ours.comm.send(data_message(b"talk"), there)
            received = await anext(messages)
        assert data_of(received) == b"hello from Google"
        assert received.get_connection_info().pki_id == there.pki_id

    play(scenario)


def test_a_server_that_leaves_is_presumed_dead_and_can_be_reached_again() -> None:
    async def scenario(ours: Peer, there: RemotePeer) -> None:
        with ours.comm.presumed_dead() as deaths:
            (result,) = await ours.comm.send_with_ack(data_message(b"leave"), 5, 1, there)
            assert isinstance(result.error, StreamBrokenError)
            assert "going down" in str(result.error)
            assert await anext(deaths) == there.pki_id
        (result,) = await ours.comm.send_with_ack(data_message(b"again"), 5, 1, there)
        assert result.error is None

    play(scenario)


def test_the_servers_refusal_is_told_in_its_own_words() -> None:
    async def scenario(ours: Peer, there: RemotePeer) -> None:
        with pytest.raises(RefusedByPeerError) as caught:
            await ours.comm.handshake(there)
        assert (caught.value.grpc_status, caught.value.reason) == ("UNKNOWN", "authentication failure")

    responder = Responder()
    responder.refusal = "authentication failure"
    play(scenario, responder)


def test_a_conn_establish_that_names_another_certificate_is_refused() -> None:
    async def scenario(ours: Peer, there: RemotePeer) -> None:
        with pytest.raises(TlsBindingError):
            await ours.comm.handshake(there)

    responder = Responder()
    responder.conn_establish = responder.me.conn_establish(tls_certificate_pem=peer(2, 1).tls.certificate_pem)
    play(scenario, responder)
