"""``gossip diagnose``: why do these peers not reach or trust each other?"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.cli.handshake import parse_pki_id
from gossip.cli.peer_options import acts_as_peer
from gossip.cli.quiet import dialling_quietly
from gossip.cli.report import Json, exit_code_of, reporting

if TYPE_CHECKING:
    from gossip.node.settings import PeerSettings


@acts_as_peer
def diagnose(
    settings: "PeerSettings",
    endpoint: Annotated[list[str] | None, typer.Argument(metavar="HOST:PORT...", help="Where peers listen.")] = None,
    all_from: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="Diagnose every peer of a connection profile or core.yaml, side by side.",
        ),
    ] = None,
    expect_pki_id: Annotated[str | None, typer.Option(metavar="HEX", help="Who should answer.")] = None,
    operations: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="The peer's operations endpoint, to ask how many messages it has lost; :PORT means loopback.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how each stage of a handshake went; for the first that fails, which side is at fault, why, and where.

    Ends with the exit code of the first endpoint that failed.
    """
    import asyncio

    from gossip.cli.diagnose.view import show
    from gossip.node.diagnose.diagnose import Target
    from gossip.node.diagnose.diagnose import diagnose as run
    from gossip.node.diagnose.targets import find_endpoints

    with reporting(as_json) as report:
        listed = find_endpoints(all_from, os.environ) if all_from is not None else {}
        named = [*((each, None) for each in endpoint or ()), *listed.items()]
        if not named:
            raise typer.BadParameter("give an endpoint, or a file with --all-from")
        if len(named) > 1 and (expect_pki_id or operations):
            raise typer.BadParameter("--expect-pki-id and --operations are for one endpoint")
        if operations is not None:
            _check_operations(operations)
        expected = parse_pki_id(expect_pki_id)
        targets = [Target(each, expected, operations, source) for each, source in named]
        with dialling_quietly():
            diagnoses = asyncio.run(run(settings, targets))
        show(report, diagnoses)
    failures = [diagnosis.first_failure for diagnosis in diagnoses]
    problem = next((failure.problem for failure in failures if failure is not None), None)
    if problem is not None:
        raise typer.Exit(exit_code_of(problem.error))


def _check_operations(endpoint: str) -> None:
    from gossip.node.diagnose.operations import parse_operations_endpoint

    try:
        parse_operations_endpoint(endpoint)
    except ValueError as error:
        raise typer.BadParameter(f"{endpoint!r}: {error}", param_hint="--operations") from error
