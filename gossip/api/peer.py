"""Records that speak of other peers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gossip.checks import check_argument
from gossip.shown import shown_text
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId

PeerSuspector = Callable[[PeerIdentityType], bool]
"""True for an identity that may no longer be valid. Mirrors: gossip/api/channel.go, PeerSuspector."""


@dataclass(frozen=True, slots=True)
class RemotePeer:
    """A peer as a target: where it is, and who must be there.

    ``endpoint`` is ``host:port``, IPv6 hosts in brackets. ``pki_id`` may be None only where nobody in particular is
    expected, as in a first handshake.

    Raises:
        InvalidArgumentError: One is of another type, such as a PKI-ID in hex.

    Mirrors: gossip/comm/comm.go, RemotePeer.
    """

    endpoint: str
    pki_id: PkiId | None = None

    def __post_init__(self) -> None:
        check_argument("endpoint", self.endpoint, str)
        if self.pki_id is not None:
            check_argument("pki_id", self.pki_id, bytes)

    def __str__(self) -> str:
        return f"{shown_text(self.endpoint)}, PKI-ID {self.pki_id.hex() if self.pki_id else 'unknown'}"


@dataclass(frozen=True, slots=True)
class AuthInfo:
    """What a peer signed to authenticate its connection: the payload's exact bytes and the signature over them.

    Mirrors: gossip/protoext/comm.go, AuthInfo.
    """

    signed_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """Who is at the other end of an authenticated connection.

    ``endpoint`` is the remote address, ``host:port``.

    Mirrors: gossip/protoext/comm.go, ConnectionInfo.
    """

    pki_id: PkiId
    identity: PeerIdentityType
    endpoint: str
    auth: AuthInfo

    def __str__(self) -> str:
        return f"{self.endpoint} {self.pki_id.hex()}"


@dataclass(frozen=True, slots=True)
class PeerIdentityInfo:
    """A stored identity, its name and its organisation.

    Mirrors: gossip/api/channel.go, PeerIdentityInfo.
    """

    pki_id: PkiId
    identity: PeerIdentityType
    organization: OrgIdentityType


class PeerIdentitySet(tuple[PeerIdentityInfo, ...]):
    """Some identities, in no particular order.

    Mirrors: gossip/api/channel.go, PeerIdentitySet.
    """

    __slots__ = ()

    def by_org(self) -> dict[OrgIdentityType, "PeerIdentitySet"]:
        """Split by organisation. Mirrors: ByOrg."""
        groups: dict[OrgIdentityType, list[PeerIdentityInfo]] = {}
        for info in self:
            groups.setdefault(info.organization, []).append(info)
        return {organization: PeerIdentitySet(infos) for organization, infos in groups.items()}

    def by_id(self) -> dict[PkiId, PeerIdentityInfo]:
        """Index by PKI-ID. Mirrors: ByID."""
        return {info.pki_id: info for info in self}

    def filter(self, keep: Callable[[PeerIdentityInfo], bool]) -> "PeerIdentitySet":
        """Those for which ``keep`` returns True. Mirrors: Filter."""
        kept: Iterable[PeerIdentityInfo] = filter(keep, self)
        return PeerIdentitySet(kept)
