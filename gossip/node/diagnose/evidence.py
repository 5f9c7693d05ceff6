"""What was seen on the way to one endpoint, before anybody judges it."""

from dataclasses import dataclass, field
from datetime import datetime

from gossip.errors import DialError, GossipError, PeerSilentError
from gossip.msp.certificate import Certificate
from gossip.msp.claim import Claim
from gossip.msp.tls_facts import TlsCertificate
from gossip.msp.tls_path import MissingIssuer, OtherWay
from gossip.msp.verdict import Verdict
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.own_side import OwnSide
from gossip.transport.base import Link
from gossip.transport.tls.failure import TlsFault
from gossip.types import PkiId


@dataclass(frozen=True, slots=True)
class Looked:
    """What a second look showed, after TLS had failed.

    Attributes:
        leaf: What the server presents; None where it presents nothing readable.
        unreadable: Why what it presents cannot be read; None where it can, or where it presents nothing.
        presented: How many certificates the server sends; the leaf is one.
        certification_path: The certificates from the leaf up to the first that we trust, or as far as the path leads.
        missing_issuer: Whom none of our CA files knows; None when the chain leads to one of them.
        other_way: Another way to a CA that we trust, where the server sends several certificates of one name.
        alpn: The protocol that it chose above TLS.
        speaks_plain_http2: It answers gRPC without TLS; None where nobody asked.
    """

    leaf: TlsCertificate | None = None
    unreadable: str | None = None
    presented: int = 0
    certification_path: tuple[Certificate, ...] = ()
    missing_issuer: MissingIssuer | None = None
    other_way: OtherWay | None = None
    alpn: str | None = None
    speaks_plain_http2: bool | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Who presented what where; ``leaf`` is None where nothing came that can be read, or, if ``is_silent``, in time."""

    place: str
    leaf: TlsCertificate | None
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the peer said of itself in its ConnEstablish.

    Attributes:
        pki_id: As it stands there.
        claim: Its identity: certificate and organisation; None where that cannot be read.
        verdict: What our MSPs say of it; None where it is no identity.
        issuing_mspids: The organisations that we know whose CA issued it, whatever it claims.
        tls_issuing_mspids: Those whose TLS CA did.
        has_namesake: None of them did, but the organisation that it claims has a CA of its issuer's name.
        rule_source: File, and line where there is one, of the rule that it breaks.
    """

    pki_id: PkiId
    claim: Claim | None = None
    verdict: Verdict | None = None
    issuing_mspids: tuple[str, ...] = ()
    tls_issuing_mspids: tuple[str, ...] = ()
    has_namesake: bool = False
    rule_source: str | None = None


@dataclass(slots=True)
class Evidence:
    """Filled in from top to bottom; what is missing was not come to.

    Attributes:
        now: When it was.
        source: What names the endpoint; None where it was given by itself.
        host: The name that was dialled.
        took_s: How long the stages took that were come to.
        errors: What ended a stage; our checks of the peer under the stage that they belong to.
        addresses: What the name stands for.
        answered: Which of them took a TCP connection, in their order.
        dead: Those that did not, and why.
        tls_fault, alert, verify_code: How TLS failed; the last one OpenSSL's number for what we refused.
        looked: What a second look showed.
        seen: What looks at each address showed, or at the only one, again and again.
        link: The connection that was made.
        leaf: The certificate that the peer presented on it.
        tls_issuing_mspids: The organisations whose TLS CA issued that.
        theirs: The peer's ConnEstablish.
        expected: Who should have answered.
        heard_verdict: The peer ended our probe with status OK.
        lost_messages: What the peer's operations endpoint says of its full send buffers; None where nobody asked.
    """

    endpoint: str
    own: OwnSide
    now: datetime
    source: str | None = None
    host: str = ""
    took_s: dict[Stage, float] = field(default_factory=dict)
    errors: dict[Stage, GossipError] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    dead: dict[str, DialError | PeerSilentError] = field(default_factory=dict)
    tls_fault: TlsFault | None = None
    alert: str | None = None
    verify_code: int | None = None
    looked: Looked = field(default_factory=Looked)
    seen: tuple[Seen, ...] = ()
    link: Link | None = None
    leaf: TlsCertificate | None = None
    tls_issuing_mspids: tuple[str, ...] = ()
    theirs: Theirs | None = None
    expected: PkiId | None = None
    heard_verdict: bool = False
    lost_messages: int | None = None

    @property
    def named(self) -> str:
        """What names the endpoint, for texts, behind it; nothing where it was given by itself."""
        return f", named by {self.source}" if self.source is not None else ""

    @property
    def patience_s(self) -> float:
        """How long a connection may take that is made in order to look."""
        return self.own.settings.dial.dial_timeout_s
