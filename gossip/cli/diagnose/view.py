"""Shows diagnoses: a tree each and a matrix for people, an object each for programs."""

from collections.abc import Sequence

from rich.text import Text
from rich.tree import Tree

from gossip.cli.report import Report, make_console
from gossip.cli.signs import sign
from gossip.node.diagnose.diagnosis import Diagnosis, Outcome, Problem, Stage, StageReport
from gossip.shown import one_line

_MARKS = {
    Outcome.OK: ("✓", "ok", "green"),
    Outcome.WARNING: ("!", "!", "yellow"),
    Outcome.FAILED: ("✗", "FAILED", "bold red"),
    Outcome.SKIPPED: ("·", "-", "dim"),
}
"""The mark of each outcome, its stand-in in ASCII, and its style."""
_TITLES = {
    Stage.NAME: "name",
    Stage.TCP: "TCP",
    Stage.TLS: "TLS",
    Stage.HTTP2: "HTTP/2",
    Stage.PING: "Ping",
    Stage.OWN_IDENTITY: "our identity in our MSP",
    Stage.CONN_ESTABLISH: "their ConnEstablish",
    Stage.IDENTITY: "their identity in our MSPs",
    Stage.BINDING: "bound to this TLS connection",
    Stage.SIGNATURE: "signature",
    Stage.EXPECTED: "the peer that was expected",
    Stage.VERDICT: "their verdict on us",
    Stage.BUFFERS: "their send buffers",
}
_OPTIONAL = {Stage.EXPECTED, Stage.BUFFERS}
_SIDES = {"ours": "on our side", "theirs": "on their side", "between": "between the two"}


def show(report: Report, diagnoses: Sequence[Diagnosis]) -> None:
    """Print every diagnosis, and who reaches whom where there are several."""
    if report.as_json:
        for diagnosis in diagnoses:
            report.record(_as_object(diagnosis))
        return
    console = make_console()
    for diagnosis in diagnoses:
        console.print(_tree(diagnosis, console.encoding))
    if len(diagnoses) > 1:
        report.table("who reaches whom", [_row(diagnosis) for diagnosis in diagnoses])


def _tree(diagnosis: Diagnosis, encoding: str) -> Tree:
    tree = Tree(Text(one_line(diagnosis.endpoint), style="bold"))
    told = diagnosis.told_failures
    for stage in diagnosis.stages:
        if stage.stage in _OPTIONAL and stage.outcome is Outcome.SKIPPED:
            continue
        branch = tree.add(_headline(stage, encoding))
        for name, value in stage.facts.items():
            branch.add(Text(one_line(f"{name}: {value}"), style="dim"))  # a peer's words may move a cursor
        if stage.problem is not None:
            _add_problem(branch, stage.problem, is_told=stage in told)
    return tree


def _headline(report: StageReport, encoding: str) -> Text:
    wanted, plain, style = _MARKS[report.outcome]
    mark = sign(wanted, plain, encoding)
    took = f"  {report.took_s * 1000:.1f} ms" if report.took_s is not None else ""
    suffix = "  not reached" if report.outcome is Outcome.SKIPPED else took
    return Text.assemble((f"{mark} {_TITLES[report.stage]}", style), (suffix, "dim"))


def _add_problem(branch: Tree, problem: Problem, *, is_told: bool) -> None:
    branch.add(Text(one_line(str(problem.error))))
    if not is_told:
        return
    causes = branch.add(Text(f"It is {_SIDES[problem.side]}. Likely causes, the likeliest first:", style="bold"))
    for number, cause in enumerate(problem.causes, 1):
        line = causes.add(Text(one_line(f"{number}. {cause.text} [{cause.rule}]")))
        if cause.look_at is not None:
            line.add(Text(one_line(f"look at: {cause.look_at}"), style="cyan"))


def _row(diagnosis: Diagnosis) -> dict[str, object]:
    failure = diagnosis.first_failure
    return {
        "endpoint": diagnosis.endpoint,
        "msp": diagnosis.mspid,
        "pki_id": diagnosis.pki_id.hex()[:16] if diagnosis.pki_id is not None else None,
        "reached": any(stage.stage is Stage.PING and stage.outcome is Outcome.OK for stage in diagnosis.stages),
        "we accept them": diagnosis.we_accept,
        "they accept us": diagnosis.they_accept,
        "fails at": _TITLES[failure.stage] if failure is not None else None,
        "first cause": failure.problem.causes[0].rule if failure is not None and failure.problem is not None else None,
    }


def _as_object(diagnosis: Diagnosis) -> dict[str, object]:
    failure = diagnosis.first_failure
    return {
        "ok": failure is None,
        "endpoint": diagnosis.endpoint,
        "mspid": diagnosis.mspid,
        "pki_id": diagnosis.pki_id,
        "we_accept_them": diagnosis.we_accept,
        "they_accept_us": diagnosis.they_accept,
        "failed_at": failure.stage.value if failure is not None else None,
        "stages": [_stage_object(stage) for stage in diagnosis.stages],
    }


def _stage_object(report: StageReport) -> dict[str, object]:
    facts: dict[str, object] = {
        "stage": report.stage.value,
        "outcome": report.outcome.value,
        "ms": round(report.took_s * 1000, 3) if report.took_s is not None else None,
        "facts": dict(report.facts),
    }
    problem = report.problem
    if problem is not None:
        facts |= {
            "side": problem.side.value,
            "error": type(problem.error).__name__,
            "message": str(problem.error),
            "causes": [{"rule": each.rule, "text": each.text, "look_at": each.look_at} for each in problem.causes],
        }
    return facts
