"""What a file is like in which Go finds no PEM, and how to make it one in which it does."""

SEQUENCE = b"\x30"
"""What a certificate or key in DER begins with."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_BEGIN = "-----BEGIN"
_WIDE = tuple(_BEGIN.encode(encoding) for encoding in ("utf-16-le", "utf-16-be"))


def describe_no_pem(content: bytes) -> str:
    """What the file is like."""
    if content.startswith(BYTE_ORDER_MARK):
        return "starts with a byte order mark, so its PEM is not recognised"
    if is_utf16(content):
        return "is encoded in UTF-16, so its PEM is not recognised"
    return "holds PEM that is cut short or garbled" if _BEGIN.encode() in content else "holds no PEM"


def find_pem_remedy(content: bytes, command: str, what: str) -> str | None:
    """What to do; None where nothing tells that it is ``what``, which ``command`` of OpenSSL converts, at all."""
    if content.startswith(SEQUENCE):
        return f"it looks like DER; convert it: openssl {command} -inform DER -in FILE -out FILE.pem"
    if content.startswith(BYTE_ORDER_MARK):
        return "save it as plain text without that mark"
    if is_utf16(content):
        return "save it as plain text, in ASCII or in UTF-8 without a byte order mark"
    return f"copy {what} again" if _BEGIN.encode() in content else None


def is_utf16(content: bytes) -> bool:
    """Whether PEM stands there in UTF-16."""
    return any(begin in content for begin in _WIDE)
