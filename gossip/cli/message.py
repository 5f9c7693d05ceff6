"""``gossip message``: what stands in a message."""

import base64
import binascii
import json
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.api.options import MIB
from gossip.cli.report import Json, reporting
from gossip.errors import ConfigurationError, FrameTooLargeError, MalformedMessageError

if TYPE_CHECKING:
    from gossip.wire.to_json import JsonValue

MAX_MESSAGE_BYTES = 100 * MIB
"""What a Fabric peer takes at most."""

_MAX_TEXT_BYTES = 3 * MAX_MESSAGE_BYTES
_STDIN = Path("-")
app = typer.Typer(help="Look at messages.", no_args_is_help=True)


@app.callback()
def message() -> None:
    """Look at messages."""


@app.command()
def decode(
    file: Annotated[
        Path, typer.Argument(readable=False, metavar="FILE|-", help="An encoded Envelope; - is standard input.")
    ] = Path("-"),
    is_hex: Annotated[bool, typer.Option("--hex", help="It is written in hexadecimal.")] = False,
    is_base64: Annotated[bool, typer.Option("--base64", help="It is written in base64.")] = False,
    as_json: Json = False,
) -> None:
    """Decode an envelope: the message in protobuf's JSON mapping, its kind, whether its tag fits, what is signed."""
    from gossip.wire.envelope import parse_envelope
    from gossip.wire.tags import find_tag_fault
    from gossip.wire.to_json import to_json

    if is_hex and is_base64:
        raise typer.BadParameter("--hex and --base64 exclude each other")
    about = "standard input" if file == _STDIN else str(file)
    with reporting(as_json, about) as report:
        content = _read(file)
        frame = _from_text(content, about, is_hex=is_hex) if is_hex or is_base64 else content
        if len(frame) > MAX_MESSAGE_BYTES:
            raise FrameTooLargeError(len(frame), MAX_MESSAGE_BYTES)
        signed = parse_envelope(frame)
        tag_fault = find_tag_fault(signed.message)
        secret = signed.secret_envelope
        secret_json, secret_fault = _decode_secret(secret.payload) if secret is not None else (None, None)
        facts: dict[str, object] = {
            "kind": signed.kind.field_name,
            "tag_is_legal": tag_fault is None,
            "tag_fault": tag_fault,
            "payload_bytes": len(signed.payload),
            "signature_bytes": len(signed.signature),
            "message": to_json(signed.message),
            "secret": secret_json,
            "secret_fault": secret_fault,
            "secret_signature_bytes": None if secret is None else len(secret.signature),
        }
        if as_json:
            report.record(facts)
        else:
            typer.echo(json.dumps(facts, indent=2))


def _decode_secret(payload: bytes) -> "tuple[dict[str, JsonValue] | None, str | None]":
    """The secret as JSON, or why it is none; Fabric takes a message with a malformed secret for one without."""
    from gossip.messages import Secret
    from gossip.wire.codec import decode as decode_message
    from gossip.wire.to_json import to_json

    try:
        return to_json(decode_message(Secret, payload)), None
    except MalformedMessageError as error:
        return None, str(error)


def _read(file: Path) -> bytes:
    if file == _STDIN:
        return sys.stdin.buffer.read(_MAX_TEXT_BYTES + 1)
    with file.open("rb") as stream:
        return stream.read(_MAX_TEXT_BYTES + 1)


def _from_text(content: bytes, about: str, *, is_hex: bool) -> bytes:
    compact = content.translate(None, string.whitespace.encode())  # a list of lines may take gigabytes
    try:
        return binascii.unhexlify(compact) if is_hex else base64.b64decode(compact, validate=True)
    except binascii.Error as error:
        form = "hexadecimal" if is_hex else "base64"
        raise ConfigurationError(f"is not {form}: {error}", path=about) from error
