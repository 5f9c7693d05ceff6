"""Where records of TLS end in what a peer sends; what is in them OpenSSL alone knows. Spec: RFC 8446 section 5.1."""

HEADER_BYTES = 5
RECORDS_AT_ONCE = 16
"""A key update takes OpenSSL 20 us, and gives us nothing after which to look at the clock."""
BYTES_AT_ONCE = 64 * 1024


class Records:
    """Cuts what comes into pieces that OpenSSL may take in one go.

    ``unread`` counts the records that ended, until whoever reads what is in them takes them off.
    """

    __slots__ = ("_header", "_missing", "unread")

    def __init__(self) -> None:
        self.unread = 0
        self._header = b""
        self._missing = 0

    def piece(self, data: memoryview, start: int) -> int:
        """Where the piece ends that begins at ``start``, which counts its records."""
        limit = min(len(data), start + BYTES_AT_ONCE)
        position, ended = start, 0
        while position < limit and ended < RECORDS_AT_ONCE:
            if not self._missing:
                header = self._header + bytes(data[position : min(position + HEADER_BYTES - len(self._header), limit)])
                position += len(header) - len(self._header)
                self._header = b"" if len(header) == HEADER_BYTES else header
                if self._header:
                    break
                self._missing = int.from_bytes(header[3:])
            step = min(self._missing, limit - position)
            position += step
            self._missing -= step
            ended += not self._missing
        self.unread += ended
        return position
