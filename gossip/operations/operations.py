"""The operations endpoint of one peer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from gossip._version import __version__
from gossip.clock import Clock
from gossip.node.logs.control import LogControl
from gossip.node.peer import Peer
from gossip.operations.exporter import Exporter
from gossip.operations.figures import Figures
from gossip.operations.health import judge_health
from gossip.operations.http_server import Answer, Page, json_answer, serve_http
from gossip.operations.log_spec import change_log_spec, show_log_spec


@asynccontextmanager
async def serve_operations(
    endpoint: str, peer: Peer, figures: Figures, clock: Clock, log: LogControl
) -> AsyncIterator[str]:
    """Serve ``/metrics``, ``/healthz``, ``/logspec`` and ``/version`` for the time of the block; yields where.

    Args:
        endpoint: ``host:port``, or ``:port`` on loopback; port 0 takes a free one.
        peer: Whose.
        figures: What was handed to the peer as its metrics.
        clock: What certificates expire by.
        log: What PUT of ``/logspec`` changes.

    Raises:
        ConfigurationError: The endpoint cannot be used.

    Cancellation: nothing is left open.
    Mirrors: core/operations/system.go, System.
    """
    exporter = Exporter(figures, peer, clock)

    def metrics() -> Answer:
        return Answer(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, exporter.render())

    def health() -> Answer:
        is_healthy, body = judge_health(peer, clock.now())
        status = HTTPStatus.OK if is_healthy else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(status, "application/json", body)

    pages: dict[str, Page] = {
        "/metrics": metrics,
        "/healthz": health,
        "/logspec": partial(show_log_spec, log),
        "/version": lambda: json_answer({"Version": __version__}),
    }
    server = await serve_http(endpoint, pages, {"/logspec": partial(change_log_spec, log)})
    try:
        yield server.endpoint
    finally:
        await server.close()
