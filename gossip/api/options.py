"""How to dial: plain settings, read by the transport."""

from dataclasses import dataclass
from pathlib import Path

from gossip.checks import check_kind, check_numbers, check_path, check_paths

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the TLS material lies, in PEM.

    ``certificate`` may hold the leaf followed by its intermediates. ``roots`` are the TLS CAs of every organisation
    that we talk to; files or folders of them.

    Raises:
        ConfigurationError: One is no path; it is named.
    """

    certificate: Path
    key: Path
    roots: tuple[Path, ...]

    def __post_init__(self) -> None:
        check_path("certificate", self.certificate)
        check_path("key", self.key)
        check_paths("roots", self.roots)


@dataclass(frozen=True, slots=True)
class DialOptions:
    """Everything about outgoing connections that a user may want to change; the defaults are a Fabric peer's.

    Attributes:
        tls: Our certificate and whom we trust; None keeps what is in use, so that nobody turns TLS off by leaving it
            out. Where nothing was ever in use we dial without TLS, and nothing binds an identity to its connection.
        dial_timeout_s: For name, TCP, TLS and HTTP/2 together; for as long, messages wait for a peer that does not
            listen yet. Of more than 64 dials at once, some wait for others, which does not count. Too small fails on
            slow links, too large makes a send wait for a dead peer.
        ping_timeout_s: For the Ping that precedes each stream.
        max_message_bytes: The longest message taken from an authenticated peer.
        max_handshake_bytes: The longest message taken before that.
        keepalive_interval_s: Quiet time after which we ping; a Fabric peer drops us for less than 60.
        keepalive_timeout_s: How long the answer to such a ping may take, and on Linux the acknowledgement, by TCP, of
            whatever we send.

    Raises:
        ConfigurationError: A number cannot be used; it is named.

    Mirrors: gossip/comm, secureDialOpts, and internal/pkg/comm, KeepaliveOptions.
    """

    tls: TlsFiles | None = None
    dial_timeout_s: float = 3.0
    ping_timeout_s: float = 2.0
    max_message_bytes: int = 100 * MIB
    max_handshake_bytes: int = 64 * 1024
    keepalive_interval_s: float = 60.0
    keepalive_timeout_s: float = 20.0

    def __post_init__(self) -> None:
        check_numbers(self)
        check_kind("tls", self.tls, TlsFiles, may_be_none=True)
