"""FABRIC_LOGGING_SPEC as Fabric reads and writes it."""

import logging

import pytest

from gossip.errors import ConfigurationError
from gossip.node.logs.spec import parse_log_spec


@pytest.mark.parametrize(
    ("spec", "logger", "level"),
    [
        ("", "gossip.comm", logging.INFO),
        ("debug", "gossip.comm", logging.DEBUG),
        ("gossip.comm=debug:info", "gossip.comm", logging.DEBUG),
        ("gossip.comm=debug:info", "gossip.comm.deep", logging.DEBUG),
        ("gossip.comm=debug:info", "gossip.community", logging.INFO),
        ("gossip.comm=debug:info", "gossip", logging.INFO),
        ("info:gossip=error", "gossip.comm", logging.ERROR),
        ("gossip=error:gossip.comm=debug", "gossip.comm", logging.DEBUG),
        ("gossip=error:gossip.comm=debug", "gossip.identity", logging.ERROR),
        ("gossip.=debug:warn", "gossip", logging.DEBUG),
        ("gossip.=debug:warn", "gossip.comm", logging.WARNING),
        ("gossip.=debug:gossip=error", "gossip", logging.DEBUG),
        ("gossip.=debug:gossip=error", "gossip.comm", logging.ERROR),
        ("gossip.comm,peer.gossip.mcs=WARNING:ERROR", "peer.gossip.mcs", logging.WARNING),
        ("info:debug", "anything", logging.DEBUG),
        ("gossip=debug::error", "anything", logging.ERROR),
        ("panic", "anything", logging.CRITICAL),
        ("critical", "anything", logging.ERROR),
        ("notice", "anything", logging.INFO),
        ("debug:", "anything", logging.INFO),
        (":debug", "anything", logging.DEBUG),
        ("debug::gossip=error", "anything", logging.INFO),
    ],
)
def test_the_level_of_a_logger(spec: str, logger: str, level: int) -> None:
    assert parse_log_spec(spec).level_of(logger) == level


@pytest.mark.parametrize(
    ("spec", "written"),
    [
        ("", "info"),
        ("DEBUG", "debug"),
        ("warning:b=error:a.=debug,".removesuffix(","), "a.=debug:b=error:warn"),
        ("gossip.comm,gossip.identity=debug", "gossip.comm=debug:gossip.identity=debug:info"),
        ("gossip=error:gossip.comm=debug:gossip-x=warn", "gossip-x=warn:gossip.comm=debug:gossip=error:info"),
        ("PAYLOAD", "payload"),
    ],
)
def test_it_is_written_as_fabric_writes_it(spec: str, written: str) -> None:
    assert str(parse_log_spec(spec)) == written
    assert parse_log_spec(written) == parse_log_spec(spec)


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ("loud", "bad segment 'loud'"),
        ("Info", "bad segment 'Info'"),
        ("gossip=Debug", "bad segment 'gossip=Debug'"),
        ("gossip=loud", "bad segment 'gossip=loud'"),
        ("gossip=debug=info", "bad segment 'gossip=debug=info'"),
        ("=debug", "no logger specified in segment '=debug'"),
        ("=loud", "no logger specified in segment '=loud'"),
        ("=", "no logger specified in segment '='"),
        (".gossip=debug", "bad logger name '.gossip'"),
        ("gossip..comm=debug", "bad logger name 'gossip..comm'"),
        ("gossip,=debug", "bad logger name ''"),
        ("gossip=", "bad segment 'gossip='"),
        ("a=debug:" * 2000, "is longer than"),
    ],
)
def test_what_is_none_is_refused_and_named(spec: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match="invalid logging specification") as refusal:
        parse_log_spec(spec)
    assert what in str(refusal.value)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("name", ["a" * 129, ".".join("a" * 12)])
def test_names_that_would_be_kept_for_good_are_short(name: str) -> None:
    with pytest.raises(ConfigurationError, match="bad logger name"):
        parse_log_spec(f"{name}=debug")
