"""From everything that was seen to a diagnosis; no I/O."""

from gossip.node.diagnose.diagnosis import Diagnosis, Outcome, Stage, StageReport
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.buffers import judge_buffers
from gossip.node.diagnose.judges.own import judge_own_identity
from gossip.node.diagnose.judges.reach import judge_http2, judge_name, judge_ping, judge_tcp
from gossip.node.diagnose.judges.theirs import (
    judge_binding,
    judge_conn_establish,
    judge_expected,
    judge_signature,
    judge_their_identity,
)
from gossip.node.diagnose.judges.tls import judge_tls
from gossip.node.diagnose.judges.verdict import judge_verdict


def judge(evidence: Evidence) -> Diagnosis:
    """Judge every stage, in order, by what was seen."""
    stages = (
        judge_name(evidence),
        judge_tcp(evidence),
        judge_tls(evidence),
        judge_http2(evidence),
        judge_ping(evidence),
        judge_own_identity(evidence.own),
        judge_conn_establish(evidence),
        judge_their_identity(evidence),
        judge_binding(evidence),
        judge_signature(evidence),
        judge_expected(evidence),
        judge_verdict(evidence),
        judge_buffers(evidence),
    )
    theirs = evidence.theirs
    return Diagnosis(
        evidence.endpoint,
        stages,
        mspid=theirs.claim.mspid if theirs is not None and theirs.claim is not None else None,
        pki_id=theirs.pki_id if theirs is not None else None,
        we_accept=_accepted(
            stages, Stage.CONN_ESTABLISH, Stage.IDENTITY, Stage.BINDING, Stage.SIGNATURE, Stage.EXPECTED
        ),
        they_accept=_accepted(stages, Stage.VERDICT),
    )


def _accepted(stages: tuple[StageReport, ...], *which: Stage) -> bool | None:
    outcomes = {report.outcome for report in stages if report.stage in which}
    if Outcome.FAILED in outcomes:
        return False
    return True if Outcome.OK in outcomes else None
