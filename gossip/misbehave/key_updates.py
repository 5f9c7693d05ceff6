"""Key updates of TLS 1.3, which the ssl module has no way to send. Spec: RFC 8446 sections 4.6.3, 5.2 and 7."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

APPLICATION_DATA = b"\x17\x03\x03"
KEY_UPDATE = b"\x18\x00\x00\x01\x01"
"""It wants the other side to change its key, too."""
HANDSHAKE = b"\x16"
TAG_BYTES = 16
IV_BYTES = 12


def key_updates(secret: bytes, suite: str, count: int) -> bytes:
    """So many records, each a key update, the first of them the first record of a client after its handshake.

    Args:
        secret: The client's first application traffic secret.
        suite: The name of the cipher suite.
        count: How many.
    """
    inner = KEY_UPDATE + HANDSHAKE
    header = APPLICATION_DATA + (len(inner) + TAG_BYTES).to_bytes(2)
    records = []
    for _ in range(count):
        key = _expand(secret, suite, b"key", 16 if "AES_128" in suite else 32)
        cipher = ChaCha20Poly1305(key) if "CHACHA20" in suite else AESGCM(key)
        nonce = _expand(secret, suite, b"iv", IV_BYTES)  # of record 0: each has a key of its own
        records.append(header + cipher.encrypt(nonce, inner, header))
        secret = _expand(secret, suite, b"traffic upd", len(secret))
    return b"".join(records)


def _expand(secret: bytes, suite: str, label: bytes, size_bytes: int) -> bytes:
    """HKDF-Expand-Label, without a context."""
    name = b"tls13 " + label
    info = size_bytes.to_bytes(2) + bytes((len(name),)) + name + b"\x00"
    return HKDFExpand(SHA384() if suite.endswith("SHA384") else SHA256(), size_bytes, info).derive(secret)
