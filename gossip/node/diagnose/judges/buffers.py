"""Judges whether the peer loses messages because those that it sends to take them too slowly."""

from gossip.errors import QueueFullError
from gossip.node.diagnose.diagnosis import Cause, Side, Stage, StageReport, failed, passed, skipped
from gossip.node.diagnose.evidence import Evidence


def judge_buffers(evidence: Evidence) -> StageReport:
    """Has it lost messages?"""
    error = evidence.errors.get(Stage.BUFFERS)
    if error is not None:
        cause = Cause("operations-unreachable", "the operations endpoint does not say", "operations.listenAddress")
        return failed(Stage.BUFFERS, Side.THEIRS, error, cause)
    lost = evidence.lost_messages
    if lost is None:
        return skipped(Stage.BUFFERS)
    if not lost:
        return passed(Stage.BUFFERS, None, {"lost": "0"})
    full = Cause(
        "full-buffer",
        f"{lost} messages were dropped since it started, because a send buffer was full; Fabric logs this only "
        "at debug level",
        "peer.gossip.sendBuffSize (20 unless core.yaml sets it), and FABRIC_LOGGING_SPEC=gossip.comm=debug:info",
    )
    slow = Cause(
        "slow-reader", "a peer that it sends to reads too slowly, or the link is too slow", "that peer's CPU and disk"
    )
    return failed(
        Stage.BUFFERS, Side.THEIRS, QueueFullError(f"{lost} messages were lost because buffers were full"), full, slow
    )
