"""What peers log while they talk: Fabric's loggers, names behind PKI-IDs, and never a key or what a message carries."""

import asyncio
import base64
import io
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gossip.api.comm import ReceivedMessage
from gossip.api.options import DialOptions
from gossip.api.peer import RemotePeer
from gossip.comm.config import CommConfig
from gossip.errors import DialError, GossipError
from gossip.node.logs.control import logging_to
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.transport.base import FrameStream
from gossip.transport.grpc.client import GrpcDialer
from gossip.types import PkiId
from tests.support.cli import run
from tests.support.in_thread import peer_settings
from tests.support.organizations import organization, organization_folder, peer
from tests.support.peers import data_message, everything
from tests.support.served import peer_options, serving

PAYLOAD = b"four hundred and twelve barrels of the red wine, to be paid in May"
PATIENCE_S = 20.0


def forms_of(secret: bytes) -> list[str]:
    """How bytes might come to stand in a text."""
    shown = secret.decode("latin-1")
    return [shown, secret.hex(), base64.b64encode(secret).decode()[:-4], repr(secret)[2:-1], str(list(secret))[1:-1]]


def secrets() -> list[str]:
    """Every form of the payload and of the private keys in use."""
    found = forms_of(PAYLOAD)
    for number in (1, 2):
        for credential in (peer(number).identity, peer(number).tls):
            body = b"".join(credential.key_pem.splitlines()[1:-1])
            found += [*(line.decode() for line in credential.key_pem.splitlines()[1:-1]), base64.b64decode(body).hex()]
            scalar = credential.key.private_numbers().private_value  # type: ignore[union-attr]  # P-256 all of them
            found += [str(scalar), f"{scalar:x}"]
    return found


async def answer(messages: "asyncio.Queue[ReceivedMessage]", us: Peer) -> None:
    with us.comm.accept(everything) as received:
        async for message in received:
            await message.ack("not for me" if message.get_gossip_message().nonce % 2 else None)
            messages.put_nowait(message)


async def talk(them_settings: PeerSettings) -> None:
    """Everything that is logged happens: accepted and refused, sent and lost, malformed, dead, reloaded, revoked."""
    us_settings = replace(peer_settings(2), comm=CommConfig(send_buffer=2))
    received: asyncio.Queue[ReceivedMessage] = asyncio.Queue()
    async with open_peer(them_settings) as them, open_peer(us_settings) as us, asyncio.timeout(PATIENCE_S):
        remote = RemotePeer(them.endpoint, them.comm.get_pki_id())
        answering = asyncio.create_task(answer(received, them))
        await us.comm.handshake(RemotePeer(them.endpoint))
        for _ in range(10):  # more than the buffer takes
            us.comm.send(data_message(PAYLOAD), remote)
        await received.get()
        for _ in range(4):
            await us.comm.send_with_ack(data_message(PAYLOAD), 5.0, 1, remote)
        await misbehave(us_settings, them)
        await be_refused(them)
        us.comm.send(data_message(PAYLOAD), RemotePeer("127.0.0.1:1", PkiId(b"\x01" * 32)))
        await anext(aiter(us.comm.presumed_dead()))
        revoke_us(them_settings.organizations["Org2MSP"])
        await them.reload()
        with pytest.raises(GossipError):
            await us.comm.handshake(remote)
        answering.cancel()


def revoke_us(msp: Path) -> None:
    """Put a CRL into an MSP folder of Org2."""
    certificate = peer(2).identity.certificate
    (msp / "crls").mkdir()
    crl = organization(2).ca.revoke([certificate], now=certificate.not_valid_before_utc)
    (msp / "crls" / "crl.pem").write_bytes(crl)


async def misbehave(settings: PeerSettings, them: Peer) -> None:
    """Send what is no message, with the payload in it."""
    dialer = GrpcDialer(DialOptions(tls=settings.tls))
    channel = await dialer.dial(them.endpoint)
    stream = await channel.open_stream()
    await stream.send([b"\x0a\xff" + PAYLOAD])
    with pytest.raises(GossipError):
        await read_to_the_end(stream)
    await channel.close()


async def read_to_the_end(stream: FrameStream) -> None:
    while await stream.receive():
        pass


async def be_refused(them: Peer) -> None:
    """Come as somebody whom they do not know."""
    async with open_peer(replace(peer_settings(2), listen=None, mspid="Org3MSP", organizations={})) as stranger:
        with pytest.raises(GossipError):
            await stranger.comm.handshake(RemotePeer(them.endpoint))


@pytest.mark.parametrize("as_json", [True, False])
def test_no_key_and_no_payload_is_logged(as_json: bool, tmp_path: Path) -> None:
    org2 = Path(shutil.copytree(organization_folder(2) / "msp", tmp_path / "org2" / "msp"))
    log = io.StringIO()

    with logging_to(log, "debug", as_json=as_json):
        asyncio.run(talk(replace(peer_settings(1), organizations={"Org2MSP": org2})))

    text = log.getvalue()
    for said in ("Authentication of", "has been revoked", "dropped", "Reloaded", "malformed"):
        assert said in text, text
    assert {"gossip.comm", "peer.gossip", "peer.gossip.mcs"} <= loggers_in(text, as_json)
    assert [secret for secret in secrets() if secret in text] == []


def loggers_in(text: str, as_json: bool) -> set[str]:
    """Who said something."""
    lines = text.splitlines()
    if as_json:
        return {json.loads(line)["name"] for line in lines}
    return {line.partition("[")[2].partition("]")[0] for line in lines}


def test_serve_logs_by_fabrics_specification_with_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRIC_LOGGING_SPEC", "peer.gossip=warn:gossip.comm=debug:error")

    with serving(*peer_options(1), "--log-format=json") as served:
        outcome = run("send", served.endpoint, *peer_options(2), "--data", __file__)
        served.event("disconnected")

    assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
    lines = [json.loads(line) for line in served.stderr.splitlines()]
    assert {line["name"] for line in lines} == {"gossip.comm"}
    named = [line["peers"] for line in lines if "peers" in line]
    assert named[0][0]["common_name"] == "peer0.org2.example.com"
    assert named[0][0]["mspid"] == "Org2MSP"


def test_a_specification_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRIC_LOGGING_SPEC", "loud")

    outcome = run("serve", "--listen=127.0.0.1:0", *peer_options(1), "--json")

    assert outcome.exit_code == 2
    assert outcome.object["message"] == (
        "FABRIC_LOGGING_SPEC: invalid logging specification 'loud': bad segment 'loud'"
    )
    assert logging.getLogger().level == logging.WARNING


def test_a_client_certificate_of_an_unknown_ca_is_logged_with_the_reason() -> None:
    """The text of Python's ssl is the same for all; its reason is not."""

    async def main() -> None:
        async with open_peer(peer_settings(1, trusts=(1,))) as them, open_peer(peer_settings(2)) as us:
            with pytest.raises(DialError, match="unknown ca"):
                await us.comm.handshake(RemotePeer(them.endpoint))

    log = io.StringIO()
    with logging_to(log, "info"):
        asyncio.run(main())

    assert "the peer's certificate was refused by us: self-signed certificate in certificate chain" in log.getvalue()
