"""What HTTP/2 frames are made of, where we read and write them past h2. Spec: RFC 9113 sections 3.4, 4.1 and 6."""

from struct import Struct

from gossip.transport.record_size import RECORD_BYTES

FRAME_HEADER = Struct(">IBI")  # length and type together, flags, stream
FRAME_HEADER_BYTES = FRAME_HEADER.size
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAM_ID_BITS = 2**31 - 1
"""HTTP/2 reserves the bit above them."""
DATA, HEADERS, RESET, SETTINGS, PUSH_PROMISE, GOAWAY, CONTINUATION = 0x0, 0x1, 0x3, 0x4, 0x5, 0x7, 0x9
END_STREAM, END_HEADERS, PADDED = 0x1, 0x4, 0x8
RECORD_DATA_BYTES = RECORD_BYTES - FRAME_HEADER_BYTES
"""What makes a DATA frame exactly one TLS record, so that neither side has to put frames together."""
MAX_FRAME_BYTES = 4 * RECORD_BYTES
"""The longest frame that we take or send: with 16 KiB, HTTP/2's least, 64 KiB cost both sides an eighth more."""
PING_PAYLOAD = b"gossip\0\0"
"""What a PING holds that asks whether the other side is there."""
SETTINGS_ACK = b"\0\0\0\x04\x01\0\0\0\0"
RESET_BYTES = FRAME_HEADER_BYTES + 4
GOAWAY_BODY = Struct(">II")  # the last stream that was seen, an error code
WINDOW_BYTES = 65_535
"""HTTP/2's own initial window, which holds until a peer is authenticated."""
