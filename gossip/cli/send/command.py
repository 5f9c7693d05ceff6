"""``gossip send``: data to peers, with or without acknowledgement."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.api.options import MIB
from gossip.cli.options import take_text
from gossip.cli.peer_options import MAX_TIMEOUT_S, acts_as_peer
from gossip.cli.quiet import dialling_quietly
from gossip.cli.report import Json, reporting
from gossip.errors import ConfigurationError

if TYPE_CHECKING:
    from gossip.node.settings import PeerSettings

MAX_DATA_BYTES = 100 * MIB - 1024
"""What fits a message that a Fabric peer takes, with some room for what goes around it."""

_STDIN = Path("-")


@acts_as_peer
def send(
    settings: "PeerSettings",
    endpoints: Annotated[list[str], typer.Argument(metavar="HOST:PORT...", help="Where the other peers listen.")],
    data: Annotated[Path, typer.Option(readable=False, metavar="FILE|-", help="What to send; - is standard input.")],
    channel: Annotated[str, typer.Option(callback=take_text, help="The channel that the data message names.")] = "",
    count: Annotated[int, typer.Option(min=1, help="How many times to send it.")] = 1,
    ack: Annotated[
        int | None,
        typer.Option(metavar="MIN", min=1, help="Ask for acknowledgements; how many each message needs."),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(min=0.01, max=MAX_TIMEOUT_S, help="Seconds allowed for each message, or for 100 without --ack."),
    ] = 10.0,
    as_json: Json = False,
) -> None:
    """Send a data message to peers, after a handshake with each that tells who is there.

    Without --ack, all that is known is that the message left. The exit code is 0
    if MIN peers acknowledged each message; or else, and without --ack, 1 if a
    peer refused, and 3 if one was not reached or did not answer.
    """
    import asyncio

    from gossip.cli.send.sending import Job, send_and_report

    if ack is not None and ack > len(endpoints):
        raise typer.BadParameter(f"{ack} of {len(endpoints)} peers cannot acknowledge", param_hint="--ack")
    with reporting(as_json) as report, dialling_quietly():
        job = Job(tuple(endpoints), _read(data), channel, count, ack, timeout)
        exit_code = asyncio.run(send_and_report(report, settings, job))
    if exit_code:
        raise typer.Exit(exit_code)


def _read(file: Path) -> bytes:
    """Read what is to be sent.

    Raises:
        ConfigurationError: It is too long.
        OSError: The file cannot be read.
    """
    if file == _STDIN:
        content = sys.stdin.buffer.read(MAX_DATA_BYTES + 1)
    else:
        with file.open("rb") as stream:
            content = stream.read(MAX_DATA_BYTES + 1)
    if len(content) > MAX_DATA_BYTES:
        where = "standard input" if file == _STDIN else str(file)
        raise ConfigurationError(f"holds more than the {MAX_DATA_BYTES} bytes that fit into one message", path=where)
    return content
