"""Judges name, TCP, HTTP/2 and Ping."""

import errno
from collections.abc import Iterator

from gossip.errors import ConfigurationError, GossipError, PeerSilentError, RefusedByPeerError
from gossip.node.diagnose.diagnosis import Cause, Outcome, Side, Stage, StageReport, failed, passed, skipped
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.alert import HTTP1_PROXY, OTHER_SERVICE
from gossip.node.diagnose.judges.status import find_other_server
from gossip.node.diagnose.judges.unspecified import find_unspecified_address
from gossip.transport.tls.failure import TlsFault

_PING_REFUSED = Cause(
    "ping-refused",
    "what answers refuses Ping, which no peer does: another node, or something in the peer's place",
    "which node the endpoint belongs to, and what stands in front of it",
)
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}


def judge_name(evidence: Evidence) -> StageReport:
    """Does the name stand for an address?"""
    error, took_s = evidence.errors.get(Stage.NAME), evidence.took_s.get(Stage.NAME)
    if error is None:
        return passed(Stage.NAME, took_s, {"addresses": ", ".join(evidence.addresses)})
    if isinstance(error, ConfigurationError):
        cause = Cause("endpoint-form", "the endpoint is not host:port", f"the endpoint as it was given{evidence.named}")
        return failed(Stage.NAME, Side.OURS, error, cause, took_s=took_s)
    causes = (
        Cause(
            "unknown-name", f"this machine's resolver does not know {evidence.host}", "/etc/hosts, or the DNS server"
        ),
        Cause(
            "other-network",
            "the name is known only in another network, such as that of the peer's containers: run this there, "
            "or dial the address that the peer has outside",
            "the peer's peer.gossip.externalEndpoint",
        ),
    )
    return failed(Stage.NAME, Side.BETWEEN, error, *causes, took_s=took_s)


def judge_tcp(evidence: Evidence) -> StageReport:
    """Does anybody listen?"""
    if Stage.TCP not in evidence.took_s:
        return skipped(Stage.TCP)
    error, took_s = evidence.errors.get(Stage.TCP), evidence.took_s[Stage.TCP]
    if error is None and not evidence.dead:
        return passed(Stage.TCP, took_s)
    if evidence.answered is not None:
        return _judge_dead_addresses(evidence, error)
    assert error is not None  # nobody answered
    not_running = Cause("not-running", "the peer is not running", "the peer's log, or its container's state")
    unspecified = find_unspecified_address(evidence)
    if unspecified is not None:
        return failed(Stage.TCP, Side.OURS, error, unspecified, not_running, took_s=took_s)
    listens = "the peer's peer.listenAddress, and the ports that its container publishes"
    text = "it listens on another port or address (IPv4, IPv6), or only inside its container"
    elsewhere = Cause("listens-elsewhere", text, listens)
    if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_ROUTE:
        text = (
            f"there is no route from this machine to {evidence.host}: another network, a VPN that is down, no IPv6 here"
        )
        return failed(Stage.TCP, Side.BETWEEN, error, Cause("no-route", text, "this machine's routes"), took_s=took_s)
    rules = "rules between this machine and the peer's"
    if isinstance(error, PeerSilentError):
        firewall = Cause("firewall", "a firewall on the way drops the packets", rules)
        return failed(Stage.TCP, Side.BETWEEN, error, firewall, not_running, took_s=took_s)
    firewall = Cause("firewall", "a firewall on the way refuses in the peer's place", rules)
    return failed(Stage.TCP, Side.THEIRS, error, not_running, elsewhere, firewall, took_s=took_s)


def _judge_dead_addresses(evidence: Evidence, error: GossipError | None) -> StageReport:
    """Some of a name's addresses took no connection before one did, which takes from the time that a dial has."""
    took_s, facts = evidence.took_s[Stage.TCP], {"answered": str(evidence.answered), "dead": ", ".join(evidence.dead)}
    if error is None:
        return StageReport(Stage.TCP, Outcome.WARNING, took_s, facts)
    cause = Cause(
        "dead-addresses",
        f"{evidence.host} stands for addresses where nobody answers, {facts['dead']}, before the one where somebody "
        "does: a dial has no time left when it comes to that one",
        "the name's addresses in DNS or /etc/hosts",
    )
    return failed(Stage.TCP, Side.BETWEEN, error, cause, took_s=took_s, facts=facts)


def judge_http2(evidence: Evidence) -> StageReport:
    """Does it speak HTTP/2?"""
    error, took_s = evidence.errors.get(Stage.HTTP2), evidence.took_s.get(Stage.HTTP2)
    if error is None:
        return passed(Stage.HTTP2, took_s) if evidence.link is not None else skipped(Stage.HTTP2)
    if evidence.tls_fault is TlsFault.SILENT:
        return failed(Stage.HTTP2, Side.THEIRS, error, *_silent(evidence), took_s=took_s)
    return failed(Stage.HTTP2, Side.THEIRS, error, OTHER_SERVICE, HTTP1_PROXY, took_s=took_s)


def _silent(evidence: Evidence) -> Iterator[Cause]:
    yield Cause("silent-service", "something accepts the connection but sends nothing", "what listens on that port")
    leaf = evidence.looked.leaf
    if leaf is not None:
        text = (
            f"a proxy terminates TLS here: issuer {leaf.issuer}, certificate {leaf.subject}; the peer behind it is not "
            "reached, or wants a client certificate that the proxy does not have, so let it pass TLS through"
        )
        yield Cause("tls-proxy", text, f"the load balancer, ingress or proxy that holds the certificate {leaf.subject}")


def judge_ping(evidence: Evidence) -> StageReport:
    """Does gossip answer?"""
    error, took_s = evidence.errors.get(Stage.PING), evidence.took_s.get(Stage.PING)
    if error is None:
        return passed(Stage.PING, took_s) if took_s is not None else skipped(Stage.PING)
    if isinstance(error, RefusedByPeerError):
        side, cause = find_other_server(error) or (Side.THEIRS, _PING_REFUSED)
        return failed(Stage.PING, side, error, cause, took_s=took_s)
    cause = Cause("busy-peer", "the peer hangs, or is too busy to answer", "the peer's log and its CPU")
    return failed(Stage.PING, Side.THEIRS, error, cause, took_s=took_s)
