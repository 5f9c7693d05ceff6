"""``gossip serve``: a peer that runs until it is told to stop."""

import os
import sys
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.cli.options import take_text
from gossip.cli.peer_options import listens_as_peer
from gossip.cli.report import Json, reporting

if TYPE_CHECKING:
    from gossip.node.settings import PeerSettings


class LogFormat(StrEnum):
    """What a line of the log looks like."""

    PLAIN = "plain"
    JSON = "json"


@listens_as_peer
def serve(
    settings: "PeerSettings",
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where to listen; port 0 takes a free one.",
            show_default="peer.listenAddress",
        ),
    ] = None,
    watch_interval: Annotated[
        float, typer.Option(min=0.0, help="Seconds between checks for changed files; 0 checks only on SIGHUP.")
    ] = 10.0,
    ack: Annotated[bool, typer.Option("--ack", help="Acknowledge every message that asks for it.")] = False,
    nack: Annotated[
        str | None, typer.Option(metavar="TEXT", callback=take_text, help="Refuse every message with this text.")
    ] = None,
    operations: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where to serve metrics, health and log levels; :PORT means loopback."),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(help="Form of the log on standard error; FABRIC_LOGGING_SPEC sets its levels.")
    ] = LogFormat.PLAIN,
    as_json: Json = False,
) -> None:
    """Run a peer until SIGINT or SIGTERM, and print what happens.

    SIGHUP reloads changed MSP folders, CRLs and TLS files at once.
    """
    from gossip.cli.answering import Answer
    from gossip.cli.loop import run
    from gossip.cli.serve.serving import ServeOptions, serve_until_told
    from gossip.node.logs.control import logging_to
    from gossip.node.logs.spec import VARIABLE

    if ack and nack is not None:
        raise typer.BadParameter("--ack and --nack exclude each other")
    if nack == "":
        raise typer.BadParameter("an empty text would be an acknowledgement", param_hint="--nack")
    if not (listen or settings.listen):
        raise typer.BadParameter("give --listen, or a core.yaml with peer.listenAddress")
    if listen:
        settings = replace(settings, listen=listen, sources={**settings.sources, "peer.listenAddress": "--listen"})
    answer = Answer(is_wanted=ack or nack is not None, refusal=nack)
    spec = os.environ.get(VARIABLE, "")
    with reporting(as_json), logging_to(sys.stderr, spec, as_json=log_format is LogFormat.JSON) as log:
        options = ServeOptions(answer, watch_interval, operations, log)
        run(serve_until_told(settings, options, as_json=as_json))
