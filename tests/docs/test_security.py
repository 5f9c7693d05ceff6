"""SECURITY.md lists every limit with its default, and names tests and files that there are."""

import re
from dataclasses import fields

from gossip.comm.config import CommConfig
from gossip.node.settings import PeerSettings
from gossip.transport.limits import ConnectionLimits, FrameBudgets, ServerLimits
from tests.support.source import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
OF_OTHERS = {"max_message_bytes", "conn_timeout_s", "send_buffer", "subscription_buffer", "subscription_buffer_bytes"}
OWN = {"connection", "frames"}


def test_every_limit_is_there_with_its_default() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ", PAGE, re.MULTILINE))

    defaults = {
        field.name: str(field.default)
        for limits in (ServerLimits, ConnectionLimits, FrameBudgets)
        for field in fields(limits)
        if field.name not in OWN
    }
    defaults |= {field.name: str(field.default) for field in fields(CommConfig) if field.name in OF_OTHERS}
    defaults |= {field.name: str(field.default) for field in fields(PeerSettings) if field.name == "max_identities"}
    assert listed == defaults


def test_what_it_names_is_there() -> None:
    files = re.findall(r"`([a-z_]+/[a-z_/]+(?:\.py)?)`", PAGE)
    assert len(files) >= 4
    assert [file for file in files if not (ROOT / file).exists()] == []
    (test,) = re.findall(r"`(test_\w+)`", PAGE)
    assert f"def {test}(" in (ROOT / "tests/scenario/test_logs.py").read_text(encoding="utf-8")
