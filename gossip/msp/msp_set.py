"""The MSPs that are in force at one moment, and how they judge an identity between them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gossip.errors import IdentityError, IdentityRevokedError, UntrustedIdentityError, without_traces
from gossip.msp.certificate import shown
from gossip.msp.claim import Claim, parse_claim, shown_mspid
from gossip.msp.membership import Member, Msp, check_well_formed
from gossip.types import ChannelId, PeerIdentityType


@dataclass(frozen=True, slots=True)
class Standing:
    """A valid identity: which member of which MSP it is, and on which channel; None in our own organisation.

    Mirrors: what getValidatedIdentity in internal/peer/gossip/mcs.go returns.
    """

    member: Member
    msp: Msp
    channel: ChannelId | None

    def check_reader(self) -> None:
        """Return when a channel lets this identity read.

        Raises:
            UntrustedIdentityError: It does not: no admin, peer or client.
        """
        member = self.member
        if not self.msp.is_reader(member):
            raise UntrustedIdentityError(
                "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the "
                f"'Readers' sub-policies to be satisfied: {member.certificate.subject} of {member.mspid} is no admin, "
                f"peer or client; OUs: [{shown(' '.join(member.certificate.organizational_units))}]"
            )


class MspSet:
    """Our own organisation's MSP and every channel's; never changes.

    Mirrors: internal/peer/gossip/deserializer.go, DeserializersManager, and msp/mspmgrimpl.go.
    """

    def __init__(self, local: Msp, channels: Mapping[ChannelId, Iterable[Msp]]) -> None:
        self.local = local
        self.channels = {channel: {msp.mspid: msp for msp in msps} for channel, msps in channels.items()}

    def __iter__(self) -> Iterator[Msp]:
        """Each MSP-ID once, our own first."""
        by_id = {self.local.mspid: self.local}
        for manager in self.channels.values():
            by_id |= {mspid: msp for mspid, msp in manager.items() if mspid not in by_id}
        return iter(by_id.values())

    def judge(self, identity: PeerIdentityType) -> Standing:
        """Judge by our own MSP when it can place the identity, otherwise by each channel's in turn.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid; the text says why.

        Mirrors: internal/peer/gossip/mcs.go, getValidatedIdentity.
        """
        claim = parse_claim(identity)
        refusal: IdentityError | None = None
        if claim.mspid == self.local.mspid:
            try:
                member = self.local.place(claim.certificate)
            except UntrustedIdentityError as error:
                refusal = error
            else:
                check_well_formed(claim.block)
                self.local.check_identity(member)
                return Standing(member, self.local, None)
        for channel, manager in self.channels.items():
            msp = manager.get(claim.mspid)
            if msp is None:
                continue
            try:
                member = msp.place(claim.certificate)
            except UntrustedIdentityError as error:
                refusal = refusal or error
                continue
            check_well_formed(claim.block)
            try:
                msp.check_identity(member)
            except IdentityError as error:
                refusal = refusal or error
                continue
            return Standing(member, msp, channel)
        cause = None if refusal is None else without_traces(refusal)  # whose frames are these, which hold it
        raise self._refusal(claim, refusal) from cause

    def judge_on_channel(self, channel: ChannelId, identity: PeerIdentityType) -> Standing:
        """Judge by one channel's MSPs alone; what follows the certificate in its PEM plays no part here.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid there, or there is no such channel.

        Mirrors: common/policies/policy.go, SignatureSetToValidIdentities.
        """
        manager = self.channels.get(channel)
        if manager is None:
            raise UntrustedIdentityError(
                f"Could not acquire policy manager for channel {shown(channel.decode(errors='replace'))}: "
                "no such channel is known here"
            )
        claim = parse_claim(identity)
        msp = manager.get(claim.mspid)
        if msp is None:
            raise UntrustedIdentityError(f"MSP {shown_mspid(claim.mspid)} is not defined on channel")
        member = msp.place(claim.certificate)
        msp.check_identity(member)
        return Standing(member, msp, channel)

    def find_mspid(self, identity: PeerIdentityType) -> str | None:
        """Name the organisation whose MSP can place the identity, valid or not; None when none can.

        Mirrors: internal/peer/gossip/sa.go, OrgByPeerIdentity.
        """
        try:
            claim = parse_claim(identity)
        except UntrustedIdentityError:
            return None
        managers = ({self.local.mspid: self.local}, *self.channels.values())
        for msp in (manager[claim.mspid] for manager in managers if claim.mspid in manager):
            with suppress(UntrustedIdentityError):
                return msp.place(claim.certificate).mspid
        return None

    def _refusal(self, claim: Claim, refusal: IdentityError | None) -> IdentityError:
        kind = IdentityRevokedError if isinstance(refusal, IdentityRevokedError) else UntrustedIdentityError
        return kind(
            f"Peer Identity {claim.certificate.subject} of {shown_mspid(claim.mspid)} cannot be validated. "
            f"No MSP found able to do that: {self._find_real_issuer(claim) or refusal or self._name_known()}"
        )

    def _find_real_issuer(self, claim: Claim) -> str | None:
        for msp in self:
            for ca in msp.tree.cas:
                if msp.mspid != claim.mspid and claim.certificate.is_signed_by(ca):
                    kind = "a root" if ca in msp.tree.roots else "an intermediate CA"
                    return f"it claims {shown_mspid(claim.mspid)}, but its issuer {ca.subject} is {kind} of {msp.mspid}"
        return None

    def _name_known(self) -> str:
        return f"no MSP of that name is known here, only {', '.join(msp.mspid for msp in self)}"
