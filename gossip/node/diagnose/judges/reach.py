"""Judges name, TCP, HTTP/2 and Ping."""

import errno
from collections.abc import Iterator

from gossip.errors import ConfigurationError, DialError, GossipError, PeerSilentError, RefusedByPeerError
from gossip.node.diagnose.diagnosis import Blame, Cause, Outcome, Side, Stage, StageReport, failed, passed, skipped
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.alert import HTTP1_PROXY, OTHER_SERVICE
from gossip.node.diagnose.judges.several import blame_several
from gossip.node.diagnose.judges.status import find_other_server
from gossip.node.diagnose.judges.unspecified import find_unspecified_address
from gossip.transport.tls.failure import TlsFault

_PING_REFUSED = Cause(
    "ping-refused",
    "what answers refuses Ping, which no peer does: another node, or something in the peer's place",
    "which node the endpoint belongs to, and what stands in front of it",
)
_RESET = (
    Cause(
        "balancer-without-target",
        "it resets each connection at once, as a load balancer without a peer behind it does",
        "its health checks and targets",
    ),
    Cause(
        "turned-away",
        "what listens there turns this machine away, as a proxy or service does that lets some addresses in",
        "its rules of access",
    ),
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
    facts = _address_facts(evidence)
    if error is None:
        return StageReport(Stage.TCP, Outcome.WARNING if evidence.dead else Outcome.OK, took_s, facts)
    side, causes = _explain_tcp(evidence, error)
    return failed(Stage.TCP, side, error, *causes, took_s=took_s, facts=facts)


def _address_facts(evidence: Evidence) -> dict[str, str]:
    """Which addresses answered, and which did not, where a name has several."""
    if len(evidence.addresses) == 1:
        return {}
    dead = (f"{address} ({_reason(error)})" for address, error in evidence.dead.items())
    tried = len(evidence.answered) + len(evidence.dead)
    facts = {
        "answered": ", ".join(evidence.answered),
        "dead": ", ".join(dead),
        "not tried": ", ".join(evidence.addresses[tried:]),
    }
    return {name: addresses for name, addresses in facts.items() if addresses}


def _reason(error: PeerSilentError | DialError) -> str:
    return error.text if isinstance(error, DialError) else f"no answer within {error.waited_s:g} s"


def _explain_tcp(evidence: Evidence, error: GossipError) -> Blame:
    cause = error.__cause__
    if isinstance(cause, TimeoutError) and evidence.answered and evidence.dead:
        return Side.BETWEEN, (_dead_addresses(evidence),)
    if isinstance(cause, ConnectionResetError):
        return blame_several(evidence, (Side.THEIRS, _RESET))
    not_running = Cause("not-running", "the peer is not running", "the peer's log, or its container's state")
    unspecified = find_unspecified_address(evidence)
    if unspecified is not None:
        return Side.OURS, (unspecified, not_running)
    if isinstance(cause, OSError) and cause.errno in _NO_ROUTE:
        text = (
            f"there is no route from this machine to {evidence.host}: another network, a VPN that is down, no IPv6 here"
        )
        return Side.BETWEEN, (Cause("no-route", text, "this machine's routes"),)
    rules = "rules between this machine and the peer's"
    if isinstance(cause, TimeoutError):
        return Side.BETWEEN, (Cause("firewall", "a firewall on the way drops the packets", rules), not_running)
    listens = "the peer's peer.listenAddress, and the ports that its container publishes"
    text = "it listens on another port or address (IPv4, IPv6), or only inside its container"
    elsewhere = Cause("listens-elsewhere", text, listens)
    firewall = Cause("firewall", "a firewall on the way refuses in the peer's place", rules)
    return Side.THEIRS, (not_running, elsewhere, firewall)


def _dead_addresses(evidence: Evidence) -> Cause:
    """They took the time that the dial had."""
    text = (
        f"{evidence.host} stands for addresses where nobody answers, {', '.join(evidence.dead)}, before the one where "
        "somebody does: a dial has no time left when it comes to that one"
    )
    return Cause("dead-addresses", text, "the name's addresses in DNS or /etc/hosts")


def judge_http2(evidence: Evidence) -> StageReport:
    """Does it speak HTTP/2?"""
    error, took_s = evidence.errors.get(Stage.HTTP2), evidence.took_s.get(Stage.HTTP2)
    if error is None:
        return passed(Stage.HTTP2, took_s) if evidence.link is not None else skipped(Stage.HTTP2)
    causes = tuple(_silent(evidence)) if evidence.tls_fault is TlsFault.SILENT else (OTHER_SERVICE, HTTP1_PROXY)
    side, causes = blame_several(evidence, (Side.THEIRS, causes))
    return failed(Stage.HTTP2, side, error, *causes, took_s=took_s)


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
