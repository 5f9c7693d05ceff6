"""Judges TLS: who refused whom, and what is behind it."""

from collections.abc import Iterator
from dataclasses import replace

from gossip.errors import ConfigurationError, GossipError
from gossip.msp.tls_facts import TlsCertificate
from gossip.node.diagnose.diagnosis import Blame, Cause, Outcome, Side, Stage, StageReport, failed, passed, skipped
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.alert import judge_alert
from gossip.node.diagnose.judges.certificate import judge_their_certificate
from gossip.node.diagnose.judges.issuer import THEIR_FILE
from gossip.node.diagnose.judges.own import find_broken_organization
from gossip.node.diagnose.judges.own_certificate import THEIR_ROOTS, judge_own_certificate
from gossip.node.diagnose.judges.own_tls import find_notices, judge_own_files
from gossip.node.diagnose.judges.several import blame_several
from gossip.shown import shown_time
from gossip.transport.limits import ServerLimits
from gossip.transport.tls.failure import TlsFault

_OTHER_BYTES = 1024
"""What a client says in TLS beside its certificates, at most."""


def judge_tls(evidence: Evidence) -> StageReport:
    """Does TLS stand, and on what?"""
    error, took_s = evidence.errors.get(Stage.TLS), evidence.took_s.get(Stage.TLS)
    if error is None:
        return _passed(evidence, took_s)
    facts = _certificate_facts(evidence, evidence.looked.leaf)
    side, causes = blame_several(evidence, _explain(evidence, error))
    broken = find_broken_organization(evidence.own) if evidence.looked.missing_issuer is not None else None
    if broken is not None and evidence.own.error is not None:
        facts["so far"] = str(error)
        side, causes, error = Side.OURS, (broken, *causes), evidence.own.error
    return failed(Stage.TLS, side, error, *causes, took_s=took_s, facts=facts)


def _passed(evidence: Evidence, took_s: float | None) -> StageReport:
    if evidence.link is None:
        return skipped(Stage.TLS)  # not come to, or told by the stage that failed behind it
    if evidence.link.tls_version is None:
        return StageReport(
            Stage.TLS, Outcome.WARNING, took_s, {"tls": "none: nothing binds an identity to a connection"}
        )
    facts = {"version": evidence.link.tls_version, "cipher": evidence.link.cipher or ""}
    if len(evidence.addresses) > 1:
        facts = {"address": evidence.link.remote} | facts
    facts |= _certificate_facts(evidence, evidence.leaf)
    if evidence.own.client_leaf is not None:
        facts["our certificate"] = f"{evidence.own.client_leaf.subject}, {_source_of_client_certificate(evidence)}"
    notices = "; ".join(find_notices(evidence))
    if notices:
        facts["note"] = notices
        return StageReport(Stage.TLS, Outcome.WARNING, took_s, facts)
    return passed(Stage.TLS, took_s, facts)


def _explain(evidence: Evidence, error: GossipError) -> Blame:
    if isinstance(error, ConfigurationError):
        return Side.OURS, (judge_own_files(evidence.own, error),)
    if evidence.own.dial_tls is None:
        where = evidence.own.where("peer.tls.enabled", "--tls-cert, --tls-key and --tls-ca")
        return Side.OURS, (Cause("tls-off-here", "the peer speaks TLS, and we do not: turn TLS on", where),)
    match evidence.tls_fault:
        case TlsFault.WE_REFUSED:
            return judge_their_certificate(evidence)
        case TlsFault.THEY_REFUSED:
            return judge_own_certificate(evidence)
        case TlsFault.NOT_TLS:
            return Side.THEIRS, tuple(_not_tls(evidence))
        case TlsFault.SILENT:
            return Side.THEIRS, tuple(_silent())
        case TlsFault.GIVEN_UP:
            return Side.THEIRS, tuple(_given_up())
        case TlsFault.ALERT:
            return judge_alert(evidence)
        case TlsFault.OTHER:
            return Side.THEIRS, (_broken(),)
        case _:
            return Side.THEIRS, tuple(_closed(evidence))


def _not_tls(evidence: Evidence) -> Iterator[Cause]:
    off = Cause("tls-off-there", "the peer has TLS turned off: it answers gRPC in plain text", "their peer.tls.enabled")
    other = Cause(
        "other-service",
        "a service other than a peer listens there, in plain text",
        "the peer's peer.listenAddress (usually 7051; 9443 is for operations)",
    )
    yield from (off, other) if evidence.looked.speaks_plain_http2 else (other, off)


def _silent() -> Iterator[Cause]:
    yield Cause(
        "silent-port",
        "the port accepts connections but sends nothing: a peer that hangs or is stopped, or a service that "
        "waits for its client to speak another protocol",
        "the peer's log and its process's state, and what else listens on that port",
    )
    yield Cause(
        "half-open-balancer",
        "a load balancer or firewall accepts in the peer's place, but reaches no peer behind it",
        "its health checks and targets",
    )


def _given_up() -> Iterator[Cause]:
    yield Cause(
        "tls-too-long",
        "we gave up: the peer says more in TLS than the 16 KiB that we read, or wants a key exchange over a finite "
        "field",
        "how long a chain its peer.tls.cert.file holds, and how many TLS CAs it accepts clients from: it sends "
        "the names of all",
    )
    yield Cause("other-service", "a service other than a peer listens there", "the peer's peer.listenAddress")


def _broken() -> Cause:
    text = (
        "we end TLS over what the peer sends: a key or signature that OpenSSL does not take, another implementation of "
        "TLS, or something between us that changes it"
    )
    return Cause("tls-broken", text, f"{THEIR_FILE}, and what listens on that port")


def _closed(evidence: Evidence) -> Iterator[Cause]:
    balancer = Cause(
        "balancer-without-target", "a load balancer has no peer behind it", "its health checks and targets"
    )
    if evidence.looked.leaf is None:
        text = "it closed before it presented a certificate, as a load balancer without a peer behind it does"
        yield replace(balancer, text=text)
        other = "a service other than a peer listens there, which takes no TLS"
        yield Cause("other-service", other, "the peer's peer.listenAddress, and its log at that time")
        return
    presented_bytes, limit = sum(len(each.der) for each in evidence.own.presented), ServerLimits().max_tls_bytes
    if presented_bytes > limit - _OTHER_BYTES:
        text = (
            f"our TLS certificates have {presented_bytes} bytes together, and a peer of this package reads no more "
            f"than {limit} from a client in TLS: send no more than are needed, with fewer names"
        )
        yield Cause("own-tls-too-long", text, evidence.own.certificate_file())
    leaf = evidence.own.client_leaf
    issuer = f" (ours is {leaf.issuer})" if leaf is not None else ""
    yield Cause(
        "closed-without-reason",
        "the peer closed during TLS without an alert, as some do with a certificate whose CA is unknown to them"
        f"{issuer}",
        f"the peer's log at that time; {THEIR_ROOTS}",
    )
    yield balancer


def _certificate_facts(evidence: Evidence, leaf: TlsCertificate | None) -> dict[str, str]:
    if leaf is None:
        return {}
    facts = {
        "certificate": f"{leaf.subject}, issued by {leaf.issuer}",
        "names": ", ".join(map(str, leaf.names)) or "none",
        "ends": shown_time(leaf.not_after_at),
    }
    issued = [root for root in evidence.own.roots if any(leaf.certificate.is_signed_by(ca) for ca in root.certificates)]
    if issued:
        facts["trusted by"] = str(issued[0].path)
    return facts


def _source_of_client_certificate(evidence: Evidence) -> str:
    files = evidence.own.dial_tls
    kind = "a client certificate of its own" if evidence.own.settings.dial.tls is not None else "also our server's"
    return f"{kind}: {files.certificate if files is not None else ''}"
