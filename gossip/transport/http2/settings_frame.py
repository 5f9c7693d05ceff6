"""What a SETTINGS frame is made of, and what h2 gets to see of it. Spec: RFC 9113 section 6.5."""

from h2.exceptions import DenialOfServiceError

from gossip.transport.http2.frame import FRAME_HEADER, FRAME_HEADER_BYTES, SETTINGS

ACK = 0x1
ENTRY_BYTES = 6
MAX_ENTRIES = 32
HIGHEST_KNOWN = 6
"""The number of MAX_HEADER_LIST_SIZE, the last setting of RFC 9113."""


def is_plain(frame: bytes) -> bool:
    """Whether it is well formed and no acknowledgement; its values may still be wrong."""
    size = len(frame) - FRAME_HEADER_BYTES
    return size % ENTRY_BYTES == 0 and frame.startswith(FRAME_HEADER.pack(size << 8 | SETTINGS, 0, 0))


def known_settings(frame: bytes) -> bytes:
    """The frame without settings that nobody knows, which are to be ignored: h2 keeps 800 bytes for each, for ever.

    Raises:
        DenialOfServiceError: It has more entries than there is any use for.
    """
    body = frame[FRAME_HEADER_BYTES:]
    if len(body) > MAX_ENTRIES * ENTRY_BYTES:
        raise DenialOfServiceError(f"SETTINGS of more than {MAX_ENTRIES} entries")
    word, flags, stream_id = FRAME_HEADER.unpack_from(frame)
    if len(body) % ENTRY_BYTES or flags & ACK:
        return frame  # for which h2 has an error, unless it is an empty acknowledgement
    entries = [body[start : start + ENTRY_BYTES] for start in range(0, len(body), ENTRY_BYTES)]
    known = b"".join([entry for entry in entries if int.from_bytes(entry[:2]) <= HIGHEST_KNOWN])
    if len(known) == len(body):
        return frame
    return FRAME_HEADER.pack(len(known) << 8 | word & 0xFF, flags, stream_id) + known
