"""``gossip misbehave`` as peer0 of Org2, against servers that are no peers of ours."""

from tests.support.cli import Outcome, run
from tests.support.odd_servers import Handler, over_tls
from tests.support.served import peer_options
from tests.support.tls_files import tls_ca, tls_files

_SERVER = tls_files(1, 0)


def misbehave(endpoint: str, fault: str, *options: str) -> Outcome:
    """Run one fault; Org1's servers are trusted."""
    return run("misbehave", endpoint, *peer_options(2), f"--tls-ca={tls_ca(1)}", f"--fault={fault}", "--json", *options)


def over_http2(handle: Handler) -> Handler:
    """Serve behind TLS, as peer0 of Org1, where HTTP/2 is spoken."""
    return over_tls(_SERVER, handle, alpn="h2")


def endings_of(outcome: Outcome) -> dict[str, int]:
    """The endings that were observed."""
    observed = outcome.object["observed"]
    assert isinstance(observed, dict)
    return observed
