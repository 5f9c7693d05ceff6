"""What is wrong with a certificate that cannot be read, in words for people."""

from gossip.errors import UntrustedIdentityError

_PARSER = ": error parsing asn1 value"
"""Where the parser begins to speak of its own insides."""


def describe_broken(fault: UntrustedIdentityError) -> str:
    """Say why a certificate cannot be read."""
    text, parser, _ = str(fault).partition(_PARSER)
    return f"{text}: its DER is garbled" if parser else text
