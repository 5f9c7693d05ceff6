"""A peer that systemd, or somebody like it, has started tells when it is ready and when it stops."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.served import peer_options, serving


@contextmanager
def service_manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(20)
        manager.bind(address)
        yield manager


@pytest.mark.parametrize("is_abstract", [False, True])
def test_it_is_told_of_a_peer_that_is_ready_and_of_one_that_stops(
    is_abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_abstract and not Path("/proc/net/unix").exists():
        pytest.skip("names of sockets that are no files are Linux' own")
    name = f"gossip-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if is_abstract else name)

    with service_manager(f"\0{name}" if is_abstract else name) as manager, serving(*peer_options(1)) as served:
        assert manager.recv(100) == b"READY=1"
        served.signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"


def test_nobody_who_does_not_listen_keeps_a_peer_from_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))

    with serving(*peer_options(1)) as served:
        served.signal(signal.SIGTERM)
        served.event("stopped")

    assert f"Could not send READY=1 to the service manager, NOTIFY_SOCKET='{tmp_path / 'nobody'}'" in served.stderr
