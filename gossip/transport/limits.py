"""What one connection, and all of them together, may cost us: plain settings with safe defaults."""

from dataclasses import dataclass, field

from gossip.checks import check_at_most, check_kind, check_numbers

KIB = 1024
MIB = 1024 * KIB
MAX_SETTING = 2**32 - 1
MAX_WINDOW_BYTES = 2**31 - 1
"""RFC 9113, 6.5.1 and 6.9.1."""


@dataclass(frozen=True, slots=True)
class FrameBudgets:
    """How many HTTP/2 frames of each kind a peer may send in one second before its connection is cut.

    Too small cuts busy honest peers, too large lets one peer take a core. What our own messages provoke, a PING for
    each DATA frame that we send, and WINDOW_UPDATEs for each frame and each message, is not counted.

    Attributes:
        resets: RST_STREAM; a peer that opens streams and resets them makes us work for nothing.
        pings: PING, answers included.
        settings: SETTINGS; honest peers send one or two in a connection's life.
        priorities: PRIORITY, which we do not use.
        window_updates: WINDOW_UPDATE.
        headers: HEADERS, PUSH_PROMISE and CONTINUATION, so also streams opened; each 256 bytes of them count as one
            more.
        fragments: DATA of less than 256 bytes beside padding, and TLS records of less that end in mid-frame; a message
            completed, or DATA of 4 KiB or more, makes up for one.
        unknown: Frames of types that we do not know, which are ignored.
        empty_records: TLS records in which there is no frame at all: key updates, which OpenSSL answers, and tickets;
            256 bytes of such count as one.
    """

    resets: int = 100
    pings: int = 100
    settings: int = 20
    priorities: int = 100
    window_updates: int = 1000
    headers: int = 400
    fragments: int = 1000
    unknown: int = 100
    empty_records: int = 100

    def __post_init__(self) -> None:
        check_numbers(self)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one connection may cost, on either side.

    Attributes:
        frames: How many frames a second.
        max_streams: Streams open at once; one more is refused. A Fabric peer uses one, and a Ping beside it.
        max_header_bytes: All header fields of an answer together, before HPACK is undone and afterwards. Too small
            refuses long error texts, too large lets every stream cost as much: 0.3 us a byte.
        window_bytes: What an authenticated peer may send on one stream before we have read it. Too small makes long
            links slow: at 50 ms there and back, twice as much carries 18 MiB a second instead of 10. Too large is what
            a reader that waits costs. Before authentication it is 64 KiB.
        max_unsent_bytes: What may wait in the socket's buffer for a peer that does not read.
        unread_timeout_s: How long 256 KiB of messages, or what there is, may wait for a peer to take them. Too small
            cuts peers on slow links and those that are busy, too large lets one that reads nothing hold up whoever
            answers it.
    """

    frames: FrameBudgets = field(default_factory=FrameBudgets)
    max_streams: int = 16
    max_header_bytes: int = 16 * KIB
    window_bytes: int = 2 * MIB
    max_unsent_bytes: int = 1 * MIB
    unread_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        check_numbers(self)
        check_kind("frames", self.frames, FrameBudgets)
        check_at_most("max_streams", self.max_streams, MAX_SETTING)
        check_at_most("max_header_bytes", self.max_header_bytes, MAX_SETTING)
        check_at_most("window_bytes", self.window_bytes, MAX_WINDOW_BYTES)


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What everybody who can reach the port may cost together.

    Attributes:
        connection: The limits of each connection, but for ``max_header_bytes``.
        max_connections: All of them. Too small keeps peers out, too large runs out of files and memory.
        max_unauthenticated: Those whose peer is not authenticated yet; one more cuts the oldest of them, so that a
            flood of silent connections keeps nobody out. Each may cost about 200 KiB.
        max_per_address: From one address. Too small keeps out peers that share one, too large lets one machine take
            every place.
        max_tls_bytes: What a client may say until TLS stands. Too small keeps out long chains of certificates, too
            large lets each stranger cost 0.4 ms a KiB.
        tls_timeout_s: Until TLS stands. Too small cuts slow links, too large lets silence take a place for as long.
        stream_timeout_s: Until the first request, counted from the beginning, or from when the last authenticated
            stream ended.
        authenticate_timeout_s: Until a peer is authenticated, counted from the beginning.
        idle_timeout_s: Without a single byte from an authenticated peer; Fabric peers ping every 60 s.
        max_request_header_bytes: All header fields of a request together, as ``max_header_bytes`` of an answer, which
            may be longer as it tells why. Too small refuses clients that send fields of their own.
        max_handshake_bytes: The longest message taken from a peer that is not authenticated.
        max_handshakes: How many streams of a connection may wait at once until the first is authenticated. A Fabric
            peer has one. Too small refuses clients that begin several at once, too large lets each stranger cost 9 KiB
            for each.
    """

    connection: ConnectionLimits = field(default_factory=ConnectionLimits)
    max_connections: int = 4096
    max_unauthenticated: int = 256
    max_per_address: int = 1024
    max_tls_bytes: int = 8 * KIB
    tls_timeout_s: float = 5.0
    stream_timeout_s: float = 10.0
    authenticate_timeout_s: float = 15.0
    idle_timeout_s: float = 300.0
    max_request_header_bytes: int = 4 * KIB
    max_handshake_bytes: int = 64 * KIB
    max_handshakes: int = 4

    def __post_init__(self) -> None:
        check_numbers(self)
        check_kind("connection", self.connection, ConnectionLimits)
        check_at_most("max_request_header_bytes", self.max_request_header_bytes, MAX_SETTING)
