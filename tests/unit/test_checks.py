"""Settings that cannot be used say so when they are made, and name what it was."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gossip.api import options
from gossip.api.options import DialOptions
from gossip.comm.config import CommConfig
from gossip.errors import ConfigurationError
from gossip.node import core_yaml, settings
from gossip.transport.limits import ConnectionLimits, FrameBudgets, ServerLimits

PATH = Path("some.pem")
TlsFiles: Any = options.TlsFiles
PeerSettings: Any = settings.PeerSettings
load_core_yaml: Any = core_yaml.load_core_yaml
"""As those use them who do not run mypy."""


@pytest.mark.parametrize("kind", [CommConfig, DialOptions, FrameBudgets, ConnectionLimits, ServerLimits])
def test_every_number_is_checked(kind: Any) -> None:
    numbers = [name for name, field in kind.__dataclass_fields__.items() if isinstance(field.default, int | float)]
    assert len(numbers) > 3
    for name in numbers:
        for value in (-1, math.nan, math.inf, "3", None):
            with pytest.raises(ConfigurationError, match=f"^{name} must "):
                kind(**{name: value})


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: CommConfig(send_buffer=0), "send_buffer must be positive, not 0"),
        (lambda: CommConfig(drain_s=-0.5), "drain_s must not be negative, not -0.5"),
        (lambda: DialOptions(dial_timeout_s=math.nan), "dial_timeout_s must be a number, not nan"),
        (lambda: TlsFiles("a.crt", PATH, (PATH,)), "certificate must be a pathlib.Path, not 'a.crt'"),
        (lambda: TlsFiles(PATH, "a.key", (PATH,)), "key must be a pathlib.Path, not 'a.key'"),
        (lambda: TlsFiles(PATH, PATH, PATH), f"roots must be a tuple of pathlib.Path, not {PATH!r}"),
        (lambda: TlsFiles(PATH, PATH, ("ca.pem",)), "roots must be a pathlib.Path, not 'ca.pem'"),
        (lambda: PeerSettings("Org1MSP", "msp"), "msp_dir must be a pathlib.Path, not 'msp'"),
        (
            lambda: PeerSettings("Org1MSP", PATH, organizations={"Org2MSP": "msp"}),
            "organizations['Org2MSP'] must be a pathlib.Path, not 'msp'",
        ),
        (lambda: PeerSettings(b"Org1MSP", PATH), "mspid must be a str, not b'Org1MSP'"),
        (lambda: PeerSettings("a\udcff", PATH), r"mspid must be text that UTF-8 can hold, not 'a\udcff'"),
        (
            lambda: PeerSettings("Org1MSP", PATH, organizations={"a\udcff": PATH}),
            r"an MSP-ID of organizations must be text that UTF-8 can hold, not 'a\udcff'",
        ),
        (lambda: PeerSettings("Org1MSP", PATH, listen=7051), "listen must be a str or None, not 7051"),
        (lambda: PeerSettings("Org1MSP", PATH, tls="tls"), "tls must be a TlsFiles or None, not 'tls'"),
        (lambda: PeerSettings("Org1MSP", PATH, comm=7), "comm must be a CommConfig, not 7"),
        (lambda: PeerSettings("Org1MSP", PATH, dial=None), "dial must be a DialOptions, not None"),
        (lambda: PeerSettings("Org1MSP", PATH, limits=7), "limits must be a ServerLimits, not 7"),
        (lambda: PeerSettings("Org1MSP", PATH, organizations=None), "organizations must be a Mapping, not None"),
        (lambda: DialOptions(tls=PATH), f"tls must be a TlsFiles or None, not {PATH!r}"),  # type: ignore[arg-type]  # as those write who do not run mypy
        (lambda: ConnectionLimits(frames=7), "frames must be a FrameBudgets, not 7"),  # type: ignore[arg-type]  # the same
        (lambda: ServerLimits(connection=7), "connection must be a ConnectionLimits, not 7"),  # type: ignore[arg-type]  # the same
        (lambda: CommConfig(send_buffer=2.5), "send_buffer must be a whole number, not 2.5"),  # type: ignore[arg-type]  # the same
        (lambda: CommConfig(send_buffer=True), "send_buffer must be a number, not True"),
        (lambda: PeerSettings("Org1MSP", PATH, max_identities=0), "max_identities must be positive, not 0"),
        (lambda: CommConfig(send_buffer=10**400), f"send_buffer must be a number, not 1{'0' * 400}"),
        (lambda: ConnectionLimits(window_bytes=2**31), "window_bytes must be at most 2147483647, not 2147483648"),
        (lambda: ConnectionLimits(max_streams=2**32), "max_streams must be at most 4294967295, not 4294967296"),
        (
            lambda: ConnectionLimits(max_header_bytes=2**32),
            "max_header_bytes must be at most 4294967295, not 4294967296",
        ),
        (
            lambda: PeerSettings("Org1MSP", PATH, require_client_certificate="no"),
            "require_client_certificate must be a bool, not 'no'",
        ),
        (
            lambda: PeerSettings("Org1MSP", Path("a\0b")),
            "msp_dir must be a path, and 'a\\x00b' has a NUL in it",
        ),
        (lambda: load_core_yaml("core.yaml", {}), "path must be a pathlib.Path, not 'core.yaml'"),
    ],
)
def test_what_cannot_be_used_is_named(make: Callable[[], object], text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make()
    assert str(raised.value) == text


def test_waiting_for_nothing_at_the_end_may_be_chosen() -> None:
    assert (CommConfig(drain_s=0).drain_s, CommConfig(linger_s=0).linger_s) == (0, 0)
