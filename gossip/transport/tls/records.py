"""Where records of TLS end in what a peer sends; what is in them OpenSSL alone knows. Spec: RFC 8446 section 5.1."""

from gossip.transport.record_size import BYTES_AT_ONCE, HEADER_BYTES, RECORD_BYTES

ALERT, APPLICATION_DATA = 21, 23
RECORDS_AT_ONCE = 16
"""A key update takes OpenSSL 20 us, and gives us nothing after which to look at the clock."""
MAX_OVERHEAD_BYTES = 64
"""The most that a record has beside its data."""
MAX_RECORD_BYTES = RECORD_BYTES + 512
"""How long one is at most, with all that it has beside data."""
NO_END = 1 << 40
SILENT_BYTES = 256
"""So much for OpenSSL's eyes alone counts as an empty record: 4,000 requests to renegotiate fit into one record."""


class Records:
    """Cuts what comes into pieces that OpenSSL may take in one go, and counts what it keeps to itself.

    ``unread`` is how many records ended that nobody has read yet; ``is_over`` says that the end has come.
    """

    __slots__ = ("_ends_at_alert", "_header", "_is_data", "_missing", "_silent_bytes", "is_over", "unread")

    def __init__(self) -> None:
        self.unread = 0
        self.is_over = False
        self._ends_at_alert = False
        self._silent_bytes = 0
        self._header = b""
        self._is_data = True
        self._missing = 0

    def piece(self, data: memoryview, start: int, most: int = BYTES_AT_ONCE, within: int = NO_END) -> int:
        """Where the piece of at most so many bytes ends that begins at ``start``, which counts its records.

        It stops before a record that ends beyond ``start + within``, but takes at least one.

        What is openly no data, as requests to renegotiate are, ends a piece: one record may hold 4,000 of them.
        """
        limit = min(len(data), start + most)
        position, ended, missing = start, 0, self._missing
        while position < limit and ended < RECORDS_AT_ONCE:
            if not missing:
                if self._header or limit - position < HEADER_BYTES:
                    position = self._add_to_header(data, position, limit)
                    if len(self._header) < HEADER_BYTES:
                        break
                    self._is_data = self._header[0] == APPLICATION_DATA
                    if self._came_to_end(self._header[0]):
                        break
                    missing, self._header = int.from_bytes(self._header[3:]), b""
                else:
                    if self._ends_at_alert and self._came_to_end(data[position]):
                        break
                    missing = data[position + 3] << 8 | data[position + 4]
                    if position + HEADER_BYTES + missing - start > within and position > start:
                        missing = 0
                        break
                    self._is_data = data[position] == APPLICATION_DATA
                    position += HEADER_BYTES
            step = min(missing, limit - position)
            position += step
            missing -= step
            ended += not missing
            if not (missing or self._is_data):
                break
        self._missing = missing
        self.unread += ended
        self._silent_bytes += position - start
        return position

    def were_read(self, count: int, data_bytes: int) -> None:
        """So many records had so much data together."""
        self.unread -= count
        self._silent_bytes -= data_bytes + count * MAX_OVERHEAD_BYTES

    def count_empty(self) -> int:
        """How many were empty since the last time; those that are full of what OpenSSL alone reads count as many."""
        empty, self.unread = self.unread, 0
        full = 0
        if self._silent_bytes < 0:
            self._silent_bytes = 0
        elif self._silent_bytes > MAX_RECORD_BYTES:  # one may be under way
            full = (self._silent_bytes - MAX_RECORD_BYTES) // SILENT_BYTES
            self._silent_bytes -= full * SILENT_BYTES
        return full + empty if empty > 0 else full

    def stand(self, *, ends_at_alert: bool = False) -> None:
        """Count from here on; an alert is the end, if so: no piece has more of it than its header."""
        self.unread = self._silent_bytes = 0
        self._ends_at_alert = ends_at_alert

    def _came_to_end(self, kind: int) -> bool:
        self.is_over = self._ends_at_alert and kind == ALERT
        return self.is_over

    def _add_to_header(self, data: memoryview, position: int, limit: int) -> int:
        end = min(position + HEADER_BYTES - len(self._header), limit)
        self._header += bytes(data[position:end])
        return end
