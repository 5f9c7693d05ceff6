"""The peer's own certificate and key: what a peer does with several, and with a key behind something else."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gossip.errors import ConfigurationError
from gossip.msp.authority import Credential, Validity
from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.lint import Finding, Severity, lint_msp_folder
from gossip.msp.membership import Msp
from gossip.msp.signature import check_signature
from tests.support.msp_folders import CA, CA_FILE, NAME, OWN, found, own_identity, put, put_own
from tests.support.organizations import NOW, peer

KEY = "keystore/priv_sk"
PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
IDENTITY = peer().identity
MONTH = timedelta(days=30)


def findings(msp: Path) -> dict[str, Finding]:
    return {each.rule: each for each in lint_msp_folder(msp, now=NOW).findings}


# -- several of them


def test_an_old_certificate_before_ours_is_the_one_to_go(msp: Path) -> None:
    put(msp / "signcerts" / "cert.pem", own_identity(validity=Validity.expired(NOW)).certificate_pem)

    told = findings(msp)

    assert told.keys() == {"several-signcerts"}  # that what is to go has ended asks for nothing
    assert told["several-signcerts"].problem == (
        f"a peer uses the first certificate by name, signcerts/cert.pem, and ignores {OWN}; but the key in "
        f"keystore is that of {OWN}"
    )
    assert told["several-signcerts"].remedy == (
        f"leave only {OWN} there, whose key is in keystore: move signcerts/cert.pem elsewhere"
    )


def test_of_two_that_hold_the_one_with_the_key_stays(msp: Path) -> None:
    new = own_identity()
    put(msp / "signcerts" / "zz.pem", new.certificate_pem)
    put(msp / KEY, new.key_pem)

    told = findings(msp)

    assert told.keys() == {"several-signcerts"}
    assert told["several-signcerts"].remedy.startswith("leave only signcerts/zz.pem there")


def put_another(msp: Path, credential: Credential) -> None:
    """A certificate that comes first by name, and its key."""
    put(msp / "signcerts" / "aa.pem", credential.certificate_pem)
    put(msp / "keystore" / "other_sk", credential.key_pem)
    (msp / "keystore" / "other_sk").chmod(0o600)


def months(begin: int, end: int) -> Validity:
    return Validity(NOW + begin * MONTH, NOW + end * MONTH)


@pytest.mark.parametrize(
    ("another", "merit"),
    [
        (own_identity(validity=Validity.expired(NOW)), "is in force"),
        (own_identity(validity=months(2, 9)), "is in force"),
        (own_identity(validity=months(-9, 9)), "was issued later"),
        (CA.issue_tls(NAME, validity=months(-1, 9), hosts=["localhost"]), "is not for TLS"),
    ],
    ids=["ended", "not begun", "older", "for TLS"],
)
def test_of_two_with_a_key_the_better_one_stays(msp: Path, another: Credential, merit: str) -> None:
    put_another(msp, another)
    put_own(msp, own_identity(validity=months(-2, 9)))

    told = findings(msp)["several-signcerts"]

    assert told.problem == (
        f"a peer uses the first certificate by name, signcerts/aa.pem, and ignores {OWN}; but keystore has the key of "
        f"{OWN} too, which {merit}"
    )
    assert told.remedy == f"leave only {OWN} there, whose key is in keystore: move signcerts/aa.pem elsewhere"


def test_that_the_other_one_has_ended_and_keys_without_certificates_ask_for_nothing(msp: Path) -> None:
    put_another(msp, own_identity(validity=Validity.expired(NOW)))
    put(msp / "keystore" / "oldest_sk", own_identity().key_pem)
    (msp / "keystore" / "oldest_sk").chmod(0o600)

    assert found(msp) == {("signcerts", "several-signcerts")}


def test_where_the_first_is_the_better_one_it_stays(msp: Path) -> None:
    put_another(msp, own_identity(validity=months(-1, 9)))
    put_own(msp, own_identity(validity=months(-2, 9)))

    told = findings(msp)["several-signcerts"]

    assert told.problem == f"a peer uses the first certificate by name, signcerts/aa.pem, and ignores {OWN}"
    assert told.remedy == f"leave only signcerts/aa.pem there, whose key is in keystore: move {OWN} elsewhere"


def test_where_no_key_fits_nobody_can_tell_which_is_meant(msp: Path) -> None:
    put(msp / "signcerts" / "zz.pem", own_identity().certificate_pem)
    put(msp / KEY, own_identity().key_pem)

    told = findings(msp)

    assert told.keys() == {"several-signcerts", "key-mismatch"}
    assert told["several-signcerts"].remedy == "leave only the peer's own certificate there"


def test_old_keys_beside_ours_are_in_order_as_fabric_ca_client_leaves_them(msp: Path) -> None:
    put(msp / "keystore" / "old_sk", own_identity().key_pem)
    (msp / "keystore" / "old_sk").chmod(0o600)

    assert found(msp) == set()
    assert load_signing_identity(msp, "Org1MSP").key.public_key() == IDENTITY.key.public_key()


# -- a key that a peer takes, and one that Fabric's does not


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()])
def test_a_peer_signs_with_every_strong_curve_of_go(msp: Path, curve: ec.EllipticCurve) -> None:
    put_own(msp, own_identity(key=ec.generate_private_key(curve)))
    own, local = load_signing_identity(msp, "Org1MSP"), Msp(load_msp_config(msp, "Org1MSP"))

    local.check_identity(local.place(own.certificate))
    check_signature(own.key.public_key(), own.sign(b"message"), b"message")
    assert found(msp) == set()


def test_a_key_behind_the_parameters_of_its_curve_is_read_here_and_not_by_fabric(msp: Path) -> None:
    put(msp / KEY, PARAMETERS + IDENTITY.key_pem)
    (finding,) = lint_msp_folder(msp, now=NOW).findings

    assert load_signing_identity(msp, "Org1MSP").key.public_key() == IDENTITY.key.public_key()
    assert (finding.rule, finding.severity) == ("key-not-first", Severity.WARNING)
    assert finding.problem == "begins with EC PARAMETERS, so a Fabric peer, which reads the first block, finds no key"


# -- a key in the certificate's file


def test_a_key_before_our_certificate_is_to_be_moved_without_it(msp: Path) -> None:
    put(msp / OWN, IDENTITY.key_pem + IDENTITY.certificate_pem)

    (finding,) = lint_msp_folder(msp, now=NOW).findings

    assert (finding.file, finding.rule) == (OWN, "key-among-certificates")
    assert finding.problem == "begins with PRIVATE KEY, and a peer reads only the first PEM block"
    assert finding.remedy == (
        "move the key, which is everything before -----BEGIN CERTIFICATE-----, into a file of its own in "
        "keystore; make sure that this folder was not shared with anybody"
    )


def test_a_key_among_cas_is_not_to_be_moved_to_keystore(msp: Path) -> None:
    put(msp / "cacerts" / "priv_sk", IDENTITY.key_pem)
    (finding,) = lint_msp_folder(msp, now=NOW).findings
    assert finding.remedy.startswith("move it out of the MSP folder, and keep it; ")


@pytest.mark.parametrize(("file", "load"), [(CA_FILE, load_msp_config), (OWN, load_signing_identity)])
def test_the_loader_says_with_what_a_file_begins(msp: Path, file: str, load: Callable[[Path, str], object]) -> None:
    put(msp / file, IDENTITY.key_pem + (msp / file).read_bytes())

    with pytest.raises(
        ConfigurationError, match="the file begins with PRIVATE KEY, and only its first PEM block is read"
    ):
        load(msp, "Org1MSP")


def test_a_garbled_certificate_is_told_without_the_parser_s_insides(msp: Path) -> None:
    put(msp / OWN, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert findings(msp)["not-a-certificate"].problem == "not an X.509 certificate: its DER is garbled: unexpected tag"
