"""Judges our own identity in our own MSP: what others would refuse, before they do."""

from gossip.errors import ConfigurationError
from gossip.msp.lint import Finding, Severity
from gossip.node.diagnose.diagnosis import Cause, Outcome, Side, Stage, StageReport, failed, passed
from gossip.node.diagnose.own_side import OwnSide

_TELLING = (
    "ca-in-signcerts",
    "tls-certificate",
    "no-signcert",
    "node-ou-certifier",
    "node-ou-role",
    "expired",
    "revoked",
)
"""Rules that explain others which are broken with them: a CA's certificate in signcerts has no key here either."""


def judge_own_identity(own: OwnSide) -> StageReport:
    """Would our own MSPs take us?"""
    if own.error is not None:
        return failed(Stage.OWN_IDENTITY, Side.OURS, own.error, *_unusable(own, own.error.path))
    verdict = own.verdict
    assert verdict is not None  # with no error there is one
    facts = {"msp": own.settings.mspid, "pki_id": verdict.pki_id.hex()}
    if verdict.ok:
        other = [mspid for mspid in own.issuing_mspids if mspid != own.settings.mspid]
        if other:
            facts["note"] = f"{', '.join(other)} has the same CA, so that {own.settings.mspid} may be a wrong name"
            return StageReport(Stage.OWN_IDENTITY, Outcome.WARNING, None, facts)
        return passed(Stage.OWN_IDENTITY, None, facts)
    error = ConfigurationError(f"our own identity does not hold: {verdict.reason}", path=str(own.settings.msp_dir))
    unclear = Cause("own-identity", str(verdict.reason), str(own.settings.msp_dir / "signcerts"))
    return failed(Stage.OWN_IDENTITY, Side.OURS, error, *(_causes(own) or (unclear,)), facts=facts)


def _unusable(own: OwnSide, path: str | None) -> tuple[Cause, ...]:
    where = own.msp_file(path) if path is not None else None
    mspid = own.find_organization(path) if path is not None else None
    if mspid is not None:
        text = f"the MSP folder of {mspid} that we were given cannot be used; gossip msp check says all about it"
        return (Cause("org-msp", text, where),)
    return _causes(own) or (Cause("own-msp", "our MSP folder cannot be used", where),)


def _causes(own: OwnSide) -> tuple[Cause, ...]:
    errors = sorted((finding for finding in own.findings if finding.severity is Severity.ERROR), key=_rank)
    return tuple(
        Cause(found.rule, f"{found.file}: {found.problem}; {found.remedy}", _place(own, found)) for found in errors
    )


def _place(own: OwnSide, found: Finding) -> str:
    """Where to look; a folder without CAs may be another one than was meant."""
    path = str(own.settings.msp_dir / found.file)
    return own.msp_file(path) if found.rule == "no-root" else path


def _rank(finding: Finding) -> tuple[bool, int]:
    """What lies outside of the folder, in tls, explains little."""
    telling = _TELLING.index(finding.rule) if finding.rule in _TELLING else len(_TELLING)
    return finding.file.startswith("../"), telling
