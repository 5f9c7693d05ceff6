"""A ClientHello of our own making. Spec: RFC 8446 section 4.1.2."""

import os
from struct import pack

HANDSHAKE_RECORD = b"\x16\x03\x01"
CLIENT_HELLO = b"\x01"
TLS_1_2 = b"\x03\x03"
TLS_1_3_ALONE = b"\x02\x03\x04"
ONE_SUITE = bytes.fromhex("00021301")  # TLS_AES_128_GCM_SHA256
NO_COMPRESSION = b"\x01\x00"
SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS, ALPN, SUPPORTED_VERSIONS, KEY_SHARE = 10, 13, 16, 43, 51
ECDSA_AND_RSA = bytes.fromhex("000404030804")
H2 = b"\x00\x03\x02h2"

FFDHE8192 = 0x0104
FFDHE8192_BYTES = 1024
SQUARE_OF_GENERATOR = 4
"""A public key that is valid."""


def client_hello(group: int, share: bytes) -> bytes:
    """One record that asks for TLS 1.3 with this group and no other."""
    groups = pack(">H", group)
    shared = groups + pack(">H", len(share)) + share
    extensions = b"".join(
        pack(">HH", kind, len(content)) + content
        for kind, content in (
            (SUPPORTED_GROUPS, pack(">H", len(groups)) + groups),
            (SIGNATURE_ALGORITHMS, ECDSA_AND_RSA),
            (ALPN, H2),
            (SUPPORTED_VERSIONS, TLS_1_3_ALONE),
            (KEY_SHARE, pack(">H", len(shared)) + shared),
        )
    )
    head = TLS_1_2 + os.urandom(32) + b"\0" + ONE_SUITE + NO_COMPRESSION
    body = head + pack(">H", len(extensions)) + extensions
    message = CLIENT_HELLO + len(body).to_bytes(3) + body
    return HANDSHAKE_RECORD + pack(">H", len(message)) + message


def costly_client_hello() -> bytes:
    """One that asks for Diffie-Hellman with a prime of 8192 bits, which takes a server 100 ms and us nothing."""
    return client_hello(FFDHE8192, SQUARE_OF_GENERATOR.to_bytes(FFDHE8192_BYTES))
