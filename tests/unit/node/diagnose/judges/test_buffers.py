"""What a peer says of messages that it lost."""

import pytest

from gossip.node.diagnose.diagnosis import Outcome
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.buffers import judge_buffers
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings
from tests.support.organizations import NOW


@pytest.mark.parametrize(("lost", "outcome"), [(None, Outcome.SKIPPED), (0, Outcome.OK), (1, Outcome.FAILED)], ids=str)
def test_a_single_lost_message_is_told(lost: int | None, outcome: Outcome) -> None:
    evidence = Evidence("peer:7051", load_own_side(peer_settings(), NOW), NOW, lost_messages=lost)

    assert judge_buffers(evidence).outcome is outcome
