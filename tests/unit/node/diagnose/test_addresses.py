"""What is told of a name with several addresses, none of which takes a connection."""

import asyncio
import errno
import os

import pytest

from gossip.errors import DialError
from gossip.node.diagnose.addresses import try_addresses
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings
from tests.support.organizations import NOW
from tests.support.virtual_time import run_virtual


def test_the_first_refusal_is_told_with_its_own_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """By which it is judged: a peer that is not running is no missing route."""
    answers = {"192.0.2.1": errno.ECONNREFUSED, "2001:db8::1": errno.ENETUNREACH}

    async def open_connection(host: str, _port: int) -> None:
        raise OSError(answers[host], os.strerror(answers[host]))

    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    evidence = Evidence("peer:7051", load_own_side(peer_settings(), NOW), NOW)
    evidence.addresses = ("192.0.2.1:7051", "[2001:db8::1]:7051")

    with pytest.raises(DialError, match="connection refused"):
        run_virtual(try_addresses(evidence))

    cause = evidence.errors[Stage.TCP].__cause__
    assert isinstance(cause, ConnectionRefusedError)
