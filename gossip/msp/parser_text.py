"""What cryptography says of certificates and CRLs that it does not take, without the insides of its parser."""

import re

_PARSE_ERROR = re.compile(
    r"error parsing asn1 value: ParseError \{ kind: (?P<kind>\w+).*?(?:location: \[(?P<places>[^]]*)\].*)?$", re.DOTALL
)
_ALGORITHM = re.compile(
    r"(?P<what>\w+ \w+ algorithm): AlgorithmIdentifier \{.*?params: (?P<name>[A-Z]\w+).*$", re.DOTALL
)
_PLACE = re.compile(r'(\w+)"')
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def readable(text: str) -> str:
    """The text of an error with the field that the parser stumbled over, or the algorithm, in words."""
    if found := _PARSE_ERROR.search(text):
        kind = _WORD.sub(" ", found["kind"]).lower()
        where = ".".join(_PLACE.findall(found["places"] or ""))
        return f"{text[: found.start()]}its DER is garbled: {kind}{f' in {where}' if where else ''}"
    if found := _ALGORITHM.search(text):
        return f"{text[: found.start()]}{found['what']}: {found['name']}, or its parameters"
    return text
