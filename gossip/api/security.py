"""Who belongs to which organisation."""

from abc import abstractmethod
from typing import Protocol

from gossip.types import OrgIdentityType, PeerIdentityType


class SecurityAdvisor(Protocol):
    """Tells the organisation of an identity.

    Mirrors: gossip/api/channel.go, SecurityAdvisor.
    """

    @abstractmethod
    def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None:
        """Name the organisation that ``identity`` belongs to.

        Returns:
            The organisation, or None when no organisation that we know vouches for the identity.

        Mirrors: OrgByPeerIdentity.
        """
        ...
