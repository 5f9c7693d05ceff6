"""Which failures a diagnosis explains: the first, and what is another matter."""

import pytest

from gossip.errors import ConfigurationError
from gossip.node.diagnose.diagnosis import Cause, Diagnosis, Side, Stage, StageReport, failed, passed


def failure(stage: Stage, *rules: str, side: Side = Side.OURS) -> StageReport:
    causes = [Cause(rule, "it is wrong") for rule in rules]
    return failed(stage, side, ConfigurationError("wrong"), *causes)


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ([passed(Stage.TLS)], []),
        ([passed(Stage.TLS), failure(Stage.VERDICT, "revoked")], [Stage.VERDICT]),
        (
            [failure(Stage.IDENTITY, "ca-outdated-here"), failure(Stage.VERDICT, "ca-unknown-to-them")],
            [Stage.IDENTITY, Stage.VERDICT],
        ),
        ([failure(Stage.BINDING, "tls-proxy"), failure(Stage.VERDICT, "tls-proxy", "altered")], [Stage.BINDING]),
        (
            [failure(Stage.TCP, "nobody-listens"), failure(Stage.OWN_IDENTITY, "expired")],
            [Stage.TCP, Stage.OWN_IDENTITY],
        ),
        ([failure(Stage.OWN_IDENTITY, "expired"), failure(Stage.VERDICT, "identity-expired")], [Stage.OWN_IDENTITY]),
        ([failure(Stage.BINDING, "tls-proxy"), failure(Stage.SIGNATURE, "wrong-key")], [Stage.BINDING]),
        (
            [failure(Stage.OWN_IDENTITY, "expired"), failure(Stage.IDENTITY, "ca-outdated-here")],
            [Stage.OWN_IDENTITY, Stage.IDENTITY],
        ),
        (
            [failure(Stage.OWN_IDENTITY, "revoked"), failure(Stage.VERDICT, "unknown-to-them", side=Side.THEIRS)],
            [Stage.OWN_IDENTITY, Stage.VERDICT],
        ),
        (
            [failure(Stage.IDENTITY, "revoked", side=Side.THEIRS), failure(Stage.VERDICT, "revoked")],
            [Stage.IDENTITY, Stage.VERDICT],
        ),
    ],
)
def test_the_first_failure_is_told_and_what_is_another_matter(stages: list[StageReport], told: list[Stage]) -> None:
    assert [report.stage for report in Diagnosis("peer:7051", tuple(stages)).told_failures] == told
