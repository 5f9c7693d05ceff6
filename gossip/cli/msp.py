"""``gossip msp``: what is wrong with an MSP folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.cli.options import Mspid
from gossip.cli.report import ExitCode, Json, reporting

if TYPE_CHECKING:
    from gossip.msp.lint import FileFacts, Finding

app = typer.Typer(help="Look at MSP folders.", no_args_is_help=True)


@app.callback()
def msp() -> None:
    """Look at MSP folders."""


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(readable=False, metavar="DIR", help="The MSP folder; a tls folder beside it is included.")
    ],
    mspid: Mspid = None,
    as_json: Json = False,
) -> None:
    """List every file of an MSP folder with its role and validity, and everything that is wrong, with its remedy."""
    from gossip.msp.lint import lint_msp_folder

    with reporting(as_json) as report:
        lint = lint_msp_folder(folder, now=datetime.now(UTC), mspid=mspid)
        files = [_file_facts(facts) for facts in lint.files]
        findings = [_finding_facts(finding) for finding in lint.findings]
        if as_json:
            ids = {"mspid": mspid, "pki_id": lint.pki_id}
            report.record({"ok": not findings, "folder": folder, **ids, "files": files, "findings": findings})
        else:
            report.table(str(folder), files)
            for finding in lint.findings:
                report.text(f"{finding.severity.value}: {finding.file}: {finding.problem} [{finding.rule}]")
                report.text(f"  remedy: {finding.remedy}")
            report.record({"pki_id": lint.pki_id, "findings": len(findings)})
    if findings:
        raise typer.Exit(ExitCode.REFUSED)


def _file_facts(facts: "FileFacts") -> dict[str, object]:
    return {
        "file": facts.file,
        "role": facts.role,
        "subject": facts.subject,
        "not_before": facts.not_before_at,
        "not_after": facts.not_after_at,
    }


def _finding_facts(finding: "Finding") -> dict[str, object]:
    return {
        "file": finding.file,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "problem": finding.problem,
        "remedy": finding.remedy,
    }
