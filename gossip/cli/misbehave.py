"""``gossip misbehave``: break the rules on purpose, to see what a peer of one's own network does about it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.cli.peer_options import Endpoint, acts_as_peer
from gossip.cli.report import ExitCode, Report, reporting

if TYPE_CHECKING:
    from gossip.misbehave.attacker import Attacker
    from gossip.misbehave.ending import Ending
    from gossip.misbehave.fault import Fault
    from gossip.node.settings import PeerSettings

EVERY = "all"


def _list_faults(context: typer.Context, parameter: typer.CallbackParam, value: bool) -> bool:
    """Print the list when --list and --json are both known, in whatever order they come."""
    known = {**context.params, str(parameter.name): value}
    if known.get("list_") and "as_json" in known and not context.resilient_parsing:
        _print_list(as_json=known["as_json"])
        raise typer.Exit
    return value


def _print_list(*, as_json: bool) -> None:
    from gossip.misbehave.catalogue import FAULTS

    rows = [
        {
            "fault": fault.name,
            "layer": fault.layer.value,
            "what_it_does": fault.description,
            "should_end": str(fault.expected),
            "caught_by": fault.limit,
        }
        for fault in FAULTS.values()
    ]
    Report(as_json=as_json).table(f"{len(rows)} faults", rows)


@acts_as_peer
def misbehave(
    settings: "PeerSettings",
    endpoint: Endpoint,
    fault: Annotated[list[str], typer.Option(metavar="NAME", help="What to do wrong, or all; repeatable.")],
    ca: Annotated[
        Path | None,
        typer.Option(
            readable=False, metavar="DIR", help="Our organisation's CA with its key, for faults that issue identities."
        ),
    ] = None,
    connections: Annotated[int, typer.Option(min=1, max=500, help="Number of simultaneous connections.")] = 1,
    seconds: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Repeat for this many seconds; 0 runs it once.")
    ] = 0.0,
    amount: Annotated[int, typer.Option(min=1, max=1_000_000, help="Repetitions, for faults that have them.")] = 1000,
    patience: Annotated[float, typer.Option(min=0.1, max=600.0, help="Seconds to wait for the outcome.")] = 30.0,
    i_own_this_network: Annotated[
        bool, typer.Option("--i-own-this-network", help="Attack a peer on another machine.")
    ] = False,
    list_: Annotated[  # noqa: ARG001  # its callback has done the work
        bool, typer.Option("--list", callback=_list_faults, is_eager=True, help="Print every fault and exit.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", callback=_list_faults, is_eager=True, help="Print one JSON object a line.")
    ] = False,
) -> None:
    """Misbehave towards a peer, and tell how that ended and whether it should have.

    For networks of one's own. How it should end is what this implementation does; a Fabric peer may say it otherwise.
    """
    from gossip.misbehave.attacker import make_attacker
    from gossip.misbehave.target import check_target

    with reporting(as_json, endpoint) as report:
        faults = _find_faults(fault, has_ca=ca is not None)
        check_target(endpoint, is_ours=i_own_this_network)
        if settings.tls is None:
            raise typer.BadParameter("give --tls-cert, --tls-key and --tls-ca")
        attacker = make_attacker(endpoint, mspid=settings.mspid, msp_dir=settings.msp_dir, tls=settings.tls, ca_dir=ca)
        attacker = replace(attacker, amount=amount, patience_s=patience)
        went_right = [_try(report, attacker, each, connections, seconds) for each in faults]
        if not all(went_right):
            raise typer.Exit(ExitCode.REFUSED)


def _find_faults(names: list[str], *, has_ca: bool) -> "list[Fault]":
    from gossip.misbehave.catalogue import FAULTS

    if names == [EVERY]:
        return [fault for fault in FAULTS.values() if has_ca or not fault.needs_authority]
    for name in names:
        if name not in FAULTS:
            raise typer.BadParameter(f"there is no fault {name!r}; --list prints all", param_hint="--fault")
    return [FAULTS[name] for name in names]


def _try(report: Report, attacker: "Attacker", fault: "Fault", connections: int, seconds: float) -> bool:
    import asyncio

    from gossip.misbehave.run import storm, together

    if seconds:
        outcome = asyncio.run(storm([attacker] * connections, fault, duration_s=seconds))
        outcome.check_connected()
        endings = outcome.endings
    else:
        endings = asyncio.run(together(attacker, fault, connections=connections))
    is_right = went_right(fault, set(endings), connections)
    report.record(
        {
            "fault": fault.name,
            "ok": is_right,
            "expected": str(fault.expected),
            "observed": {str(ending): count for ending, count in endings.items()},
        }
    )
    return is_right


def went_right(fault: "Fault", endings: "set[Ending]", connections: int) -> bool:
    """Whether everything ended as it should; attempts that could not connect tell nothing, for or against.

    Of many connections at once, some may end otherwise, if others ended as they should.
    """
    from gossip.misbehave.ending import End

    endings = {ending for ending in endings if ending.end is not End.UNREACHABLE}
    right = {ending for ending in endings if fault.expected.covers(ending)}
    may_be = _others_of(fault) if connections > 1 else ()
    return bool(right) and all(any(end.covers(ending) for end in may_be) for ending in endings - right)


def _others_of(fault: "Fault") -> "tuple[Ending, ...]":
    """How a connection may end when the others are in its way."""
    from gossip.misbehave.ending import ALERT, CUT, SERVED, End, Ending, status
    from gossip.misbehave.fault import Layer

    if fault.layer is Layer.MESSAGES or fault.expected == SERVED:
        # They authenticate as one peer, of which the other side keeps the last connection.
        return status("OK"), Ending(End.RESET, "STREAM_CLOSED")
    if fault.expected == ALERT:
        return (CUT,)  # it waited for its alert longer than TLS may take
    return ()
