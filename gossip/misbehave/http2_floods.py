"""Floods of HTTP/2 frames that are allowed, one by one."""

from gossip.misbehave import frames
from gossip.misbehave.conversation import one_by_one
from gossip.misbehave.http2_fault import flood
from gossip.misbehave.http2_peer import Http2Peer

FRAMES = 5000


@flood("rapid-reset", "frames.resets")
def rapid_reset(peer: Http2Peer) -> None:
    """Opens streams and resets each of them at once (CVE-2023-44487)."""
    _open_and_reset(peer, frames.GOSSIP_STREAM)


@flood("rapid-reset-of-pings", "frames.resets")
def rapid_reset_of_pings(peer: Http2Peer) -> None:
    """Calls Ping and resets each call at once."""
    _open_and_reset(peer, frames.PING_CALL)


@flood("ping-flood", "frames.pings")
def ping_flood(peer: Http2Peer) -> None:
    """Sends PING after PING."""
    peer.write(frames.ping() * FRAMES)


@flood("ping-answer-flood", "frames.pings")
def ping_answer_flood(peer: Http2Peer) -> None:
    """Answers PINGs that nobody sent."""
    peer.write(frames.ping(answers=True) * FRAMES)


@flood("settings-flood", "frames.settings")
def settings_flood(peer: Http2Peer) -> None:
    """Changes its SETTINGS again and again, each of which has to be acknowledged."""
    peer.write(b"".join(frames.settings({1: number}) for number in range(FRAMES)))


@flood("settings-ack-flood", "frames.settings")
def settings_ack_flood(peer: Http2Peer) -> None:
    """Acknowledges SETTINGS that nobody sent."""
    peer.write(frames.settings_ack() * FRAMES)


@flood("priority-flood", "frames.priorities")
def priority_flood(peer: Http2Peer) -> None:
    """Sets the priority of streams that do not exist."""
    peer.write(b"".join(frames.priority(stream_id) for stream_id in range(1, 2 * FRAMES, 2)))


@flood("window-update-flood", "frames.window_updates")
def window_update_flood(peer: Http2Peer) -> None:
    """Opens its window one byte at a time."""
    peer.write(frames.window_update(0, 1) * FRAMES)


@flood("empty-data-flood", "frames.fragments")
def empty_data_flood(peer: Http2Peer) -> None:
    """Sends DATA frames without data, which no flow control stops."""
    peer.open()
    peer.write(frames.data(1) * FRAMES)


@flood("data-after-end", "frames.fragments")
def data_after_end(peer: Http2Peer) -> None:
    """Ends a call again and again, for which there is a RST_STREAM each time."""
    peer.call_ping(1)
    peer.write(frames.data(1, ends=True) * FRAMES)


@flood("padding-flood", "frames.fragments")
def padding_flood(peer: Http2Peer) -> None:
    """Sends DATA frames of padding alone."""
    peer.open()
    peer.write(frames.frame(frames.DATA, frames.PADDED, 1, b"\x08" + bytes(8)) * FRAMES)


@flood("one-byte-data", "frames.fragments")
def one_byte_data(peer: Http2Peer) -> None:
    """Sends a message in DATA frames of one byte each."""
    peer.open()
    peer.write(b"".join(frames.data(1, byte) for byte in one_by_one(frames.message(bytes(FRAMES)))))


@flood("unknown-frame-flood", "frames.unknown")
def unknown_frame_flood(peer: Http2Peer) -> None:
    """Sends frames of a type that nobody knows."""
    peer.write(frames.frame(0xBE, 0, 0) * FRAMES)


@flood("call-flood", "frames.headers")
def call_flood(peer: Http2Peer) -> None:
    """Calls Ping as fast as it can."""
    for stream_id in range(1, 2 * FRAMES, 2):
        peer.call_ping(stream_id)


def _open_and_reset(peer: Http2Peer, path: str) -> None:
    peer.open(1, frames.request(path))
    block = peer.block(frames.request(path))  # from the second time on it is indexed, and short
    streams = range(3, 2 * FRAMES, 2)
    peer.write(b"".join(frames.headers(stream_id, block) + frames.reset(stream_id) for stream_id in streams))
