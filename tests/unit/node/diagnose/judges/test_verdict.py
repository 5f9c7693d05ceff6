"""Refusals in Fabric's own words, out of what its peers answered, and what they mean."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509

from gossip.comm.handshake.machine import certificate_hash
from gossip.errors import RefusedByPeerError
from gossip.node.diagnose.diagnosis import Outcome, Side, Stage, StageReport
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.reach import judge_ping
from gossip.node.diagnose.judges.verdict import judge_verdict
from gossip.node.diagnose.own_side import OwnSide, load_own_side
from gossip.node.diagnose.seen_by_peer import find_hashes
from gossip.transport.base import Link
from tests.support.in_thread import peer_settings
from tests.support.organizations import organization
from tests.support.vectors import load_vectors

NOW = datetime.now(UTC)


@cache
def own_side() -> OwnSide:
    return load_own_side(peer_settings(2), NOW)


def evidence(reason: str, own: OwnSide | None = None) -> Evidence:
    own = own or own_side()
    seen = Evidence("peer:7051", own, NOW)
    assert own.client_leaf is not None
    leaf = own.client_leaf.certificate.der
    seen.link = Link("127.0.0.1:7051", peer_certificate=b"theirs", own_certificate=leaf)
    seen.errors[Stage.VERDICT] = RefusedByPeerError(grpc_status="UNKNOWN", reason=reason)
    return seen


def first_cause(report: StageReport) -> tuple[Side, str]:
    assert report.outcome is Outcome.FAILED
    assert report.problem is not None
    return report.problem.side, report.problem.causes[0].rule


PREFIX = "failed classifying identity: Unable to extract msp.Identity from peer Identity: "


@pytest.mark.parametrize(
    ("reason", "side", "rule"),
    [
        (PREFIX + "Peer Identity {...} cannot be validated. No MSP found able to do that.", Side.THEIRS,
         "organization-unknown-to-them"),
        (PREFIX + "could not validate identity against certification chain: The certificate has been revoked",
         Side.OURS, "revoked"),
        (PREFIX + "could not validate identity's OUs: the identity does not have an OU that resolves to client, peer, "
         "orderer, or admin role. OUs: [peer], MSP: [Org2MSP]", Side.THEIRS, "node-ou-role"),
        (PREFIX + "could not validate identity's OUs: certifiersIdentifier does not match: [peer(...)], MSP: [Org2MSP]",
         Side.THEIRS, "node-ou-certifier"),
        ("implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the "
         "'Readers' sub-policies to be satisfied", Side.OURS, "role-may-not-read"),
        ("The signature is invalid", Side.BETWEEN, "signature"),
        ("gossipping peer identity expired", Side.THEIRS, "their-clock"),
        ("no TLS certificate", Side.BETWEEN, "tls-proxy"),
        (PREFIX + "the supplied identity is not valid: certificate signed by unknown authority", Side.THEIRS,
         "ca-unknown-to-them"),
        (PREFIX + "this MSP only supports a single validation chain, got 2", Side.THEIRS, "ca-twice"),
        (PREFIX + "the supplied identity is not valid: x509: too many intermediates for path length constraint",
         Side.THEIRS, "broken-chain"),
        (PREFIX + "the supplied identity is not valid: validation failed: candidates exhausted: path length "
         "constraint violated", Side.THEIRS, "broken-chain"),
        ("x509: certificate signed by unknown authority", Side.THEIRS, "ca-unknown-to-them"),
        ("wrong type", Side.BETWEEN, "altered"),
        ("no PKI-ID", Side.BETWEEN, "altered"),
        ("identity doesn't match the computed pkiID", Side.BETWEEN, "altered"),
        ("something else", Side.THEIRS, "refused"),
    ],
)  # fmt: skip
def test_the_words_of_a_fabric_peer(reason: str, side: Side, rule: str) -> None:
    assert first_cause(judge_verdict(evidence(reason))) == (side, rule)


def test_an_ou_that_is_no_role_to_us_either_is_ours() -> None:
    """As with NodeOUs off in our folder, which takes whoever its CA issued."""
    own = own_side()
    for each in (replace(own, verdict=None), replace(own, registry=None)):
        seen = evidence("could not validate identity's OUs: the identity does not have an OU that resolves", each)
        assert first_cause(judge_verdict(seen)) == (Side.OURS, "node-ou-role")


@pytest.mark.parametrize(
    ("status", "side", "rule"),
    [
        ("UNIMPLEMENTED", Side.THEIRS, "no-gossip-service"),
        ("UNAVAILABLE", Side.BETWEEN, "proxy-without-peer"),
        ("PERMISSION_DENIED", Side.BETWEEN, "proxy-policy"),
        ("UNAUTHENTICATED", Side.BETWEEN, "proxy-policy"),
        ("RESOURCE_EXHAUSTED", Side.THEIRS, "refused"),
    ],
)
def test_a_status_that_no_peer_gives_is_another_server_s(status: str, side: Side, rule: str) -> None:
    seen = evidence("")
    seen.errors[Stage.VERDICT] = RefusedByPeerError(grpc_status=status, reason="no healthy upstream")
    assert first_cause(judge_verdict(seen)) == (side, rule)

    rule = rule.replace("refused", "ping-refused")
    seen.errors = {Stage.PING: seen.errors[Stage.VERDICT]}
    assert first_cause(judge_ping(seen)) == (side, rule)


def test_without_a_certificate_of_ours_it_is_ours() -> None:
    seen = evidence("no TLS certificate")
    seen.link = Link("127.0.0.1:7051", None, None)

    assert first_cause(judge_verdict(seen)) == (Side.OURS, "no-client-certificate")


def test_an_identity_that_has_ended_is_ours() -> None:
    own = own_side()
    assert own.verdict is not None
    own = replace(own, verdict=replace(own.verdict, expires_at=NOW - timedelta(days=1)))

    assert first_cause(judge_verdict(evidence("gossipping peer identity expired", own))) == (
        Side.OURS,
        "identity-expired",
    )


def test_a_chain_that_breaks_here_as_well_is_ours() -> None:
    own = own_side()
    assert own.verdict is not None
    own = replace(own, verdict=replace(own.verdict, storable=False))
    reason = f"{PREFIX}the supplied identity is not valid: x509: unhandled critical extension"

    assert first_cause(judge_verdict(evidence(reason, own))) == (Side.OURS, "broken-chain")


@pytest.mark.parametrize(
    ("reason", "rules"),
    [
        ("no MSP of that name is known here, only Org1MSP", ["organization-unknown-to-them", "wrong-mspid"]),
        ("it claims Org9MSP, but its issuer ca is a root of Org2MSP", ["wrong-mspid", "organization-unknown-to-them"]),
    ],
)
def test_who_has_no_msp_of_ours_has_no_old_copy_of_it(reason: str, rules: list[str]) -> None:
    report = judge_verdict(evidence(f"{PREFIX}No MSP found able to do that: {reason}"))

    assert report.problem is not None
    assert [cause.rule for cause in report.problem.causes] == rules


@pytest.mark.parametrize(
    ("ours", "text"),
    [
        ("org2msp", "is from a CA of Org2MSP: an MSP-ID is that to the letter"),
        ('"Org2MSP"', "is from a CA of Org2MSP: an MSP-ID is that to the letter"),
        ("Org2MSP # ours", "is from a CA of Org2MSP: an MSP-ID is that to the letter"),
        ("Org9MSP", "is from a CA of Org2MSP: one of the two is not ours"),
        ("NotOrg2MSP", "is from a CA of Org2MSP: one of the two is not ours"),
    ],
)
def test_an_mspid_that_is_not_quite_the_issuer_s_is_told_from_another(ours: str, text: str) -> None:
    own = own_side()
    own = replace(own, settings=replace(own.settings, mspid=ours))
    reason = f"it claims {ours}, but its issuer ca.of.org2 is a root of Org2MSP (PKI-ID 8c96)"
    report = judge_verdict(evidence(f"{PREFIX}No MSP found able to do that: {reason}", own))

    assert first_cause(report) == (Side.OURS, "wrong-mspid")
    assert report.problem is not None
    assert text in report.problem.causes[0].text


def hashes(seen: bytes, bound: bytes, *, in_go: bool) -> str:
    shown = [f"[{' '.join(map(str, each))}]" if in_go else each.hex() for each in (seen, bound)]
    return f"Expected {shown[0]} in remote hash of TLS cert, but got {shown[1]}"


@pytest.mark.parametrize("in_go", [True, False])
def test_another_certificate_seen_by_the_peer_is_a_proxy_s(in_go: bool) -> None:
    seen = evidence("")
    assert seen.link is not None
    bound = certificate_hash(seen.link.own_certificate)
    seen.errors[Stage.VERDICT] = RefusedByPeerError(
        grpc_status="UNKNOWN", reason=hashes(b"\x01" * 32, bound, in_go=in_go)
    )

    assert first_cause(judge_verdict(seen)) == (Side.BETWEEN, "tls-proxy")


@pytest.mark.parametrize("in_go", [True, False])
def test_another_hash_than_we_signed_was_altered(in_go: bool) -> None:
    seen = evidence(hashes(b"\x01" * 32, b"\x02" * 32, in_go=in_go))

    assert first_cause(judge_verdict(seen)) == (Side.BETWEEN, "altered")


def test_our_server_certificate_in_place_of_our_client_certificate_is_ours() -> None:
    own = own_side()
    client = organization(2).tls_ca.certificate  # any other certificate
    assert own.server_leaf is not None
    seen = evidence("", own)
    seen.link = Link("127.0.0.1:7051", b"theirs", client.tbs_certificate_bytes)
    reason = hashes(
        certificate_hash(own.server_leaf.certificate.der),
        certificate_hash(client.tbs_certificate_bytes),
        in_go=True,
    )
    seen.errors[Stage.VERDICT] = RefusedByPeerError(grpc_status="UNKNOWN", reason=reason)

    assert first_cause(judge_verdict(seen)) == (Side.OURS, "other-certificate-bound")


def recorded_refusals() -> list[str]:
    """Every refusal of a well-formed ConnEstablish that Fabric's peers were recorded with."""
    reasons = set()
    for record in load_vectors("conn_establish.json"):
        for outcome in record["go"].values():
            reasons.add(outcome.get("grpc_message", ""))
    malformed = ("unmarshal", "wrong type", "no PKI-ID", "Empty payload", "identity is nil", "computed pkiID")
    return sorted(reason for reason in reasons if reason and not any(words in reason for words in malformed))


def test_no_recorded_refusal_is_without_a_meaning() -> None:
    refusals = recorded_refusals()
    meanings = {first_cause(judge_verdict(evidence(reason)))[1] for reason in refusals}

    assert len(refusals) > 10
    assert "refused" not in meanings
    assert {"organization-unknown-to-them", "revoked", "node-ou-role", "role-may-not-read"} <= meanings


def test_a_certificate_of_another_organization_is_told_with_what_names_its_folder() -> None:
    own = own_side()
    sources = {"peer.localMspId": "core.yaml:2", "peer.mspConfigPath": "CORE_PEER_MSPCONFIGPATH"}
    own = replace(own, issuing_mspids=("Org1MSP",), settings=replace(own.settings, sources=sources))
    report = judge_verdict(evidence("No MSP found able to do that", own))

    assert first_cause(report) == (Side.OURS, "wrong-mspid")
    assert report.problem is not None
    cause = report.problem.causes[0]
    assert f"the certificate in {own.settings.msp_dir} is from a CA of Org1MSP" in cause.text
    assert cause.look_at == "peer.localMspId (core.yaml:2), and peer.mspConfigPath (CORE_PEER_MSPCONFIGPATH)"


def test_the_ca_that_they_may_lack_is_told_by_its_key() -> None:
    report = judge_verdict(evidence("x509: certificate signed by unknown authority"))
    extensions = organization(2).ca.certificate.extensions
    key_id = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()

    assert first_cause(report) == (Side.THEIRS, "ca-unknown-to-them")
    assert report.problem is not None
    assert report.problem.causes[0].text == (
        f"their copy of Org2MSP does not have ca.org2.example.com (subject key id {key_id}), which issued us, or has "
        "one of that name with another key: the channel's configuration is old"
    )


@pytest.mark.parametrize("seen", ["[999]", "nothing"])
def test_what_is_no_hash_in_the_words_of_a_peer_tells_nothing(seen: str) -> None:
    assert find_hashes(f"Expected {seen} in remote hash of TLS cert, but got 0a0b") == (None, b"\x0a\x0b")
