"""Identities whose CA is there twice, or of another generation."""

from datetime import timedelta
from pathlib import Path

from gossip.msp.authority import Authority, Validity
from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.lint import Severity
from gossip.msp.membership import Msp
from tests.support.certificates import renewed
from tests.support.msp_folders import CA, CA_FILE, NAME, OWN, VALIDITY, found, only_finding, put, put_own, replace_line
from tests.support.organizations import NOW

ENDED_AT = NOW - timedelta(minutes=1)
RENEWED = "cacerts/renewed.pem"


def test_a_ca_and_its_renewal_in_one_folder_are_one_too_many(msp: Path) -> None:
    put(msp / RENEWED, renewed(CA, begins_at=VALIDITY.not_before_at - timedelta(days=1)))

    finding = only_finding(msp)

    assert (finding.file, finding.rule, finding.severity) == (RENEWED, "ca-twice", Severity.ERROR)
    assert finding.problem == (
        f"{CA.name} has the same key here as in {CA_FILE}: while both are valid, what it issues has two "
        "chains, and peers accept only one"
    )
    assert finding.remedy == "leave one of them there, in every copy of this folder"


def test_so_are_they_where_an_intermediate_is_between(msp: Path) -> None:
    lower = CA.issue_authority("lower.org1.example.com", "org1.example.com", validity=VALIDITY)
    put(msp / RENEWED, renewed(CA, begins_at=VALIDITY.not_before_at - timedelta(days=1)))
    put(msp / "intermediatecerts" / "lower.pem", lower.certificate_pem)
    replace_line(msp / "config.yaml", CA_FILE, "intermediatecerts/lower.pem")
    put_own(msp, lower.issue_identity(NAME, validity=VALIDITY, units=["peer"]))

    assert found(msp) == {(RENEWED, "ca-twice")}


def test_where_nobody_is_enrolled_yet_while_both_hold_it_is_a_warning(msp: Path) -> None:
    put(msp / RENEWED, renewed(CA, begins_at=VALIDITY.not_before_at + timedelta(seconds=10)))

    finding = only_finding(msp)

    assert (finding.file, finding.rule, finding.severity) == (RENEWED, "ca-twice", Severity.WARNING)


def test_a_ca_that_has_ended_still_vouches_for_whom_it_enrolled_in_time(msp: Path) -> None:
    ended = Authority.create(CA.name, "org1.example.com", validity=Validity(VALIDITY.not_before_at, ENDED_AT))
    put(msp / CA_FILE, ended.certificate_pem)
    put_own(msp, ended.issue_identity(NAME, validity=VALIDITY, units=["peer"]))
    local = Msp(load_msp_config(msp, "Org1MSP"))

    local.check_identity(local.place(load_signing_identity(msp, "Org1MSP").certificate))
    finding = only_finding(msp)

    assert (finding.file, finding.rule, finding.severity) == (CA_FILE, "expired", Severity.WARNING)
    assert finding.problem.endswith(
        "Z: identities it issued before then are still accepted; those it issues now are not"
    )


def test_a_ca_of_another_generation_is_told_from_none(msp: Path) -> None:
    new = Authority.create(CA.name, "org1.example.com", validity=VALIDITY)
    put_own(msp, new.issue_identity(NAME, validity=VALIDITY, units=["peer"]))

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == (OWN, "other-generation")
    assert finding.problem == (
        f"the {CA.name} that issued {NAME} has another key than the {CA.name} in {CA_FILE}: they belong to "
        "different generations of crypto material"
    )
    assert finding.remedy == (
        f"put the certificate of the {CA.name} that issued it into {CA_FILE}, and give it to the other organisations; "
        "or go back to the certificate and key of the generation of that CA"
    )
