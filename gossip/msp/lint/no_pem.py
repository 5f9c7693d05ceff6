"""What a file is like in which Go finds no PEM, and how to make it one in which it does."""

import re
from base64 import b64encode

from gossip.msp.pem import find_pem_block

SEQUENCE = b"\x30"
"""What a certificate or key in DER begins with."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_BEGIN = "-----BEGIN"
_WIDE = tuple(_BEGIN.encode(encoding) for encoding in ("utf-16-le", "utf-16-be"))
_IN_BASE64 = b64encode(_BEGIN.encode())[:13]
_WRITTEN_LINE_END = b"\\n"
_INDENTED = re.compile(rb"^[ \t]+-----BEGIN", re.MULTILINE)


def describe_no_pem(content: bytes) -> str:
    """What the file is like."""
    if not content:
        return "is empty"
    disguise = find_disguise(content)
    if disguise is not None:
        return f"{disguise[0]}, so its PEM is not recognised"
    return "holds PEM that is cut short or garbled" if _BEGIN.encode() in content else "holds no PEM"


def find_pem_remedy(content: bytes, command: str, what: str) -> str | None:
    """What to do; None where nothing tells that it is ``what``, which ``command`` of OpenSSL converts, at all."""
    if content.startswith(SEQUENCE):
        return f"it looks like DER; convert it: openssl {command} -inform DER -in FILE -out FILE.pem"
    disguise = find_disguise(content)
    if disguise is not None:
        return disguise[1]
    return f"copy {what} again" if _BEGIN.encode() in content else None


def find_disguise(content: bytes) -> tuple[str, str] | None:
    """What was done to PEM that Go does not find, and how to undo it; None where nothing was, or it finds some."""
    if content.startswith(BYTE_ORDER_MARK):
        return "starts with a byte order mark", "save it as plain text without that mark"
    if is_utf16(content):
        return "is encoded in UTF-16", "save it as plain text, in ASCII or in UTF-8 without a byte order mark"
    if content.lstrip().startswith(_IN_BASE64):
        return "is encoded in base64 once more, as in a Kubernetes secret", "decode it: base64 -d FILE"
    if find_pem_block(content) is not None or _BEGIN.encode() not in content:
        return None
    if _WRITTEN_LINE_END in content:
        return "has \\n in place of line ends", "put a line end in place of each \\n"
    if _INDENTED.search(content):
        return "has blanks before its lines", "take out the blanks before each line"
    return None


def is_utf16(content: bytes) -> bool:
    """Whether PEM stands there in UTF-16."""
    return any(begin in content for begin in _WIDE)
