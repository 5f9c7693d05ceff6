"""Who is behind the PKI-IDs in a log line."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gossip.api.peer import PeerIdentityInfo
from gossip.errors import UntrustedIdentityError
from gossip.msp.claim import parse_claim, shown_mspid
from gossip.types import PeerIdentityType

MAX_NAMES = 16_384
"""How many names are kept: more than a peer keeps identities, so that forgotten ones have names for a while."""

LOOK_INTERVAL_S = 1.0
_PKI_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class PeerName:
    """A peer in words: the common name in its certificate, and the organisation that vouches for it."""

    pki_id: str
    common_name: str
    mspid: str


class PeerNames:
    """Finds the names of stored identities; looks for new ones at most once a second.

    An identity is read when a line names it first, which takes a millisecond: all at once would hold up everything.
    """

    def __init__(self, list_identities: Callable[[], Iterable[PeerIdentityInfo]]) -> None:
        self._list_identities = list_identities
        self._names: OrderedDict[str, PeerName] = OrderedDict()
        self._unnamed: dict[str, PeerIdentityType] = {}
        """Those of the last look that no line has named."""
        self._looked_at_s = -LOOK_INTERVAL_S

    def named_in(self, text: str) -> Iterator[PeerName]:
        """Each peer that a text names by its PKI-ID in hex and that is known, once."""
        for pki_id in dict.fromkeys(_PKI_ID.findall(text)):
            name = self._find(pki_id)
            if name is not None:
                yield name

    def spell_out(self, text: str) -> str:
        """The text with common name and MSP-ID behind each PKI-ID that is known."""

        def named(found: re.Match[str]) -> str:
            name = self._find(found[0])
            return found[0] if name is None else f"{found[0]} ({name.common_name}, {name.mspid})"

        return _PKI_ID.sub(named, text)

    def _find(self, pki_id: str) -> PeerName | None:
        if pki_id not in self._names and pki_id not in self._unnamed:
            self._look()
        identity = self._unnamed.pop(pki_id, None)
        if identity is not None:
            self._read(pki_id, identity)
        return self._names.get(pki_id)

    def _look(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_at_s < LOOK_INTERVAL_S:
            return
        self._looked_at_s = now_s
        known = {info.pki_id.hex(): info.identity for info in self._list_identities()}
        self._unnamed = {pki_id: identity for pki_id, identity in known.items() if pki_id not in self._names}

    def _read(self, pki_id: str, identity: PeerIdentityType) -> None:
        try:
            claim = parse_claim(identity)
        except UntrustedIdentityError:
            return
        self._names[pki_id] = PeerName(pki_id, claim.certificate.subject, shown_mspid(claim.mspid))
        if len(self._names) > MAX_NAMES:
            self._names.popitem(last=False)
