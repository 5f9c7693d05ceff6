"""One MSP: who is a member, in which role, and what keeps it from starting."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from gossip.errors import ConfigurationError, UntrustedIdentityError
from gossip.msp import chain
from gossip.msp.certificate import parse_certificate
from gossip.msp.config import CertificateFile, MspConfig, OuConfig
from gossip.msp.membership import Msp
from gossip.msp.roles import Role
from tests.support.certificates import (
    NO_CA,
    NODE_OUS,
    NOT_BEFORE,
    Extension,
    Issued,
    files,
    key_usage,
    make_ca,
    make_config,
    make_leaf,
    make_msp,
    over_sha1,
)

CLIENT_ONLY: Extension = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
UNKNOWN: Extension = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b""), True)


def accept(msp: Msp, leaf: Issued) -> None:
    msp.check_identity(msp.place(leaf.certificate))


def refuse(msp: Msp, leaf: Issued, match: str) -> None:
    member = msp.place(leaf.certificate)
    with pytest.raises(UntrustedIdentityError, match=match):
        msp.check_identity(member)


def refuse_config(config: MspConfig, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        Msp(config)


def certified_by(ca: Issued) -> dict[Role, OuConfig]:
    """NodeOUs in which each role names this CA."""
    (file,) = files("cacerts", [ca])
    return {
        role: OuConfig(role.value, file, f"config.yaml:{line}", f"config.yaml:{line}")
        for line, role in enumerate(Role, 3)
    }


# -- who has a place


def test_low_s_version_is_the_member() -> None:
    root = make_ca("root")
    for number in range(8):  # half of these are signed with a high S
        leaf = make_leaf(f"leaf{number}", root)
        member = make_msp([root]).place(leaf.certificate)
        assert member.certificate == leaf.certificate.with_low_s(root.certificate)
        assert member.chain == (member.certificate, root.certificate.with_low_s(root.certificate))


def test_stranger_has_no_place() -> None:
    with pytest.raises(UntrustedIdentityError, match="signed by unknown authority"):
        make_msp([make_ca("root")]).place(make_leaf("leaf", make_ca("other")).certificate)


def test_key_that_fabric_cannot_use_has_no_place() -> None:
    root = make_ca("root")
    leaf = make_leaf("leaf", root, key=ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(UntrustedIdentityError, match="public key type not recognized"):
        make_msp([root]).place(leaf.certificate)


def test_any_self_signed_ca_has_a_place_but_is_no_member() -> None:
    """As in Fabric, whose security advisor therefore names an organisation for it."""
    refuse(make_msp([make_ca("root")]), make_ca("stranger"), "stranger is a CA: .* cannot be used as an identity")


def test_ca_that_a_stranger_signed_has_no_place() -> None:
    """Only a self-signed one is placed by itself."""
    with pytest.raises(UntrustedIdentityError, match="signed by unknown authority"):
        make_msp([make_ca("root")]).place(make_ca("intermediate", make_ca("other")).certificate)


def test_self_signed_ca_that_does_not_hold_has_no_place() -> None:
    for stranger in (make_ca("stranger", more=[UNKNOWN]), make_ca("stranger", not_after=NOT_BEFORE)):
        with pytest.raises(UntrustedIdentityError, match="the supplied identity is not valid") as caught:
            make_msp([make_ca("root")]).place(stranger.certificate)
        assert "stranger" not in str(caught.value), "names as they came do not belong into a text"


def test_self_signed_leaf_has_no_place() -> None:
    with pytest.raises(UntrustedIdentityError, match="signed by unknown authority"):
        make_msp([make_ca("root")]).place(make_leaf("loner").certificate)


def test_certificate_of_an_rsa_ca_is_placed_without_a_chain() -> None:
    """Nothing is to be put in order in its signature, so nobody looks for its issuer before it is judged."""
    stranger = make_leaf("leaf", make_ca("stranger", key=rsa.generate_private_key(65537, 2048)))
    refuse(make_msp([make_ca("root")]), stranger, "signed by unknown authority")


def test_hash_that_go_does_not_know_leaves_a_place() -> None:
    """Go takes such a signature for none of ECDSA, so that again nothing is to be put in order."""
    root = make_ca("root")
    refuse(
        make_msp([root]),
        make_leaf("leaf", root, hash_algorithm=hashes.SHA224()),
        "the signature was not made with that CA's key",
    )


def test_sha1_is_known_and_refused() -> None:
    root = make_ca("root")
    assert isinstance(root.key, ec.EllipticCurvePrivateKey)
    weak = over_sha1(make_leaf("leaf", root).certificate.parsed, root.key)
    certificate = parse_certificate(weak.public_bytes(Encoding.DER))
    assert certificate.parsed.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA1
    assert certificate.weak_hash == "SHA-1"
    with pytest.raises(UntrustedIdentityError, match="the signature was not made with that CA's key"):
        make_msp([root]).place(certificate)


def signed_over_sha1(root: Issued, issuer: Issued) -> Issued:
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    weak = over_sha1(root.certificate.parsed, issuer.key)
    return Issued(parse_certificate(weak.public_bytes(Encoding.DER)), root.key)


def test_a_root_s_own_signature_may_be_over_sha1_where_it_is_rsa() -> None:
    """Old roots of companies are; Go takes a root for what it is, and Fabric looks at ECDSA alone."""
    root, other = make_ca("root", key=rsa.generate_private_key(65537, 2048)), make_ca("root")
    msp = make_msp([signed_over_sha1(root, root)])
    msp.check_identity(msp.place(make_leaf("leaf", root).certificate))
    intermediate = make_ca("intermediate", root, key=root.key)
    for refused in (signed_over_sha1(other, other), signed_over_sha1(intermediate, root)):
        refuse_config(make_config([refused]), r"^cacerts/0.pem: .* is not self-signed")


# -- who is a member


@pytest.mark.parametrize("role", Role)
def test_each_role(role: Role) -> None:
    root = make_ca("root")
    msp = make_msp([root])
    member = msp.place(make_leaf("leaf", root, units=(role.value, "other")).certificate)
    msp.check_identity(member)
    assert [each for each in Role if msp.has_role(member, each)] == [role]
    assert msp.is_reader(member) == (role is not Role.ORDERER)


def test_member_with_the_ca_bit() -> None:
    root = make_ca("root")
    refuse(make_msp([root]), make_ca("ca", root), "Certificate Authority equals true cannot be used as an identity")


def test_root_with_intermediates_below_it_issues_no_members() -> None:
    root, other = make_ca("root"), make_ca("other")
    intermediate = make_ca("intermediate", root)
    msp = make_msp([root, other], [intermediate])
    accept(msp, make_leaf("leaf", intermediate))
    accept(msp, make_leaf("leaf", other))
    refuse(msp, make_leaf("leaf", root), "root issued leaf, but has the intermediate CA intermediate below it")


def test_intermediate_with_intermediates_below_it_issues_no_members() -> None:
    root = make_ca("root")
    upper = make_ca("upper", root)
    lower = make_ca("lower", upper)
    msp = make_msp([root], [upper, lower])
    accept(msp, make_leaf("leaf", lower))
    refuse(msp, make_leaf("leaf", upper), "Parent certificate should be a leaf of the certification tree")


@pytest.mark.parametrize(
    ("units", "match"),
    [
        ((), r"does not have an OU that resolves to .*: one of client, peer, admin, orderer is expected\. OUs: \[\]"),
        (("Peer", "blue"), r"does not have an OU that resolves to .* OUs: \[Peer blue\], MSP: \[Org1MSP\]"),
        (("peer", "admin"), "not a combination of them: it has peer and admin"),
        (("peer", "blue", "peer"), "not a combination of them: it has peer and peer"),
    ],
)
def test_exactly_one_role_ou(units: tuple[str, ...], match: str) -> None:
    root = make_ca("root")
    refuse(make_msp([root]), make_leaf("leaf", root, units=units), f"could not validate identity's OUs: .*{match}")


def test_role_that_is_not_configured_is_no_role() -> None:
    root = make_ca("root")
    node_ous = {role: NODE_OUS[role] for role in (Role.PEER, Role.ADMIN)}
    msp = make_msp([root], node_ous=node_ous)
    accept(msp, make_leaf("leaf", root, units=("peer", "client")))
    refuse(msp, make_leaf("leaf", root, units=("client",)), "one of peer, admin is expected")


def test_certifier_must_have_issued() -> None:
    one, two = make_ca("one"), make_ca("two")
    msp = make_msp([one, two], node_ous=certified_by(one))
    accept(msp, make_leaf("leaf", one))
    match = "OU peer must be certified by one, but two issued the certificate"
    refuse(msp, make_leaf("leaf", two), f"certifiersIdentifier does not match: {match}")


def test_intermediate_as_certifier() -> None:
    root = make_ca("root")
    one, two = make_ca("one", root), make_ca("two", root)
    msp = make_msp([root], [one, two], node_ous=certified_by(one))
    accept(msp, make_leaf("leaf", one))
    refuse(msp, make_leaf("leaf", two), "certifiersIdentifier does not match")


def test_certifier_of_another_role_does_not_matter() -> None:
    one, two = make_ca("one"), make_ca("two")
    node_ous = {**NODE_OUS, Role.CLIENT: certified_by(one)[Role.CLIENT]}
    msp = make_msp([one, two], node_ous=node_ous)
    accept(msp, make_leaf("leaf", two, units=("peer",)))
    refuse(msp, make_leaf("leaf", two, units=("client",)), "certifiersIdentifier does not match")


# -- without NodeOUs


def without_roles(root: Issued, *more: Issued, units: tuple[OuConfig, ...] = ()) -> Msp:
    return make_msp([root, *more], node_ous=None, admins=[make_leaf("admin", root)], organizational_units=units)


def test_without_node_ous_every_certificate_is_a_member_and_reads() -> None:
    root = make_ca("root")
    msp = without_roles(root)
    member = msp.place(make_leaf("leaf", root, units=("peer", "client")).certificate)
    msp.check_identity(member)
    assert not any(msp.has_role(member, role) for role in Role)
    assert msp.is_reader(member)


def test_required_ou_with_its_certifier() -> None:
    one, two = make_ca("one"), make_ca("two")
    unit = OuConfig("peer", files("cacerts", [one])[0], "config.yaml:2", "config.yaml:2")
    msp = without_roles(one, two, units=(unit, unit))
    accept(msp, make_leaf("leaf", one, units=("blue", "peer")))
    refuse(msp, make_leaf("leaf", one, units=("blue",)), r"takes peer\. OUs: \[blue\]")
    refuse(msp, make_leaf("leaf", one, units=()), "does not contain an Organizational Unit")
    refuse(msp, make_leaf("leaf", two, units=("peer",)), "none of the identity's organizational units are in the MSP")


def test_required_ous_are_required_beside_node_ous_too() -> None:
    root = make_ca("root")
    msp = make_msp(
        [root], organizational_units=[OuConfig("blue", files("cacerts", [root])[0], "config.yaml:2", "config.yaml:2")]
    )
    accept(msp, make_leaf("leaf", root, units=("peer", "blue")))
    refuse(msp, make_leaf("leaf", root, units=("peer",)), r"none of the identity's organizational units .*takes blue")
    refuse(msp, make_leaf("leaf", root, units=("blue",)), "resolves to client, peer, orderer, or admin role")


# -- admins


def test_admin_by_place_in_admincerts() -> None:
    root = make_ca("root")
    admin = make_leaf("admin", root, units=("client",))
    msp = make_msp([root], admins=[admin])
    assert msp.has_role(msp.place(admin.certificate), Role.ADMIN)
    assert not msp.has_role(msp.place(make_leaf("other", root, units=("client",)).certificate), Role.ADMIN)


def test_admin_must_be_a_client_or_an_admin() -> None:
    root = make_ca("root")
    refuse_config(make_config([root], admins=[make_leaf("admin", root)]), "^admincerts/0.pem: admin is invalid: .* OU")


def test_admin_must_be_of_the_msp() -> None:
    admin = make_leaf("admin", make_ca("other"), units=("admin",))
    refuse_config(
        make_config([make_ca("root")], admins=[admin]), "^admincerts/0.pem: admin is invalid: .*unknown authority"
    )


def test_without_node_ous_admins_must_be_valid() -> None:
    root = make_ca("root")
    refuse_config(
        make_config([root], node_ous=None, admins=[make_ca("ca", root)]), "^admincerts/0.pem: admin is invalid"
    )


def test_with_node_ous_too_admins_must_have_a_chain() -> None:
    """Fabric finds no OU in a certificate whose certification chain does not hold."""
    root = make_ca("root")
    intermediate = make_ca("intermediate", root)
    match = "^admincerts/0.pem: admin is invalid: could not obtain certification chain: "
    under_root = make_leaf("admin", root, units=("admin",))
    refuse_config(make_config([root], [intermediate], admins=[under_root]), match + "invalid validation chain")
    refuse_config(make_config([root], admins=[make_ca("admin", root, units=("admin",))]), match + "admin is a CA")


@pytest.mark.parametrize("node_ous", [None, {Role.PEER: NODE_OUS[Role.PEER]}], ids=["no NodeOUs", "no admin OU"])
def test_somebody_must_be_able_to_be_an_admin(node_ous: dict[Role, OuConfig] | None) -> None:
    refuse_config(make_config([make_ca("root")], node_ous=node_ous), "administrators must be declared")


# -- what keeps an MSP from starting


@pytest.mark.parametrize(
    ("root", "match"),
    [
        (make_leaf("leaf", extensions=(NO_CA,)), "did not have the CA attribute, .*leaf is no CA"),
        (make_ca("root", has_key_id=False), "subjectKeyIdentifier not found in certificate"),
        (make_ca("root", more=[key_usage(signs_certificates=False)]), "key usages lack certificate signing"),
        (make_ca("ca", make_ca("root")), "ca is not self-signed, so it is no root"),
        (make_ca("root", more=[UNKNOWN]), "unaccounted-for critical extensions"),
        (make_ca("root", not_after=NOT_BEFORE), "not valid at validation time"),
        (
            make_ca("root", key=ed25519.Ed25519PrivateKey.generate(), hash_algorithm=None),
            "public key type not recognized",
        ),
        (make_ca("root", key=ec.generate_private_key(ec.SECP224R1())), "key is too weak"),
        (make_ca("root", key=rsa.generate_private_key(65537, 1024)), "key is too weak"),
    ],
    ids=[
        "no CA",
        "no key id",
        "key usage",
        "not self-signed",
        "unknown extension",
        "ended",
        "ed25519",
        "P-224",
        "RSA 1024",
    ],
)
def test_roots_that_cannot_be_one(root: Issued, match: str) -> None:
    refuse_config(make_config([root]), f"^cacerts/0.pem: .*{match}")


@pytest.mark.parametrize("root", [make_ca("root"), make_ca("root", key=rsa.generate_private_key(65537, 2048))])
def test_cas_for_other_purposes_than_servers(root: Issued) -> None:
    refuse_config(make_config([make_ca("other", more=[CLIENT_ONLY])]), "^cacerts/0.pem: .* lack server authentication")
    intermediate = make_ca("intermediate", root, more=[CLIENT_ONLY])
    refuse_config(make_config([root], [intermediate]), "^intermediatecerts/0.pem: .* lack server authentication")


def test_intermediate_that_may_not_sign_is_loaded_and_nobody_below_it_is_placed() -> None:
    root, other = make_ca("root"), make_ca("other")
    intermediate = make_ca("intermediate", root, more=[key_usage(signs_certificates=False)])
    msp = make_msp([root, other], [intermediate])
    accept(msp, make_leaf("leaf", other))
    refuse(msp, make_leaf("leaf", root), "root issued leaf, but has the intermediate CA intermediate below it")
    with pytest.raises(UntrustedIdentityError, match="no certification path leads from intermediate to a root"):
        msp.place(make_leaf("leaf", intermediate).certificate)
    refuse_config(make_config([root], [intermediate, make_ca("lower", intermediate)]), "^intermediatecerts/1.pem: ")


def test_rsa_root_that_may_not_sign_is_loaded_and_nobody_below_it_is_a_member() -> None:
    """With an ECDSA one no MSP starts, Fabric's neither."""
    key = rsa.generate_private_key(65537, 2048)
    root, other = make_ca("root", key=key, more=[key_usage(signs_certificates=False)]), make_ca("other")
    msp = make_msp([root, other])
    accept(msp, make_leaf("leaf", other))
    refuse(msp, make_leaf("leaf", root), "no certification path leads from root to a root")


def test_no_roots() -> None:
    refuse_config(make_config([]), "^Org1MSP: expected at least one CA certificate")


@pytest.mark.parametrize("issuer", [None, make_ca("stranger")], ids=["root", "stranger's"])
def test_intermediate_that_leads_to_no_root(issuer: Issued | None) -> None:
    intermediate = make_ca("intermediate", issuer)
    config = make_config([make_ca("root")], [intermediate])
    refuse_config(config, "^intermediatecerts/0.pem: CA Certificate is not valid: the supplied identity is not valid")


def test_intermediate_with_name_and_key_of_its_issuer_leads_to_no_root() -> None:
    """Go takes no certificate above one of the same name and key."""
    root = make_ca("root")
    intermediate = make_ca("intermediate", root)
    for copied, intermediates in ((root, []), (intermediate, [intermediate])):
        again = make_ca(copied.certificate.subject, key=copied.key)
        config = make_config([root], [*intermediates, again])
        refuse_config(config, r"^intermediatecerts/\d.pem: .* no certification path leads from")


def test_root_among_the_intermediates_is_no_harm() -> None:
    root = make_ca("root")
    accept(make_msp([root], [root]), make_leaf("leaf", root))


def test_certifier_that_is_no_ca_of_the_msp() -> None:
    config = make_config([make_ca("root")], node_ous=certified_by(make_ca("other")))
    refuse_config(config, r"^config\.yaml:\d: Failed adding OU client: .* is not in root or intermediate certs")


def test_certifier_that_issues_no_members() -> None:
    root = make_ca("root")
    upper = make_ca("upper", root)
    config = make_config([root], [upper, make_ca("lower", upper)], node_ous=certified_by(upper))
    refuse_config(config, r"^config\.yaml:\d: Failed adding OU client: .* has intermediate CAs below it")


@pytest.mark.parametrize(
    ("root", "match"),
    [
        (make_leaf("leaf"), "did not have the CA attribute"),
        (make_ca("root", has_key_id=False), "subjectKeyIdentifier not found"),
        (make_ca("root", more=[CLIENT_ONLY]), "its extended key usages lack server authentication"),
    ],
)
def test_tls_roots_that_cannot_be_one(root: Issued, match: str) -> None:
    refuse_config(make_config([make_ca("root")], tls_roots=[root]), f"^tlscacerts/0.pem: .*{match}")


def test_tls_intermediate_that_leads_to_no_tls_root() -> None:
    root = make_ca("root")
    config = make_config([root], tls_roots=[make_ca("tls")], tls_intermediates=[make_ca("intermediate", root)])
    refuse_config(config, "^tlsintermediatecerts/0.pem: .*unknown authority")


def test_tls_cas_are_judged_when_each_began() -> None:
    """As the CAs of identities: what has ended since is no matter, and what was renewed since did not exist."""
    old = make_ca("tls", not_after=NOT_BEFORE + timedelta(days=60))
    intermediate = make_ca("intermediate", old)
    make_msp([make_ca("root")], tls_roots=[old], tls_intermediates=[intermediate])
    renewed = make_ca("tls", key=old.key, not_before=NOT_BEFORE + timedelta(days=30))
    make_msp([make_ca("root")], tls_roots=[old, renewed], tls_intermediates=[intermediate])
    for root, issued in (
        (renewed, intermediate),
        (old, make_ca("later", old, not_before=NOT_BEFORE + timedelta(days=90))),
    ):
        config = make_config([make_ca("root")], tls_roots=[root], tls_intermediates=[issued])
        refuse_config(config, "^tlsintermediatecerts/0.pem: .*not valid at validation time")


def test_high_s_in_the_cas_own_signature_makes_no_difference() -> None:
    """Certifiers are compared with a low S on both sides."""
    for _ in range(6):
        root = make_ca("root", key=ec.generate_private_key(ec.SECP256R1()))
        low = Issued(root.certificate.with_low_s(root.certificate), root.key)
        for config_root, certifier in ((root, low), (low, root), (root, root)):
            file = CertificateFile("cacerts/x.pem", certifier.certificate)
            node_ous = {role: OuConfig(role.value, file, "config.yaml:1", "config.yaml:1") for role in Role}
            accept(make_msp([config_root], node_ous=node_ous), make_leaf("leaf", root))


def test_identity_is_written_with_low_s_and_plain_pem() -> None:
    root = make_ca("root")
    msp = make_msp([root])
    for number in range(6):
        leaf = make_leaf(f"leaf{number}", root)
        low = Issued(leaf.certificate.with_low_s(root.certificate), leaf.key)
        assert msp.encode_identity(leaf.certificate) == low.identity()


def test_basic_constraints_of_the_member_may_be_missing() -> None:
    root = make_ca("root")
    names = (x509.SubjectAlternativeName([x509.DNSName("peer0")]), False)
    accept(make_msp([root]), make_leaf("leaf", root, extensions=(names,)))


def test_cas_with_too_many_paths_make_no_msp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MAX_PATHS", 1)
    with pytest.raises(ConfigurationError, match=r"^Org1MSP: the CAs form more than 1 certification paths$"):
        make_msp([make_ca("one"), make_ca("two")])
