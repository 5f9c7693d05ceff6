"""Frames that break a rule of HTTP/2."""

from gossip.misbehave import frames
from gossip.misbehave.http2_fault import breach
from gossip.misbehave.http2_peer import Http2Peer

ENABLE_PUSH = 2


@breach("window-overflow", "FLOW_CONTROL_ERROR")
def window_overflow(peer: Http2Peer) -> None:
    """Opens its window past the end of numbers."""
    peer.write(frames.window_update(0, 2**31 - 1))


@breach("zero-window-update", "PROTOCOL_ERROR")
def zero_window_update(peer: Http2Peer) -> None:
    """Opens its window by nothing."""
    peer.write(frames.window_update(0, 0))


@breach("data-beyond-window", "FLOW_CONTROL_ERROR", limit="flow control")
def data_beyond_window(peer: Http2Peer) -> None:
    """Sends more DATA than the window allows."""
    peer.open(fields=frames.request(frames.PING_CALL))  # which is not read before it is whole
    peer.write(frames.frame(frames.DATA, frames.PADDED, 1, b"\xff" + bytes(255)) * 300)


@breach("unknown-settings", "ENHANCE_YOUR_CALM", limit="32 settings a frame")
def unknown_settings(peer: Http2Peer) -> None:
    """Sends SETTINGS with 2,700 unknown entries."""
    peer.write(frames.settings(dict.fromkeys(range(1000, 3700), 0)))


@breach("frame-too-large", "FRAME_SIZE_ERROR", limit="frames of 64 KiB")
def frame_too_large(peer: Http2Peer) -> None:
    """Announces a frame of 16 MiB."""
    peer.open()
    peer.write(frames.HEADER.pack(0xFFFFFF << 8 | frames.DATA, 0, 1) + bytes(10_000))


@breach("preface-twice", "FRAME_SIZE_ERROR")
def preface_twice(peer: Http2Peer) -> None:
    """Begins HTTP/2 anew on a connection where it has begun."""
    peer.write(frames.PREFACE)


@breach("data-on-stream-zero", "PROTOCOL_ERROR")
def data_on_stream_zero(peer: Http2Peer) -> None:
    """Sends DATA for the connection itself."""
    peer.write(frames.data(0, b"x"))


@breach("data-on-idle-stream", "PROTOCOL_ERROR")
def data_on_idle_stream(peer: Http2Peer) -> None:
    """Sends DATA on a stream that was never opened."""
    peer.write(frames.data(7, b"x"))


@breach("reset-of-idle-stream", "PROTOCOL_ERROR")
def reset_of_idle_stream(peer: Http2Peer) -> None:
    """Resets a stream that was never opened."""
    peer.write(frames.reset(7))


@breach("headers-on-stream-zero", "PROTOCOL_ERROR")
def headers_on_stream_zero(peer: Http2Peer) -> None:
    """Begins a call on the connection itself."""
    peer.open(0)


@breach("even-stream", "PROTOCOL_ERROR")
def even_stream(peer: Http2Peer) -> None:
    """Opens a stream with a number that only servers may use."""
    peer.open(2)


@breach("stream-again", "PROTOCOL_ERROR")
def stream_again(peer: Http2Peer) -> None:
    """Opens a stream with a lower number than the one before."""
    peer.open(5)
    peer.open(3)


@breach("headers-interrupted", "PROTOCOL_ERROR")
def headers_interrupted(peer: Http2Peer) -> None:
    """Sends another frame in the middle of a header block."""
    peer.write(frames.headers(1, peer.block(), whole=False) + frames.ping())


@breach("naked-continuation", "PROTOCOL_ERROR")
def naked_continuation(peer: Http2Peer) -> None:
    """Goes on with a header block that was not begun."""
    peer.write(frames.continuation(1, peer.block(), whole=True))


@breach("push-promise", "PROTOCOL_ERROR")
def push_promise(peer: Http2Peer) -> None:
    """Promises a push, which only servers may."""
    peer.open()
    peer.write(frames.frame(frames.PUSH_PROMISE, frames.END_HEADERS, 1, b"\0\0\0\2\x82"))


@breach("bad-padding", "PROTOCOL_ERROR")
def bad_padding(peer: Http2Peer) -> None:
    """Pads a frame with more than it holds."""
    peer.open()
    peer.write(frames.frame(frames.DATA, frames.PADDED, 1, b"\xff\0"))


@breach("short-ping", "FRAME_SIZE_ERROR")
def short_ping(peer: Http2Peer) -> None:
    """Sends a PING of four bytes."""
    peer.write(frames.ping(b"four"))


@breach("short-settings", "FRAME_SIZE_ERROR")
def short_settings(peer: Http2Peer) -> None:
    """Sends SETTINGS that end in the middle of one."""
    peer.write(frames.frame(frames.SETTINGS, 0, 0, bytes(5)))


@breach("wrong-settings", "PROTOCOL_ERROR")
def wrong_settings(peer: Http2Peer) -> None:
    """Sets what is on or off to 7."""
    peer.write(frames.settings({ENABLE_PUSH: 7}))


@breach("short-goaway", "FRAME_SIZE_ERROR")
def short_goaway(peer: Http2Peer) -> None:
    """Sends a GOAWAY of four bytes."""
    peer.write(frames.frame(frames.GOAWAY, 0, 0, bytes(4)))
