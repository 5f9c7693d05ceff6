"""A peer that is told to stop while the name that it is to listen at is looked up."""

import signal
import subprocess
import sys

import pytest

from tests.support.served import Served, peer_options

LOOP = {"asyncio": "sys.modules['uvloop'] = None", "uvloop": ""}
HANGING = """
import socket, sys, threading

def hang(*_, **__):
    print('{"event": "asked"}', flush=True)
    threading.Event().wait()

socket.getaddrinfo = hang
"""
SERVE = """
from gossip.cli.main import run
run()
"""


@pytest.mark.parametrize("loop", LOOP)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("option", ["--listen", "--operations"])
def test_it_stops_at_once(option: str, number: signal.Signals, loop: str) -> None:
    """Name servers that do not answer hold up a look-up for ten seconds and more, and this one for ever."""
    addresses = {"--listen": "127.0.0.1:0", option: "slow.example.com:7051"}
    options = [*peer_options(), *(f"{name}={address}" for name, address in addresses.items())]
    command = [sys.executable, "-c", HANGING + LOOP[loop] + SERVE, "serve", "--json", *options]
    served = Served(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))

    try:
        served.event("asked")
        served.signal(number)
        assert served.event("stopped").keys() == {"event", "at"}
    finally:
        code = served.stop()
        for stream in (served.process.stdout, served.process.stderr):
            assert stream is not None
            stream.close()

    assert (code, served.stderr) == (0, "")
    assert [event["event"] for event in served.seen] == ["asked", "stopped"]
