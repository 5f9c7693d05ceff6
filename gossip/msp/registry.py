"""Who vouches for an identity: the MSPs in force, what was found valid with them, and how both are exchanged."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from gossip.msp.membership import Msp
from gossip.msp.msp_set import MspSet, Standing
from gossip.types import ChannelId, PeerIdentityType


class MspRegistry:
    """Judges identities by several organisations' MSPs, our own first.

    Identities that were found valid are remembered, the least recently used forgotten first, and all of them when the
    MSPs are exchanged. Signatures and refusals are never remembered.

    Mirrors: internal/peer/gossip/deserializer.go, DeserializersManager, and msp/cache.
    """

    def __init__(
        self, local: Msp, channels: Mapping[ChannelId, Iterable[Msp]] | None = None, *, max_cached: int = 1024
    ) -> None:
        """Build the registry.

        Args:
            local: Our own organisation's MSP; what it says of its members is final.
            channels: Each channel's MSPs, our own organisation's among them.
            max_cached: How many valid identities are remembered; 0 remembers none.
        """
        self._msps = MspSet(local, channels or {})
        self._standings = _Standings(max_cached)

    @property
    def local(self) -> Msp:
        """Our own organisation's MSP."""
        return self._msps.local

    @property
    def msps(self) -> tuple[Msp, ...]:
        """Every organisation's MSP once, our own first."""
        return tuple(self._msps)

    def replace(self, local: Msp, channels: Mapping[ChannelId, Iterable[Msp]] | None = None) -> None:
        """Judge by these MSPs from now on, all of them at once, and forget what was found with the old ones."""
        msps = MspSet(local, channels or {})
        self._standings.clear()
        self._msps = msps

    def judge(self, identity: PeerIdentityType) -> Standing:
        """Judge an identity: by our own MSP when it can place it, otherwise by the channels' in turn.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid; the text says why.
        """
        return self._standings.recall_or(None, identity, lambda: self._msps.judge(identity))

    def judge_reader(self, channel: ChannelId, identity: PeerIdentityType) -> Standing:
        """Judge an identity by one channel's MSPs, and by that channel's rule for readers.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid there or may not read, or there is no such channel.

        Mirrors: internal/peer/gossip/mcs.go, VerifyByChannel, apart from the signature.
        """
        standing = self._standings.recall_or(channel, identity, lambda: self._msps.judge_on_channel(channel, identity))
        standing.check_reader()
        return standing

    def find_mspid(self, identity: PeerIdentityType) -> str | None:
        """Name the organisation whose MSP can place the identity, valid or not; None when none can."""
        standing = self._standings.find(None, identity)
        return standing.member.mspid if standing is not None else self._msps.find_mspid(identity)


class _Standings:
    """Valid identities by channel and exact bytes, the least recently used first."""

    def __init__(self, max_cached: int) -> None:
        self._max_cached = max_cached
        self._found: OrderedDict[tuple[ChannelId | None, bytes], Standing] = OrderedDict()

    def find(self, channel: ChannelId | None, identity: PeerIdentityType) -> Standing | None:
        key = (channel, identity)
        standing = self._found.get(key)
        if standing is not None:
            self._found.move_to_end(key)
        return standing

    def recall_or(
        self, channel: ChannelId | None, identity: PeerIdentityType, judge: Callable[[], Standing]
    ) -> Standing:
        standing = self.find(channel, identity)
        if standing is None:
            standing = judge()
            self._found[channel, identity] = replace(standing, member=standing.member.released())
            if len(self._found) > self._max_cached:
                self._found.popitem(last=False)
        return standing

    def clear(self) -> None:
        self._found.clear()
