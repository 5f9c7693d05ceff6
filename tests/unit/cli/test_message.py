"""``gossip message decode``."""

import base64
import tracemalloc
from pathlib import Path

import pytest

from gossip.cli.message import _from_text
from gossip.errors import ConfigurationError
from gossip.messages import DataMessage, GossipMessage, GossipMessageTag, Payload, Secret
from gossip.wire.signed import sign_message, sign_secret
from tests.support.cli import run, run_process

MESSAGE = GossipMessage(
    nonce=7,
    channel=b"ch",
    tag=GossipMessageTag(4),
    data_msg=DataMessage(payload=Payload(seq_num=2**64 - 1, data=b"\xff\xfe")),
)
SIGNED = sign_message(MESSAGE, lambda _: b"signature")
MESSAGE_JSON = {
    "nonce": "7",
    "channel": "Y2g=",
    "tag": "CHAN_AND_ORG",
    "data_msg": {"payload": {"seq_num": "18446744073709551615", "data": "//4="}},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "envelope"
    path.write_bytes(SIGNED.envelope)
    return path


def test_decodes_a_file(file: Path) -> None:
    outcome = run_process("message", "decode", file, "--json")

    assert outcome.exit_code == 0
    assert outcome.object == {
        "kind": "data_msg",
        "tag_is_legal": True,
        "tag_fault": None,
        "payload_bytes": len(SIGNED.payload),
        "signature_bytes": 9,
        "message": MESSAGE_JSON,
        "secret": None,
        "secret_fault": None,
        "secret_signature_bytes": None,
    }


@pytest.mark.parametrize(
    ("options", "stdin"),
    [
        (["-"], SIGNED.envelope),
        ([], SIGNED.envelope),
        (["--hex"], SIGNED.envelope.hex(" ", 8).upper().encode() + b"\n"),
        (["--base64"], base64.encodebytes(SIGNED.envelope)),
    ],
)
def test_reads_standard_input_in_each_form(options: list[str], stdin: bytes) -> None:
    outcome = run_process("message", "decode", *options, "--json", stdin=stdin)

    assert outcome.object["message"] == MESSAGE_JSON


def test_people_get_it_indented(file: Path) -> None:
    assert '\n  "kind": "data_msg",\n' in run("message", "decode", file).stdout


def test_a_secret_is_shown(tmp_path: Path) -> None:
    secret = sign_secret(SIGNED, Secret(internal_endpoint="peer0:7051"), lambda _: b"secret signature")
    (tmp_path / "envelope").write_bytes(secret.envelope)

    shown = run("message", "decode", tmp_path / "envelope", "--json").object

    assert (shown["secret"], shown["secret_signature_bytes"]) == ({"internalEndpoint": "peer0:7051"}, 16)


def test_a_malformed_secret_does_not_hide_the_message_that_fabric_takes(tmp_path: Path) -> None:
    secret = b"\x0a\x02\xff\xff\x12\x01s"  # payload ff ff, signature "s"
    (tmp_path / "envelope").write_bytes(SIGNED.envelope + b"\x1a" + bytes([len(secret)]) + secret)

    outcome = run("message", "decode", tmp_path / "envelope", "--json")

    assert outcome.exit_code == 0
    assert outcome.object["message"] == MESSAGE_JSON
    assert outcome.object["secret"] is None
    assert outcome.object["secret_fault"] == "malformed Secret at byte 0: truncated in a varint"
    assert outcome.object["secret_signature_bytes"] == 1


def test_a_tag_that_does_not_fit_is_told(tmp_path: Path) -> None:
    wrong = GossipMessage(tag=GossipMessageTag(1), data_msg=DataMessage(payload=Payload(seq_num=1)))
    (tmp_path / "envelope").write_bytes(sign_message(wrong, lambda _: b"").envelope)

    shown = run("message", "decode", tmp_path / "envelope", "--json").object

    assert (shown["tag_is_legal"], shown["tag_fault"]) == (False, "Tag should be CHAN_AND_ORG")


def test_malformed_bytes_get_the_codecs_error(tmp_path: Path) -> None:
    path = tmp_path / "envelope"
    path.write_bytes(SIGNED.envelope[:-1])

    outcome = run("message", "decode", path)
    as_json = run("message", "decode", path, "--json")

    assert outcome.exit_code == as_json.exit_code == 1
    assert outcome.stderr.startswith(f"gossip: {path}: malformed Envelope.signature at byte ")
    assert (as_json.object["error"], as_json.object["fault"]) == ("MalformedEnvelopeError", "peer")


def test_text_that_is_not_what_was_said_is_a_usage_error(file: Path) -> None:
    for option, form in (("--hex", "hexadecimal"), ("--base64", "base64")):
        outcome = run("message", "decode", file, option)
        as_json = run("message", "decode", file, option, "--json")
        assert outcome.exit_code == as_json.exit_code == 2
        assert outcome.stderr.startswith(f"gossip: {file}: is not {form}: ")
        assert (as_json.object["ok"], as_json.object["error"]) == (False, "ConfigurationError")


def test_hex_and_base64_exclude_each_other(file: Path) -> None:
    outcome = run("message", "decode", file, "--hex", "--base64")

    assert outcome.exit_code == 2
    assert "exclude each other" in outcome.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    outcome = run("message", "decode", tmp_path / "absent")

    assert outcome.exit_code == 2
    assert outcome.stderr == f"gossip: {tmp_path / 'absent'}: No such file or directory\n"


def test_no_more_is_taken_than_a_peer_takes(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr("gossip.cli.message.MAX_MESSAGE_BYTES", 10)

    outcome = run("message", "decode", file, "--json")

    assert outcome.exit_code == 1
    assert outcome.object["error"] == "FrameTooLargeError"


def test_a_text_of_many_lines_takes_no_more_memory_than_it_is_long() -> None:
    """One without end, such as that of yes, held the processor for minutes."""
    text = b"y\n" * 4_000_000

    tracemalloc.start()
    with pytest.raises(ConfigurationError, match=r"^standard input: is not hexadecimal: "):
        _from_text(text, "standard input", is_hex=True)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 2 * len(text)
