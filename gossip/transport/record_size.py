"""How much a record of TLS holds, after which frames are cut and reads are measured. Spec: RFC 8446 section 5.1."""

HEADER_BYTES = 5
RECORD_BYTES = 16 * 1024
"""The most data that a record holds."""
FULL_BYTES = HEADER_BYTES + RECORD_BYTES + 17
"""How long such a one is in TLS 1.3: behind the data are its type and a tag of 16 bytes."""
BYTES_AT_ONCE = 8 * FULL_BYTES
"""OpenSSL keeps as much for each connection that ever sent so much in one go; with half of it 64 KiB cost 7 % more.

Whole records, as our peers write whole frames into them: what is read then ends where a frame does.
"""
