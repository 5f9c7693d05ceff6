"""Every recorded first message, sent by Google's gRPC over mutual TLS to a running server of ours: Fabric's outcomes.

One departure, see docs/decisions/0005: a client certificate whose CA is unknown is refused by TLS itself.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import grpc
import pytest
from grpc import aio

from gossip import PeerSettings, TlsFiles, open_peer
from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.node.peer import Peer
from gossip.wire.signed import noop_sign
from tests.support.vectors import VECTORS, Record, load_vectors

CRYPTO = VECTORS / "crypto"
TLS_CAS = tuple(CRYPTO / organization / "tlsca" / "tlsca.pem" for organization in ("org1", "org2"))
RECORDS = load_vectors("conn_establish.json")
TLS_CLIENTS = {record["name"]: record for record in load_vectors("tls_certs.json")}
REFUSED_BY_TLS = {"unknown_ca"}
FOLLOW_UP = noop_sign(GossipMessage(tag=Tag.EMPTY, data_msg=DataMessage(payload=Payload(seq_num=7)))).envelope
WAIT_S = 10.0

GISTS = (
    "no TLS certificate",
    "wrong type",
    "no PKI-ID",
    "identity is nil",
    "identity doesn't match the computed pkiID",
    "gossipping peer identity expired",
    "Unable to extract msp.Identity from peer Identity",
    "in remote hash of TLS cert, but got",
    "Empty payload",
    "Empty signature",
    "failed classifying identity",
    "The signature is invalid",
    "could not determine the validity of the signature",
)
"""What operators search for: where Fabric says it, so do we.

Of a bad signature from another organisation Fabric says that a policy was not satisfied; we, that it does not hold."""


def settings(organization: str) -> PeerSettings:
    other = "org2" if organization == "org1" else "org1"
    peer = CRYPTO / organization / "peers" / "peer0"
    return PeerSettings(
        mspid=organization.replace("org", "Org") + "MSP",
        msp_dir=peer / "msp",
        tls=TlsFiles(peer / "tls/server.crt", peer / "tls/server.key", TLS_CAS),
        listen="127.0.0.1:0",
        organizations={other.replace("org", "Org") + "MSP": CRYPTO / other / "msp"},
    )


def credentials(client: str | None) -> grpc.ChannelCredentials:
    roots = b"".join(path.read_bytes() for path in TLS_CAS)
    if client is None:
        return grpc.ssl_channel_credentials(roots)
    record = TLS_CLIENTS[client]
    return grpc.ssl_channel_credentials(roots, record["key_pem"].encode(), record["cert_pem"].encode())


def unchanged(data: bytes) -> bytes:
    return data


class Initiator:
    """A stream that says exactly what it is told to."""

    def __init__(self, call: "aio.StreamStreamCall[bytes, bytes]") -> None:
        self._call = call

    async def hear(self) -> bool:
        """Wait for a message; False when the stream ended instead."""
        try:
            return isinstance(await self._call.read(), bytes)
        except aio.AioRpcError:
            return False

    async def say(self, envelope: bytes) -> None:
        """Send, unless the other side has ended the stream already."""
        with suppress(aio.AioRpcError, asyncio.InvalidStateError):
            await self._call.write(envelope)

    async def hear_end(self) -> tuple[grpc.StatusCode, str]:
        """Wait for the stream's status."""
        while await self.hear():
            pass
        return await self._call.code(), await self._call.details()


@asynccontextmanager
async def stream_to(peer: Peer, client: str | None) -> AsyncIterator[Initiator]:
    channel = aio.secure_channel(peer.endpoint, credentials(client))
    try:
        yield Initiator(channel.stream_stream("/gossip.Gossip/GossipStream", unchanged, unchanged)())
    finally:
        await channel.close()


async def outcome(peer: Peer, record: Record, *follow_up: bytes) -> tuple[str, grpc.StatusCode | None, str, bool]:
    """What came of it: Fabric's word for it, the status, its text, and whether our ConnEstablish was heard."""
    with peer.comm.accept(lambda _: True) as messages:
        async with stream_to(peer, record["tls_client_cert"]) as initiator, asyncio.timeout(WAIT_S):
            heard = await initiator.hear()
            for envelope in (base64.b64decode(record["envelope_b64"]), *follow_up):
                await initiator.say(envelope)
            ended = asyncio.ensure_future(initiator.hear_end())
            received = asyncio.ensure_future(anext(messages))
            await asyncio.wait([ended, received], return_when=asyncio.FIRST_COMPLETED)
            if received.done():
                assert received.result().get_gossip_message().envelope == FOLLOW_UP
                ended.cancel()
                await asyncio.wait([ended])
                return "accepted", None, "", heard
            received.cancel()
            code, text = ended.result()
            return "closed_ok" if code is grpc.StatusCode.OK else "rejected", code, text, heard


async def check_all(organization: str, chosen: Sequence[Record]) -> dict[str, str]:
    """Play every record to one running peer, and tell of each that came out otherwise."""
    differences = {}
    async with open_peer(settings(organization)) as peer:
        for record in chosen:
            expected = record["go"][f"responder_{organization}/peer0"]
            # Google's client forgets the status of a stream on which a write failed: nothing follows a refused message.
            follow_up = [FOLLOW_UP] if expected["outcome"] == "accepted" else []
            said, code, text, heard = await outcome(peer, record, *follow_up)
            name = record["name"]
            if said != expected["outcome"]:
                differences[name] = f"{said} ({text}) instead of {expected['outcome']}"
            elif heard != expected["responder_sent_conn_msg"]:
                differences[name] = f"our ConnEstablish was {'heard' if heard else 'not heard'}"
            elif said == "rejected":
                if code is None or code.name != expected["grpc_code"].upper():
                    differences[name] = f"status {code} instead of {expected['grpc_code']}"
                for gist in GISTS:
                    if gist in expected["grpc_message"] and gist not in text:
                        differences[name] = f"{text!r} does not say {gist!r}"
        assert len(peer.identities.identity_info()) > 1
    return differences


@pytest.mark.parametrize("organization", ["org1", "org2"])
def test_the_outcome_is_fabrics(organization: str) -> None:
    chosen = [record for record in RECORDS if record["tls_client_cert"] not in REFUSED_BY_TLS]
    assert len(chosen) > 150
    assert asyncio.run(check_all(organization, chosen)) == {}


@pytest.mark.parametrize("organization", ["org1", "org2"])
def test_a_client_certificate_of_an_unknown_ca_is_refused_by_tls(organization: str) -> None:
    async def play() -> list[tuple[str, bool]]:
        chosen = [record for record in RECORDS if record["tls_client_cert"] in REFUSED_BY_TLS]
        async with open_peer(settings(organization)) as peer:
            outcomes = [await outcome(peer, record) for record in chosen]
            assert len(peer.identities.identity_info()) == 1
        return [(str(code), heard) for _, code, _, heard in outcomes]

    assert asyncio.run(play()) == [("StatusCode.UNAVAILABLE", False)] * 2
