"""One stored identity, and why it may leave."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gossip.types import OrgIdentityType, PeerIdentityType, PkiId


class PurgeReason(StrEnum):
    """Why an identity was removed."""

    EXPIRED = "expired"
    UNUSED = "unused"
    SUSPECTED = "suspected"
    EVICTED = "evicted"


@dataclass(slots=True, eq=False)
class Entry:
    """An identity that was verified.

    Attributes:
        organization: Whose member it is; empty where nobody vouches for it any more.
        expires_at: From then on it is not given out; None for one that never ends.
        used_at: When it was last asked for, or stored.
        number: Tells its end in the table's list of ends from one that an earlier entry of the same PKI-ID left there;
            0 where it is not in that list.
    """

    pki_id: PkiId
    identity: PeerIdentityType
    organization: OrgIdentityType
    expires_at: datetime | None
    used_at: datetime
    number: int = 0

    def is_expired(self, now: datetime) -> bool:
        """It must not be given out any more."""
        return self.expires_at is not None and now >= self.expires_at
