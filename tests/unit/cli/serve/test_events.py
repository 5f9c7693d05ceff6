"""What a running peer prints, event by event."""

import asyncio
import hashlib
import json
import os
import select
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gossip.api.comm import ReceivedMessage
from gossip.api.peer import AuthInfo, ConnectionInfo
from gossip.cli.serve.event_lines import MAX_WAITING_BYTES
from gossip.cli.serve.events import EventPrinter
from gossip.errors import GossipError, TlsBindingError
from gossip.messages import AliveMessage, DataMessage, GossipMessage, Member, Payload, Tag
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.signed import SignedMessage, noop_sign
from tests.support.bounded import run_bounded
from tests.support.pipes import open_pipe

PKI_ID = PkiId(b"\xaa" * 32)
INFO = ConnectionInfo(PKI_ID, PeerIdentityType(b"identity"), "10.0.0.1:7051", AuthInfo(b"", b""))
SECRET = b"what the block says"


@dataclass
class Arrived:
    """A message that came in."""

    signed: SignedMessage

    def get_gossip_message(self) -> SignedMessage:
        return self.signed

    def get_connection_info(self) -> ConnectionInfo:
        return INFO

    async def respond(self, message: GossipMessage) -> None:
        raise AssertionError

    async def ack(self, error: str | None = None) -> None:
        raise AssertionError


_received: ReceivedMessage = Arrived(noop_sign(GossipMessage()))


def printer(*, as_json: bool = True) -> EventPrinter:
    return EventPrinter(sys.stdout, cut_off=lambda: None, as_json=as_json)


def printed(capfd: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The one event that was printed, without its time, which is now."""
    event: dict[str, object] = json.loads(capfd.readouterr().out)
    at = datetime.fromisoformat(str(event.pop("at")))
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    return event


def test_connections_by_who_dialled(capfd: pytest.CaptureFixture[str]) -> None:
    facts = {"pki_id": "aa" * 32, "remote": "10.0.0.1:7051"}
    printer().connected(INFO, outgoing=True)
    assert printed(capfd) == {"event": "connected", **facts}
    printer().connected(INFO, outgoing=False)
    assert printed(capfd) == {"event": "accepted", **facts}
    printer().probed(INFO)
    assert printed(capfd) == {"event": "probed", **facts}


def test_the_end_of_a_connection_with_its_reason(capfd: pytest.CaptureFixture[str]) -> None:
    printer().disconnected(INFO, GossipError("the cable"))
    assert printed(capfd)["reason"] == "the cable"
    printer().disconnected(INFO, None)
    assert printed(capfd)["reason"] is None


def test_a_refusal_with_class_and_reason(capfd: pytest.CaptureFixture[str]) -> None:
    printer().refused("10.0.0.1:7051", TlsBindingError(expected=b"\1", got=b"\2"))

    assert printed(capfd) == {
        "event": "refused",
        "remote": "10.0.0.1:7051",
        "error": "TlsBindingError",
        "reason": "Expected 01 in remote hash of TLS cert, but got 02",
    }


def test_a_data_message_is_named_by_the_data_that_it_carries(capfd: pytest.CaptureFixture[str]) -> None:
    content = DataMessage(payload=Payload(seq_num=7, data=SECRET))
    message = GossipMessage(nonce=5, channel=b"mychannel", tag=Tag.CHAN_AND_ORG, data_msg=content)

    printer().received(Arrived(noop_sign(message)))

    assert printed(capfd) == {
        "event": "received",
        "from": "aa" * 32,
        "kind": "data_msg",
        "tag": "CHAN_AND_ORG",
        "channel": "mychannel",
        "nonce": 5,
        "size": len(SECRET),
        "sha256": hashlib.sha256(SECRET).hexdigest(),
    }


def test_another_message_is_named_by_its_payload(capfd: pytest.CaptureFixture[str]) -> None:
    signed = noop_sign(GossipMessage(tag=Tag.EMPTY, alive_msg=AliveMessage(membership=Member(endpoint="here:1"))))

    printer().received(Arrived(signed))

    event = printed(capfd)
    assert (event["kind"], event["size"]) == ("alive_msg", len(signed.payload))
    assert event["sha256"] == hashlib.sha256(signed.payload).hexdigest()


@pytest.mark.parametrize(
    ("payload", "facts"),
    [
        (b"", {"kind": "none", "tag": "UNDEFINED", "channel": "", "size": 0}),
        (bytes.fromhex("4200"), {"kind": "data_msg", "tag": "UNDEFINED", "size": 0}),
        (bytes.fromhex("1863"), {"kind": "none", "tag": 99}),
        (bytes.fromhex("1202ff0a"), {"kind": "none", "channel": "\ufffd\n"}),
    ],
    ids=["nothing", "data without payload", "a tag without a name", "a channel that is not text"],
)
def test_whatever_a_peer_sends_can_be_printed(
    payload: bytes, facts: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    printer().received(Arrived(parse_envelope(encode_envelope(payload, b""))))

    assert printed(capfd).items() >= facts.items()


@pytest.mark.parametrize("channel", [b"c" * 1_000_000, b"\xff" * 1_000_000, "😀".encode() * 250_000])
def test_a_message_is_told_in_a_line_that_a_pipe_takes_in_one_piece(
    channel: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """However long the name is that a peer gives to its channel."""
    printer().received(Arrived(noop_sign(GossipMessage(channel=channel, data_msg=DataMessage()))))

    line = capfd.readouterr().out
    assert len(line) <= select.PIPE_BUF
    assert json.loads(line)["channel"] == f"{channel[:249].decode(errors='replace')}..."


def test_people_read_one_line_an_event_and_no_content(capfd: pytest.CaptureFixture[str]) -> None:
    content = DataMessage(payload=Payload(data=SECRET))

    printer(as_json=False).received(Arrived(noop_sign(GossipMessage(data_msg=content, channel=b"a\nb"))))

    line, *rest = capfd.readouterr().out.splitlines()
    assert rest == []
    assert "received" in line
    assert "kind=data_msg" in line
    assert f"sha256={hashlib.sha256(SECRET).hexdigest()}" in line
    assert SECRET.decode() not in line


def test_when_nobody_reads_any_more_it_says_so_once_and_is_silent() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    told: list[str] = []
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        events = EventPrinter(stream, cut_off=lambda: told.append("cut off"), as_json=True)

        events.event("ready")
        events.event("stopped")

    assert told == ["cut off"]
    assert isinstance(events.broken_pipe, BrokenPipeError)


def test_events_that_are_too_many_for_a_reader_who_pauses_are_counted() -> None:
    """The next one that is printed says before it how many are missing there."""

    async def main() -> None:
        with open_pipe() as pipe:
            events = EventPrinter(pipe.stream, cut_off=lambda: None, as_json=True)
            long = "x" * (MAX_WAITING_BYTES // 2)
            for name in ("begun", "waits", "too much", "too much"):
                events.event(name, text=long)
            events.event("short")
            came = await asyncio.to_thread(pipe.read_lines, 4)

        names = [(event["event"], event.get("count")) for event in map(json.loads, came)]
        assert names == [("begun", None), ("waits", None), ("lost", 2), ("short", None)]

    run_bounded(main)
