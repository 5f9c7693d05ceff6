"""All that a peer would say of an identity, put together."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gossip.errors import UntrustedIdentityError
from gossip.msp.authority import Credential, Validity
from gossip.msp.config import load_msp_config
from gossip.msp.facts import encode_identity_for
from gossip.msp.membership import Msp
from gossip.msp.registry import MspRegistry
from gossip.msp.verdict import Verdict, judge_identity
from gossip.types import ChannelId, PeerIdentityType
from tests.support.fabric_peers import VIEWS, identity_of, identity_records, registry_of
from tests.support.organizations import NOW, client, organization, organization_folder, peer, serialized

VECTORS_MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)


def msp(number: int) -> Msp:
    folder: Path = organization_folder(number) / "msp"
    return Msp(load_msp_config(folder, f"Org{number}MSP"))


def judge(credential: Credential, number: int, now: datetime = NOW) -> Verdict:
    """Judge as a peer of Org1 that shares a channel with Org2."""
    registry = MspRegistry(msp(1), {ChannelId(b"ch"): [msp(1), msp(2)]})
    return judge_identity(registry, encode_identity_for(f"Org{number}MSP", credential.certificate_pem), now=now)


@pytest.mark.parametrize("number", [1, 2])
def test_peers_of_both_organizations_are_fine(number: int) -> None:
    verdict = judge(peer(number).identity, number)

    assert verdict.ok
    assert (verdict.org, verdict.reason) == (f"Org{number}MSP", None)
    assert verdict.expires_at == organization(number).validity.not_after_at


def test_an_identity_holds_up_to_its_last_second() -> None:
    ends_at = organization().validity.not_after_at

    assert judge(peer().identity, 1, ends_at).storable
    late = judge(peer().identity, 1, ends_at + timedelta(milliseconds=1))
    assert (late.valid, late.storable, late.verifiable) == (True, False, True)
    assert late.reason == f"gossipping peer identity expired at {ends_at.isoformat()}"


def test_one_that_has_not_begun_is_taken_all_the_same() -> None:
    assert judge(organization().issue_peer("new", validity=Validity.not_yet(NOW)).identity, 1).ok


def test_an_orderer_of_another_organization_may_not_read() -> None:
    for number, verifiable in ((1, True), (2, False)):
        orderer = organization(number).ca.issue_identity("o", validity=organization().validity, units=["orderer"])
        verdict = judge(orderer, number)
        assert (verdict.valid, verdict.storable, verdict.verifiable) == (True, True, verifiable)
        assert ("'Readers' sub-policies" in (verdict.reason or "")) is not verifiable


def test_an_rsa_key_cannot_sign() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certified = organization().ca.issue_identity("rsa", validity=organization().validity, units=["peer"], key=key)

    verdict = judge(certified, 1)

    assert (verdict.valid, verdict.storable, verdict.verifiable, verdict.ok) == (True, True, False, False)
    assert verdict.reason == "rsa has an RSA key, and gossip is signed with ECDSA"


def test_an_invalid_identity_has_no_end() -> None:
    verdict = judge(client(1).identity, 2)

    assert (verdict.valid, verdict.storable, verdict.verifiable, verdict.expires_at) == (False, False, False, None)
    assert "its issuer ca.org1.example.com is a root of Org1MSP" in (verdict.reason or "")


@pytest.mark.parametrize("view", [view for view, (_, has_channel) in VIEWS.items() if has_channel])
def test_all_that_fabric_says_of_each_identity(view: str) -> None:
    registry = registry_of(view)
    for name, record in identity_records().items():
        answers = record["views"][view]
        try:
            verdict = judge_identity(registry, identity_of(name), now=VECTORS_MADE_AT)
        except UntrustedIdentityError:
            assert not answers["validate"]["ok"], name
            continue
        found = (verdict.valid, verdict.storable, verdict.org, verdict.pki_id.hex())
        wanted = (answers["validate"]["ok"], answers["mapper_put"]["ok"], answers["org"], answers["pkiid_hex"])
        assert found == wanted, name
        if "verify_low_s" in answers:
            assert verdict.verifiable == answers["verify_low_s"]["ok"], name


def test_what_is_no_identity_is_refused() -> None:
    with pytest.raises(UntrustedIdentityError):
        judge_identity(MspRegistry(msp(1)), PeerIdentityType(serialized(peer())[:-1]), now=NOW)
