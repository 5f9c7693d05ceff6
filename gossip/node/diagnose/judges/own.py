"""Judges our own identity in our own MSP: what others would refuse, before they do."""

from collections.abc import Iterator

from gossip.errors import ConfigurationError
from gossip.msp.lint import Finding, Severity
from gossip.node.diagnose.diagnosis import Cause, Outcome, Side, Stage, StageReport, failed, passed
from gossip.node.diagnose.end_notice import find_end_notice
from gossip.node.diagnose.own_side import OwnSide

_TELLING = (
    "dangling-link",
    "unreadable",
    "misnamed",
    "not-a-certificate",
    "several-signcerts",
    "ca-in-signcerts",
    "ca-among-tls-cas",
    "tls-certificate",
    "ca-twice",
    "other-generation",
    "weak-signature",
    "not-a-file",
    "no-signcert",
    "not-a-root",
    "not-issued-here",
    "tls-ca-among-cas",
    "node-ou-certifier",
    "node-ou-case",
    "node-ou-role",
    "ca-younger",
    "expired",
    "revoked",
)
"""Rules that explain others which are broken with them: a CA's certificate in signcerts has no key here either."""

_BESIDE = "../"
"""How the files of ``tls`` begin, which lies beside the MSP folder."""

_NOBODY_READS = ("not-pem", "not-a-key")
_PASSED_OVER = {
    "signcerts": ("no-signcert", "no-key", "key-mismatch"),
    "cacerts": ("no-root", "not-issued-here", "other-generation"),
    "intermediatecerts": ("not-issued-here", "other-generation"),
    "keystore": ("no-key",),
}
"""What is missing where a file of this folder is passed over."""

_MISREAD = {
    "misnamed": ("no-root", "no-signcert", "no-key", "no-config", "no-admins", "not-issued-here", "node-ou-role"),
    "unknown-key": ("no-admins", "node-ou-role", "missing-ou", "refused"),
    "repeated-key": ("no-admins", "node-ou-role", "node-ou-certifier", "missing-ou", "refused"),
}
"""What follows from a folder, file or key that is not read as it was meant."""


def judge_own_identity(own: OwnSide) -> StageReport:
    """Would our own MSPs take us?"""
    if own.error is not None:
        return failed(Stage.OWN_IDENTITY, Side.OURS, own.error, *_unusable(own, own.error.path))
    verdict = own.verdict
    assert verdict is not None  # with no error there is one
    facts = {"msp": own.settings.mspid, "pki_id": verdict.pki_id.hex()}
    if own.certificate is not None:
        facts |= {"subject": own.certificate.subject, "units": ", ".join(own.certificate.organizational_units)}
    if verdict.ok:
        notices = "; ".join((*_same_ca(own), *find_end_notice("our certificate", own.certificate, own.read_at)))
        if notices:
            return StageReport(Stage.OWN_IDENTITY, Outcome.WARNING, None, {**facts, "note": notices})
        return passed(Stage.OWN_IDENTITY, None, facts)
    error = ConfigurationError(f"our own identity is not valid: {verdict.reason}", path=str(own.settings.msp_dir))
    unclear = Cause("own-identity", str(verdict.reason), str(own.settings.msp_dir / "signcerts"))
    return failed(Stage.OWN_IDENTITY, Side.OURS, error, *(_causes(own) or (unclear,)), facts=facts)


def _same_ca(own: OwnSide) -> Iterator[str]:
    other = [mspid for mspid in own.issuing_mspids if mspid != own.settings.mspid]
    if other:
        given = ", ".join(f"--org {mspid}={own.settings.organizations[mspid]}" for mspid in other)
        yield f"the same CA is in {given}: that folder is ours, or {own.settings.mspid} is a wrong name"


def find_broken_organization(own: OwnSide) -> Cause | None:
    """The folder of another organisation that keeps us from having any MSP; None where it is not that."""
    path = own.error.path if own.error is not None else None
    mspid = own.find_organization(path) if path is not None else None
    if path is None or mspid is None:
        return None
    text = f"the MSP folder of {mspid} that we were given cannot be used; gossip msp check gives the details"
    return Cause("org-msp", text, own.msp_file(path))


def _unusable(own: OwnSide, path: str | None) -> tuple[Cause, ...]:
    if own.settings.mspid in own.settings.organizations:
        return (_named_twice(own),)
    broken = find_broken_organization(own)
    if broken is not None:
        return (broken,)
    if own.wrong_folder is not None:
        return (Cause("own-msp", str(own.wrong_folder), own.msp_file(str(own.settings.msp_dir))),)
    where = own.msp_file(path) if path is not None else None
    causes = (*_passed_over(own, path), *_causes(own))
    return causes or (Cause("own-msp", "our MSP folder cannot be used", where),)


def _named_twice(own: OwnSide) -> Cause:
    mspid = own.settings.mspid
    text = f"{mspid} is our own MSP-ID, and is also given with --org; one of the two is wrong"
    where = f"{own.where('peer.localMspId', '--mspid')}, and --org {mspid}={own.settings.organizations[mspid]}"
    return Cause("own-mspid", text, where)


def _passed_over(own: OwnSide, path: str | None) -> Iterator[Cause]:
    """What is in the folder that was found empty, where nothing else in the MSP folder explains that it was."""
    within = [found for found in own.findings if not found.file.startswith(_BESIDE)]
    if path is None or any(found.severity is Severity.ERROR for found in within):
        return
    for found in within:
        if found.rule in _NOBODY_READS and str((own.settings.msp_dir / found.file).parent) == path:
            yield _cause(own, found)


def _causes(own: OwnSide) -> tuple[Cause, ...]:
    errors = sorted((finding for finding in own.findings if finding.severity is Severity.ERROR), key=_rank)
    warnings = [finding for finding in own.findings if finding.severity is Severity.WARNING]
    ranked: list[Finding] = []
    for found in errors:
        ranked += [warning for warning in warnings if _explains(warning, found)]
        ranked.append(found)
    return tuple(_cause(own, found) for found in dict.fromkeys(ranked))


def _cause(own: OwnSide, found: Finding) -> Cause:
    return Cause(found.rule, f"{found.file}: {found.problem}; {found.remedy}", _place(own, found))


def _explains(warning: Finding, error: Finding) -> bool:
    """Whether what is only a warning by itself is why something else is wrong."""
    if warning.rule in _NOBODY_READS:
        return error.rule in _PASSED_OVER.get(warning.file.partition("/")[0], ())
    return error.rule in _MISREAD.get(warning.rule, ())


def _place(own: OwnSide, found: Finding) -> str:
    """Where to look; a folder without CAs or config.yaml may be another one than was meant."""
    msp_dir = own.settings.msp_dir
    if found.rule == "no-config":
        return own.msp_file(str(msp_dir))
    if found.file.startswith(_BESIDE):
        return str(msp_dir.parent / found.file.removeprefix(_BESIDE))
    path = str(msp_dir / found.file)
    return own.msp_file(path) if found.rule == "no-root" else path


def _rank(finding: Finding) -> tuple[bool, int]:
    """What lies outside of the folder, in tls, explains little."""
    telling = _TELLING.index(finding.rule) if finding.rule in _TELLING else len(_TELLING)
    return finding.file.startswith(_BESIDE), telling
