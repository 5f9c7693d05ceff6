"""Several organisations at once, what is remembered of them, and how they are exchanged."""

import pytest

from gossip.errors import IdentityRevokedError, UntrustedIdentityError
from gossip.msp.certificate import Certificate
from gossip.msp.config import CrlFile
from gossip.msp.membership import Member, Msp
from gossip.msp.registry import MspRegistry
from gossip.msp.revocation import parse_crl
from gossip.types import ChannelId, PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity
from tests.support.certificates import make_ca, make_config, make_crl, make_leaf, make_msp

MAX_IDENTITY_BYTES = 16 * 1024
CHANNEL, OTHER = ChannelId(b"mychannel"), ChannelId(b"other")
ROOTS = {f"Org{number}MSP": make_ca(f"ca{number}") for number in (1, 2, 3)}
MSPS = {mspid: make_msp([root], mspid=mspid) for mspid, root in ROOTS.items()}
LOCAL, SECOND, THIRD = MSPS.values()


def member(mspid: str, *, units: tuple[str, ...] = ("peer",)) -> PeerIdentityType:
    return make_leaf("peer0", ROOTS[mspid], units=units).identity(mspid)


def with_revoked(mspid: str, *serial_numbers: int) -> Msp:
    crl = parse_crl(make_crl(ROOTS[mspid], serial_numbers), "crl")
    return make_msp([ROOTS[mspid]], mspid=mspid, crls=[CrlFile("crl", crl)])


class CountingMsp(Msp):
    """Counts how often it is asked to place a certificate, which is once for each time that it judges one."""

    def __init__(self, mspid: str = "Org1MSP") -> None:
        super().__init__(make_config([ROOTS[mspid]], mspid=mspid))
        self.count = 0

    def place(self, certificate: Certificate) -> Member:
        self.count += 1
        return super().place(certificate)


def test_our_own_organization_needs_no_channel() -> None:
    standing = MspRegistry(LOCAL).judge(member("Org1MSP"))
    assert (standing.member.mspid, standing.msp, standing.channel) == ("Org1MSP", LOCAL, None)


def test_other_organizations_come_from_channels() -> None:
    registry = MspRegistry(LOCAL, {OTHER: [LOCAL], CHANNEL: [LOCAL, SECOND]})
    standing = registry.judge(member("Org2MSP"))
    assert (standing.member.mspid, standing.channel) == ("Org2MSP", CHANNEL)
    assert registry.msps == (LOCAL, SECOND)


def test_what_our_own_msp_says_of_its_members_is_final() -> None:
    leaf = make_leaf("peer0", ROOTS["Org1MSP"])
    strict = with_revoked("Org1MSP", leaf.certificate.serial_number)
    with pytest.raises(IdentityRevokedError):
        MspRegistry(strict, {CHANNEL: [LOCAL]}).judge(leaf.identity("Org1MSP"))


def test_channel_may_know_more_cas_of_our_organization_than_we() -> None:
    other_root = make_ca("other")
    wide = make_msp([ROOTS["Org1MSP"], other_root], mspid="Org1MSP")
    identity = make_leaf("peer0", other_root).identity("Org1MSP")
    assert MspRegistry(LOCAL, {CHANNEL: [wide]}).judge(identity).channel == CHANNEL
    with pytest.raises(UntrustedIdentityError):
        MspRegistry(LOCAL).judge(identity)


def test_next_channel_is_asked_when_one_refuses() -> None:
    leaf = make_leaf("peer0", ROOTS["Org2MSP"])
    strict = with_revoked("Org2MSP", leaf.certificate.serial_number)
    registry = MspRegistry(LOCAL, {CHANNEL: [strict], OTHER: [SECOND]})
    assert registry.judge(leaf.identity("Org2MSP")).channel == OTHER


def test_refusal_of_the_only_channel_keeps_its_kind() -> None:
    leaf = make_leaf("peer0", ROOTS["Org2MSP"])
    strict = with_revoked("Org2MSP", leaf.certificate.serial_number)
    with pytest.raises(IdentityRevokedError, match=r"No MSP found able to do that: .*The certificate has been revoked"):
        MspRegistry(LOCAL, {CHANNEL: [strict]}).judge(leaf.identity("Org2MSP"))


def test_real_issuer_is_named() -> None:
    intermediate = make_ca("ica2", ROOTS["Org2MSP"])
    second = make_msp([ROOTS["Org2MSP"]], [intermediate], mspid="Org2MSP")
    registry = MspRegistry(LOCAL, {CHANNEL: [second]})
    with pytest.raises(
        UntrustedIdentityError, match="claims Org1MSP, but its issuer ica2 is an intermediate CA of Org2MSP"
    ):
        registry.judge(make_leaf("peer0", intermediate).identity("Org1MSP"))


def test_unknown_organization_is_told_what_is_known() -> None:
    registry = MspRegistry(LOCAL, {CHANNEL: [SECOND]})
    with pytest.raises(UntrustedIdentityError, match=r"no MSP of that name is known here, only Org1MSP, Org2MSP$"):
        registry.judge(make_leaf("peer0", make_ca("stranger")).identity("Org9MSP"))


def test_text_from_a_stranger_stays_on_its_line() -> None:
    with pytest.raises(UntrustedIdentityError) as refusal:
        MspRegistry(LOCAL).judge(make_leaf("a\nb" * 15, make_ca("c\nd")).identity("X\nY" * 1000))
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 1000


def test_reader_of_a_channel() -> None:
    registry = MspRegistry(LOCAL, {CHANNEL: [LOCAL, SECOND]})
    for mspid in ("Org1MSP", "Org2MSP"):
        for unit in ("peer", "client", "admin"):
            assert registry.judge_reader(CHANNEL, member(mspid, units=(unit,))).channel == CHANNEL
        with pytest.raises(
            UntrustedIdentityError, match=r"implicit policy evaluation failed .* is no admin, peer or client"
        ):
            registry.judge_reader(CHANNEL, member(mspid, units=("orderer",)))


@pytest.mark.parametrize(
    ("channel", "mspid", "match"),
    [
        (OTHER, "Org1MSP", "Could not acquire policy manager for channel other"),
        (CHANNEL, "Org3MSP", "MSP Org3MSP is not defined on channel"),
    ],
)
def test_no_reader_of_a_channel(channel: ChannelId, mspid: str, match: str) -> None:
    with pytest.raises(UntrustedIdentityError, match=match):
        MspRegistry(LOCAL, {CHANNEL: [LOCAL, SECOND]}).judge_reader(channel, member(mspid))


def test_organization_of_who_can_be_placed() -> None:
    registry = MspRegistry(LOCAL, {CHANNEL: [SECOND]})
    assert registry.find_mspid(member("Org1MSP")) == "Org1MSP"
    assert registry.find_mspid(member("Org2MSP", units=())) == "Org2MSP"  # not valid, but placed
    assert registry.find_mspid(member("Org3MSP")) is None
    assert registry.find_mspid(make_leaf("x", ROOTS["Org1MSP"]).identity("Org2MSP")) is None
    assert registry.find_mspid(PeerIdentityType(b"\xff")) is None


def test_valid_identity_is_judged_once() -> None:
    msp = CountingMsp("Org2MSP")
    registry = MspRegistry(LOCAL, {CHANNEL: [LOCAL, msp]})
    identity = member("Org2MSP")
    for _ in range(3):
        registry.judge(identity)
        registry.find_mspid(identity)
    assert msp.count == 1


def test_refusal_is_not_remembered() -> None:
    msp = CountingMsp()
    registry = MspRegistry(msp)
    identity = make_leaf("peer0", ROOTS["Org3MSP"]).identity("Org1MSP")
    for _ in range(2):
        with pytest.raises(UntrustedIdentityError):
            registry.judge(identity)
    assert msp.count == 2


def test_least_recently_used_is_forgotten_first() -> None:
    msp = CountingMsp()
    registry = MspRegistry(msp, max_cached=2)
    one, two, three = (member("Org1MSP") for _ in range(3))
    for identity in (one, two, one, three, one, two):
        registry.judge(identity)
    assert msp.count == 4  # each once, and the second again


def test_a_thousand_identities_are_remembered() -> None:
    """Whoever has one certificate can write it in any number of ways."""
    msp = CountingMsp()
    registry = MspRegistry(msp)
    leaf = make_leaf("peer0", ROOTS["Org1MSP"])
    identities = [encode_serialized_identity("Org1MSP", b"%d\n" % number + leaf.pem) for number in range(1025)]
    for identity in (*identities, identities[1], identities[0]):
        registry.judge(identity)
    assert msp.count == 1026  # each once, and the first again


def test_nothing_is_remembered_where_nothing_may_be() -> None:
    msp = CountingMsp()
    registry = MspRegistry(msp, max_cached=0)
    identity = member("Org1MSP")
    for _ in range(2):
        registry.judge(identity)
    assert msp.count == 2


def test_huge_identity_is_refused() -> None:
    registry = MspRegistry(LOCAL)
    leaf = make_leaf("peer0", ROOTS["Org1MSP"])
    text = b"x" * (MAX_IDENTITY_BYTES - len(leaf.identity("Org1MSP")) - 10)
    registry.judge(encode_serialized_identity("Org1MSP", text + b"\n" + leaf.pem))
    huge = encode_serialized_identity("Org1MSP", text + bytes(20) + b"\n" + leaf.pem)
    with pytest.raises(UntrustedIdentityError, match=f"identity of {len(huge)} bytes exceeds the limit of 16384"):
        registry.judge(huge)


def test_exchange_forgets_what_was_found() -> None:
    leaf = make_leaf("peer0", ROOTS["Org2MSP"])
    registry = MspRegistry(LOCAL, {CHANNEL: [LOCAL, SECOND]})
    registry.judge(leaf.identity("Org2MSP"))
    registry.judge_reader(CHANNEL, leaf.identity("Org2MSP"))
    strict = with_revoked("Org2MSP", leaf.certificate.serial_number)
    registry.replace(LOCAL, {CHANNEL: [LOCAL, strict]})
    with pytest.raises(IdentityRevokedError):
        registry.judge(leaf.identity("Org2MSP"))
    with pytest.raises(IdentityRevokedError):
        registry.judge_reader(CHANNEL, leaf.identity("Org2MSP"))
    registry.replace(LOCAL, {CHANNEL: [LOCAL, SECOND]})
    registry.judge(leaf.identity("Org2MSP"))


def test_exchange_can_change_our_own_msp() -> None:
    registry = MspRegistry(LOCAL)
    registry.replace(SECOND)
    assert registry.local is SECOND
    with pytest.raises(UntrustedIdentityError):
        registry.judge(member("Org1MSP"))


def test_member_of_ours_on_a_channel_stays_one_of_ours() -> None:
    registry = MspRegistry(LOCAL, {CHANNEL: [LOCAL]})
    identity = member("Org1MSP")
    assert registry.judge_reader(CHANNEL, identity).channel == CHANNEL
    assert registry.judge(identity).channel is None


def test_remembered_on_one_channel_is_not_known_on_another() -> None:
    registry = MspRegistry(LOCAL, {CHANNEL: [SECOND], OTHER: [LOCAL]})
    identity = make_leaf("peer0", ROOTS["Org2MSP"]).identity("Org2MSP")
    registry.judge(identity)
    registry.judge_reader(CHANNEL, identity)
    with pytest.raises(UntrustedIdentityError, match="is not defined on channel"):
        registry.judge_reader(OTHER, identity)
