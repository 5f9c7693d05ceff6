"""Distinguished names by Go's rules: cryptography refuses one that has an attribute twice in a relative name."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from gossip.der import Element, read_element, read_elements

COMMON_NAME: Final = "2.5.4.3"
ORGANIZATIONAL_UNIT: Final = "2.5.4.11"

MAX_NAME_BYTES: Final = 2048
"""Ten times a long one. Each attribute takes 6 us to read, and a stranger may put thousands into a name."""

_SHORT = {
    COMMON_NAME: "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    ORGANIZATIONAL_UNIT: "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
_ESCAPED = str.maketrans({character: f"\\{character}" for character in '\\"+,;<>'} | {"\0": "\\00"})
_UTF8, _NUMERIC, _PRINTABLE, _T61, _IA5, _BMP = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1E


class Attribute(NamedTuple):
    """An attribute's type, as a dotted object identifier, and value."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """Relative names in their order, each with its attributes; to compare names, compare their bytes, as Go does."""

    relative_names: tuple[tuple[Attribute, ...], ...]

    def values_of(self, kind: str) -> tuple[str, ...]:
        """Every value of one type of attribute, in order."""
        return tuple(value for relative in self.relative_names for type_, value in relative if type_ == kind)

    @property
    def common_name(self) -> str:
        """The last common name; empty where there is none. Mirrors: pkix.Name, FillFromRDNSequence."""
        return (self.values_of(COMMON_NAME) or ("",))[-1]

    def rfc4514_string(self) -> str:
        """The whole name, the last relative name first."""
        return ",".join(
            "+".join(f"{_SHORT.get(kind, kind)}={_escape(value)}" for kind, value in relative)
            for relative in reversed(self.relative_names)
            if relative
        )


def parse_name(der: bytes) -> DistinguishedName:
    """Read a name of a certificate that cryptography took, refusing what Go's parser refuses.

    Raises:
        ValueError: It is longer than anybody's, or a value is none of the string types that Go reads, or no text in its
            type.

    Mirrors: crypto/x509, parseName (Go 1.26).
    """
    if len(der) > MAX_NAME_BYTES:
        raise ValueError(f"name of {len(der)} bytes exceeds the limit of {MAX_NAME_BYTES}")
    return DistinguishedName(
        tuple(
            tuple(_parse_attribute(attribute) for attribute in read_elements(relative.content))
            for relative in read_elements(read_element(der).content)
        )
    )


def _parse_attribute(attribute: Element) -> Attribute:
    kind, value = read_elements(attribute.content)
    name = _dotted(kind.content)
    try:
        return Attribute(name, _text(value))
    except ValueError as error:
        raise ValueError(f"invalid RDNSequence: invalid attribute value of ASN.1 type {value.tag}") from error


def _text(value: Element) -> str:
    """Mirrors: crypto/x509, parseASN1String."""
    content = value.content
    if value.tag == _UTF8:
        return content.decode()
    if value.tag in (_PRINTABLE, _IA5):
        return content.decode("ascii")
    if value.tag == _T61:
        return content.decode("latin-1")
    if value.tag == _NUMERIC and all(byte in b"0123456789 " for byte in content):
        return content.decode("ascii")
    if value.tag == _BMP:
        return _bmp_text(content.removesuffix(b"\0\0"))
    raise ValueError("no string type, or none of its characters")


def _bmp_text(content: bytes) -> str:
    text = content.decode("utf-16-be")
    if any(0xFDD0 <= ord(point) <= 0xFDEF or ord(point) >= 0xFFFE for point in text):
        raise ValueError("invalid BMPString")
    return text


def _dotted(content: bytes) -> str:
    """An object identifier in the notation with dots."""
    arcs, arc = [], 0
    for byte in content:
        arc = arc << 7 | byte & 0x7F
        if arc >> 31:
            raise ValueError("invalid RDNSequence: invalid attribute type: an arc of 2^31 or more")
        if byte < 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _escape(value: str) -> str:
    escaped = value.translate(_ESCAPED)
    if value.startswith("#") or (value.startswith(" ") and len(value) > 1):
        escaped = f"\\{escaped}"
    return f"{escaped[:-1]}\\ " if value.endswith(" ") else escaped
