"""Arguments of another kind are named, before anything is read or signed."""

from collections.abc import Callable
from typing import Any

import pytest

from gossip.errors import InvalidArgumentError, InvalidMessageError
from gossip.messages import GossipMessage, Secret
from gossip.wire.comparator import compare_messages
from gossip.wire.envelope import WHOLE_BYTES, parse_envelope
from gossip.wire.fabric_text import fabric_text
from gossip.wire.kinds import is_data_msg, is_pull_msg, kind_of, pull_msg_type
from gossip.wire.signed import check_signature, internal_endpoint, noop_sign, sign_message, sign_secret
from gossip.wire.tags import find_tag_fault, is_channel_restricted, is_org_restricted

MESSAGE = GossipMessage(nonce=1)
SIGNED: Any = noop_sign(MESSAGE)
BUFFER: Any = bytearray(SIGNED.envelope)
VIEW: Any = memoryview(SIGNED.envelope)
UNTYPED: Any = MESSAGE
NONE: Any = None
LONG_TEXT: Any = "0a" * WHOLE_BYTES


def sign(payload: bytes) -> bytes:
    return b"signed " + payload


async def signing(_: bytes) -> bytes:
    return b""


WAITING: Any = signing
CALLS: list[tuple[str, Callable[[], object]]] = [
    ("frame must be bytes, not None", lambda: parse_envelope(NONE)),
    ("frame must be bytes, not bytearray", lambda: parse_envelope(BUFFER)),
    ("frame must be bytes, not <memory at", lambda: parse_envelope(VIEW)),
    ("frame must be bytes, not '0a0a", lambda: parse_envelope(LONG_TEXT[:100])),
    ("frame must be bytes, not '0a0a", lambda: parse_envelope(LONG_TEXT)),
    ("sign must be a function, not None", lambda: sign_message(MESSAGE, NONE)),
    ("sign must not wait, and signing is a coroutine function", lambda: sign_message(MESSAGE, WAITING)),
    ("signed must be SignedMessage, not None", lambda: sign_secret(NONE, Secret(), sign)),
    ("secret must be Secret, not None", lambda: sign_secret(SIGNED, NONE, sign)),
    ("sign must be a function, not None", lambda: sign_secret(SIGNED, Secret(), NONE)),
    ("signed must be SignedMessage, not None", lambda: check_signature(NONE, lambda *_: None)),
    ("verify must be a function, not None", lambda: check_signature(SIGNED, NONE)),
    ("verify must not wait, and signing is a coroutine function", lambda: check_signature(SIGNED, WAITING)),
    ("signed must be SignedMessage, not None", lambda: internal_endpoint(NONE)),
    ("signed must be SignedMessage, not None", lambda: fabric_text(NONE)),
    ("message must be GossipMessage, not SignedMessage", lambda: kind_of(SIGNED)),
    ("message must be GossipMessage, not None", lambda: pull_msg_type(NONE)),
    ("kind must be MessageKind, not SignedMessage", lambda: is_data_msg(SIGNED)),
    ("kind must be MessageKind, not GossipMessage", lambda: is_pull_msg(UNTYPED)),
    ("tag must be int, not GossipMessage", lambda: is_channel_restricted(UNTYPED)),
    ("tag must be int, not SignedMessage", lambda: is_org_restricted(SIGNED)),
    ("message must be GossipMessage, not SignedMessage", lambda: find_tag_fault(SIGNED)),
    ("this must be GossipMessage, not None", lambda: compare_messages(NONE, MESSAGE, data_block_storage_size=1)),
    ("that must be GossipMessage, not None", lambda: compare_messages(MESSAGE, NONE, data_block_storage_size=1)),
    (
        "data_block_storage_size must be int, not '3'",
        lambda: compare_messages(MESSAGE, MESSAGE, data_block_storage_size="3"),  # type: ignore[arg-type]  # on purpose
    ),
]


@pytest.mark.parametrize(("text", "call"), CALLS)
def test_it_is_named(text: str, call: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{text}"):
        call()


def test_the_signature_of_a_secret_is_bytes() -> None:
    with pytest.raises(InvalidMessageError, match=r"cannot encode SecretEnvelope\.signature: expected bytes, got str"):
        sign_secret(SIGNED, Secret(), lambda _: "text")  # type: ignore[arg-type,return-value]
