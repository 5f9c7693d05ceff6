"""Judges an alert by which the peer refused TLS for another reason than our certificate."""

from gossip.node.diagnose.diagnosis import Blame, Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.own_certificate import judge_decode_error

OTHER_SERVICE = Cause(
    "other-service",
    "a service other than a peer listens there, which does not speak HTTP/2",
    "the peer's peer.listenAddress (usually 7051; 9443 is for operations)",
)
HTTP1_PROXY = Cause(
    "http1-proxy",
    "a proxy on the way speaks HTTP/1.1 only, or does not offer HTTP/2 in TLS (ALPN h2)",
    "the proxy's settings for gRPC",
)


def judge_alert(evidence: Evidence) -> Blame:
    """What does the alert mean?"""
    match evidence.alert:
        case "unrecognized name":
            text = (
                f"whatever answers knows no server of the name {evidence.host}, as an ingress or load balancer "
                "that chooses the peer by the name in TLS (SNI): dial the name that it knows, or give it a "
                "route for this"
            )
            where = f"its routes for TLS that it lets through, and the endpoint that was dialled{evidence.named}"
            return Side.BETWEEN, (Cause("tls-name-unknown-there", text, where),)
        case "no application protocol":
            return Side.THEIRS, (OTHER_SERVICE, HTTP1_PROXY)
        case "internal error":
            text = (
                "whatever answers failed before it looked at our certificate, as a server does that has no "
                "certificate or cannot use its key"
            )
            where = "the peer's log at that time, then its peer.tls.cert.file and peer.tls.key.file"
            return Side.THEIRS, (Cause("tls-internal-error", text, where),)
        case "decode error":
            return Side.OURS, (judge_decode_error(evidence.own),)
        case alert:
            text = f"the two sides have no version, cipher or protocol of TLS in common: {alert}"
            return Side.BETWEEN, (Cause("no-common-tls", text, "which versions and suites the peer takes"),)
