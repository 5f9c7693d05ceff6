"""``gossip demo``: the command itself."""

from typing import Annotated

import typer

from gossip.cli.report import Json, reporting

MAX_PEERS = 32
"""Each is a process of about 50 MB."""


def demo(
    orgs: Annotated[int, typer.Option(min=1, max=MAX_PEERS, help="How many organisations; 2 to 32 peers in all.")] = 2,
    peers: Annotated[int, typer.Option(min=1, max=MAX_PEERS, help="How many peers each organisation has.")] = 2,
    as_json: Json = False,
) -> None:
    """Watch it all happen: peers of throw-away organisations, each in its own process, on this machine.

    They shake hands over mutual TLS and exchange acknowledged messages; three
    impostors are refused; one peer is killed, presumed dead, and comes back. The
    demo ends by itself and leaves nothing behind.
    """
    from gossip.cli.demo.stage import run_demo

    if not 2 <= orgs * peers <= MAX_PEERS:
        raise typer.BadParameter(f"{orgs} x {peers} peers: there must be 2 to {MAX_PEERS}", param_hint="--peers")
    with reporting(as_json) as report:
        exit_code = run_demo(report, orgs, peers)
    if exit_code:
        raise typer.Exit(exit_code)
