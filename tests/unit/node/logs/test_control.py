"""What comes out of the log, line by line."""

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gossip.api.peer import PeerIdentityInfo
from gossip.errors import ConfigurationError
from gossip.msp.certificate import pki_id_of
from gossip.node.logs.control import LogControl, logging_to
from gossip.node.logs.names import PeerNames
from gossip.types import OrgIdentityType
from tests.support.organizations import peer, serialized

COMM = logging.getLogger("gossip.comm")
PEER = PeerIdentityInfo(
    pki_id_of("Org1MSP", peer(1).identity.certificate_pem), serialized(peer(1)), OrgIdentityType(b"Org1MSP")
)
PKI_ID = PEER.pki_id.hex()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def control(stream: io.StringIO) -> Iterator[LogControl]:
    with logging_to(stream) as control:
        yield control


def texts(stream: io.StringIO) -> list[str]:
    """The text of each plain line."""
    return [line.partition("] ")[2] for line in stream.getvalue().splitlines()]


def test_a_plain_line(control: LogControl, stream: io.StringIO) -> None:
    COMM.warning("It is %s", "late")

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC WARN \[gossip\.comm\] It is late\n", stream.getvalue()
    )


def test_a_line_of_json(stream: io.StringIO) -> None:
    with logging_to(stream, as_json=True):
        COMM.error("It is %s\nreally", "late")

    facts = json.loads(stream.getvalue())
    assert isinstance(facts.pop("ts"), float)
    assert facts == {"level": "error", "name": "gossip.comm", "msg": "It is late\nreally"}


def test_what_the_log_says_of_itself_is_held_back_by_no_level_and_no_filter(stream: io.StringIO) -> None:
    with logging_to(stream, "fatal", as_json=True) as control:
        lines = [control.line("peer.gossip", logging.WARNING, "%d lines were lost", 2) for _ in range(2)]

    for line in lines:
        facts = json.loads(line)
        assert (facts["level"], facts["name"], facts["msg"]) == ("warn", "peer.gossip", "2 lines were lost")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_comes_with_it(stream: io.StringIO, as_json: bool) -> None:
    with logging_to(stream, as_json=as_json):
        try:
            int("broken")
        except ValueError:
            COMM.exception("Failed")

    shown = json.loads(stream.getvalue())["stacktrace"] if as_json else stream.getvalue()
    assert shown.rstrip().endswith("ValueError: invalid literal for int() with base 10: 'broken'")


def test_nobody_begins_a_line_of_his_own(control: LogControl, stream: io.StringIO) -> None:
    COMM.warning("the peer said: %s", "no\n2026-01-01 WARN [gossip.comm] all is well\x1b[2J")

    assert len(stream.getvalue().splitlines()) == 1
    assert texts(stream) == [r"the peer said: no\n2026-01-01 WARN [gossip.comm] all is well\x1b[2J"]


def test_nobody_begins_a_line_of_his_own_in_a_traceback(control: LogControl, stream: io.StringIO) -> None:
    forged = "2026-01-01 00:00:00.000 UTC WARN [gossip.comm] all is well"
    COMM.error("Failed", exc_info=ValueError(f"the peer said: no\n{forged}\x1b[2J"))

    first, *traceback = stream.getvalue().splitlines()
    assert first.endswith("ERROR [gossip.comm] Failed")
    assert all(line.startswith("    ") for line in traceback)
    assert traceback[-1] == rf"    {forged}\x1b[2J"


def test_levels_follow_the_specification_and_its_changes(control: LogControl, stream: io.StringIO) -> None:
    COMM.debug("one")
    control.set_spec("gossip.comm=debug:error")
    COMM.debug("two")
    logging.getLogger("peer.gossip").warning("three")
    control.set_spec("gossip.comm.=debug:warn")
    COMM.debug("four")
    logging.getLogger("gossip.comm.deep").info("five")

    assert texts(stream) == ["two", "four"]
    assert control.spec == "gossip.comm.=debug:warn"
    assert not logging.getLogger("peer.gossip").isEnabledFor(logging.INFO)


def test_a_specification_that_is_none_changes_nothing(control: LogControl, stream: io.StringIO) -> None:
    control.set_spec("gossip.comm=debug:error")

    with pytest.raises(ConfigurationError):
        control.set_spec("gossip.comm=error:loud")

    assert control.spec == "gossip.comm=debug:error"
    COMM.debug("still")
    assert texts(stream) == ["still"]


def test_all_is_as_before_at_the_end(stream: io.StringIO) -> None:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    with logging_to(stream, "gossip.comm=debug:error") as control:
        assert (COMM.level, logging.getLogger().level) == (logging.DEBUG, logging.ERROR)
        control.set_spec("peer=debug:fatal")
        assert (COMM.level, logging.getLogger().level) == (logging.NOTSET, logging.CRITICAL)

    assert (COMM.level, logging.getLogger("peer").level, logging.getLogger().level) == (0, 0, level)
    assert logging.getLogger().handlers == handlers
    COMM.error("unheard")
    assert stream.getvalue() == ""


def test_what_repeats_is_said_once_with_a_count(
    control: LogControl, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    monkeypatch.setattr("gossip.node.logs.repeats.time.monotonic", lambda: now_s)
    for port in (40001, 40002, 40003):
        COMM.warning("Authentication of 10.0.0.1:%d failed after %g s", port, port / 7)
    COMM.warning("Authentication of 10.0.0.2:1 failed after 1 s")
    for _ in range(2):
        COMM.info("news")
    now_s = 111.0
    COMM.warning("Authentication of 10.0.0.1:5 failed after 3 s")

    assert texts(stream) == [
        "Authentication of 10.0.0.1:40001 failed after 5714.43 s",
        "Authentication of 10.0.0.2:1 failed after 1 s",
        "news",
        "news",
        "Authentication of 10.0.0.1:5 failed after 3 s (2 more like it were not logged)",
    ]


def test_peers_have_names(control: LogControl, stream: io.StringIO) -> None:
    control.know(lambda: [PEER])

    COMM.info("Closed %s, not %s", PKI_ID, "ab" * 32)

    assert texts(stream) == [f"Closed {PKI_ID} (peer0.org1.example.com, Org1MSP), not {'ab' * 32}"]


def test_peers_have_names_in_json_beside_the_text(stream: io.StringIO) -> None:
    with logging_to(stream, as_json=True) as control:
        control.know(lambda: [PEER])
        COMM.info("Closed %s and %s", PKI_ID, PKI_ID)

    facts = json.loads(stream.getvalue())
    assert facts["msg"] == f"Closed {PKI_ID} and {PKI_ID}"
    assert facts["peers"] == [{"pki_id": PKI_ID, "common_name": "peer0.org1.example.com", "mspid": "Org1MSP"}]


def test_a_name_outlives_the_identity_and_strangers_cost_little() -> None:
    asked = []
    stored = [PEER]

    def list_identities() -> list[PeerIdentityInfo]:
        asked.append(len(stored))
        return stored

    names = PeerNames(list_identities)
    assert PKI_ID in names.spell_out(PKI_ID)
    stored = []
    for number in range(100):
        names.spell_out(f"{number:064x}")

    assert names.spell_out(PKI_ID).endswith("(peer0.org1.example.com, Org1MSP)")
    assert asked == [1]


def test_a_line_break_is_written_out_when_no_file_can_be_opened() -> None:
    program = """
import sys
from gossip.shown import one_line
before = set(sys.modules)
assert one_line("a\\nb\\x1b\\u2028") == r"a\\nb\\x1b\\u2028"
assert set(sys.modules) == before, set(sys.modules) - before
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    ("spec", "name", "is_written"),
    [
        ("gossip.=error:info", "gossip.comm", True),
        ("gossip.=error:info", "gossip", False),
        ("gossip.comm.=error:gossip=debug", "gossip.comm.x", True),
        ("gossip.comm.=error:gossip=debug", "gossip.comm", False),
        ("root=error:info", "gossip.comm", True),
        ("root=error:info", "root", False),
        ("root=debug:error", "root", True),
        ("root=debug:error", "gossip.comm", False),
    ],
)
def test_what_is_one_logger_s_alone_is_not_that_of_those_below_it(spec: str, name: str, is_written: bool) -> None:
    out, before = io.StringIO(), logging.getLogger().level
    with logging_to(out, spec):
        logging.getLogger(name).info("said")
    assert ("said" in out.getvalue()) is is_written
    assert logging.getLogger().level == before


@pytest.mark.parametrize("as_json", [False, True])
def test_no_traceback_shows_a_key(*, as_json: bool) -> None:
    out = io.StringIO()
    name = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n" * 20
    with logging_to(out, as_json=as_json):
        try:
            Path(name).stat()
        except OSError:
            logging.getLogger("gossip.comm").exception("failed")
    assert "File name too long" in out.getvalue()
    assert "MIGH" not in out.getvalue()
