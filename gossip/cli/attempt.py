"""What ``gossip probe`` and ``gossip handshake`` share: one attempt to reach a peer, told in stages."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import typer

from gossip.cli.quiet import dialling_quietly
from gossip.cli.report import Report, exit_code_of
from gossip.errors import ConfigurationError, DialError, GossipError

if TYPE_CHECKING:
    from gossip.comm.stages import Stages
    from gossip.node.peer import Peer
    from gossip.node.settings import PeerSettings

Facts = dict[str, object]

SETTINGS = "settings"
ADDRESS = "address"


def attempt(
    report: Report, settings: "PeerSettings", reach: "Callable[[Peer, Stages], Awaitable[Facts]]", endpoint: str
) -> None:
    """Open a peer that only dials, let it ``reach`` another one, and report the outcome.

    Raises:
        typer.Exit: The attempt failed; it has been reported, with the stage that it failed at: ``settings`` of ours,
            ``address``, ``tcp``, ``tls``, ``http2``, ``ping``, ``exchange`` or ``verdict``.
    """
    import asyncio

    from gossip.comm.stages import Stages
    from gossip.node.peer import open_peer

    stages = Stages()

    async def run() -> Facts:
        async with open_peer(settings) as peer:
            return await reach(peer, stages)

    try:
        check_endpoint(endpoint)
    except ConfigurationError as error:
        raise _failed(report, endpoint, error, ADDRESS, stages) from error
    try:
        with dialling_quietly():
            facts = asyncio.run(run())
    except DialError as error:
        raise _failed(report, endpoint, error, error.stage, stages) from error
    except GossipError as error:
        stage = stages.current.value if stages.took_s else SETTINGS
        raise _failed(report, endpoint, error, stage, stages) from error
    report.record({"ok": True, "endpoint": endpoint} | facts | {"ms": in_ms(stages)})


def check_endpoint(endpoint: str) -> None:
    """Return when ``endpoint`` has the form ``host:port``.

    Raises:
        ConfigurationError: It has not.
    """
    from gossip.transport.endpoint import parse_endpoint

    try:
        parse_endpoint(endpoint)
    except ValueError as error:
        raise ConfigurationError(f"{endpoint!r} is not an endpoint: {error}") from error


def in_ms(stages: "Stages") -> dict[str, float]:
    """How long each stage took, in milliseconds to the microsecond."""
    return {stage.value: round(took_s * 1000, 3) for stage, took_s in stages.took_s.items() if stage.value != "dial"}


def _failed(report: Report, endpoint: str, error: GossipError, stage: str, stages: "Stages") -> typer.Exit:
    if report.as_json:
        report.record(
            {
                "ok": False,
                "endpoint": endpoint,
                "stage": stage,
                "error": type(error).__name__,
                "fault": error.fault.value,
                "message": str(error),
                "ms": in_ms(stages),
            }
        )
    else:
        names_the_place = isinstance(error, ConfigurationError | DialError)
        message = str(error) if names_the_place else f"{endpoint}: failed at {stage}: {error}"
        report.failure(type(error).__name__, message, fault=error.fault)
    return typer.Exit(exit_code_of(error))
