"""Our own identity in our own MSPs, where these do not fit each other."""

from dataclasses import replace

from gossip.node.diagnose.diagnosis import Outcome
from gossip.node.diagnose.judge_own import judge_own_identity
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings
from tests.support.organizations import NOW, organization_folder


def test_our_own_folder_under_the_name_of_another_organisation_is_named() -> None:
    copy = organization_folder(1) / "msp"
    settings = replace(peer_settings(), organizations={"Org2MSP": copy})

    report = judge_own_identity(load_own_side(settings, NOW))

    assert report.outcome is Outcome.WARNING
    assert (
        report.facts["note"]
        == f"the same CA is in --org Org2MSP={copy}: that folder is ours, or Org1MSP is a wrong name"
    )
