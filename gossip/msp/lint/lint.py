"""All rules over one folder."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gossip.msp.certificate import pki_id_of
from gossip.msp.lint.blocks import lint_blocks
from gossip.msp.lint.certificates import lint_keys_fit_fabric, lint_places, lint_validity
from gossip.msp.lint.finding import FileFacts, Finding, Severity
from gossip.msp.lint.issuance import lint_chains, lint_crls, lint_twins
from gossip.msp.lint.kinds import lint_kinds
from gossip.msp.lint.layout import lint_layout
from gossip.msp.lint.own import lint_own
from gossip.msp.lint.reading import read_folder
from gossip.msp.lint.refusal import lint_as_loaded
from gossip.msp.lint.settings import lint_settings
from gossip.msp.lint.tls import lint_tls
from gossip.types import PkiId


@dataclass(frozen=True, slots=True)
class Lint:
    """What an MSP folder holds and what is wrong with it, both in the order of the files' names.

    ``pki_id`` is the peer's own, None without MSP-ID or certificate.
    """

    pki_id: PkiId | None
    files: tuple[FileFacts, ...]
    findings: tuple[Finding, ...]


def lint_msp_folder(path: Path, *, now: datetime, mspid: str | None = None) -> Lint:
    """Look over an MSP folder, and the ``tls`` folder beside it where the folder is named ``msp``.

    Reads every file and changes none.

    Args:
        path: The folder.
        now: What validity is judged by.
        mspid: The organisation's MSP-ID, of which the PKI-ID is made.

    Raises:
        ConfigurationError: It is no MSP folder.
        OSError: The folder may not be read.
    """
    folder = read_folder(path)
    findings = [
        *folder.findings,
        *lint_layout(folder),
        *lint_blocks(folder),
        *lint_places(folder),
        *lint_keys_fit_fabric(folder),
        *lint_validity(folder, now),
        *lint_kinds(folder),
        *lint_chains(folder),
        *lint_twins(folder),
        *lint_own(folder, now),
        *lint_crls(folder),
        *lint_settings(folder),
        *lint_tls(folder),
    ]
    if not any(finding.severity is Severity.ERROR for finding in findings):
        findings += lint_as_loaded(folder, mspid or "MSP")
    presented = folder.presented()
    pki_id = pki_id_of(mspid, presented) if mspid and presented else None
    return Lint(pki_id, tuple(folder.files), tuple(sorted(findings, key=_place)))


def _place(finding: Finding) -> tuple[str, int, str]:
    file, _, line = finding.file.rpartition(":")
    return (file, int(line), finding.rule) if line.isdecimal() else (finding.file, 0, finding.rule)
