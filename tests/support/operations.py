"""An operations endpoint that answers ``/metrics``, and a counter behind it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gossip.metrics import NoMetrics
from gossip.types import PkiId


class OverflowCounter(NoMetrics):
    """Counts what full buffers cost, and says so as Prometheus does."""

    def __init__(self) -> None:
        self.lost = 0

    def overflow(self, pki_id: PkiId) -> None:
        """One more."""
        self.lost += 1

    def text(self) -> str:
        """The metrics."""
        return (
            "# HELP gossip_comm_overflow_count Number of outgoing queue buffer overflows\n"
            "# TYPE gossip_comm_overflow_count counter\n"
            f"gossip_comm_overflow_count {self.lost}\n"
            "gossip_comm_messages_sent 12\n"
        )


@contextmanager
def operations_endpoint(counter: OverflowCounter) -> Iterator[str]:
    """Serve the counter; yields the endpoint."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = counter.text().encode() if self.path == "/metrics" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
