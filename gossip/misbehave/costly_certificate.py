"""A TLS certificate that OpenSSL takes long to read, and reads before it looks who signed it."""

from gossip.der import SEQUENCE, encode_element, read_element, read_elements

RELATIVE_NAME = bytes.fromhex("3107300506012a0c00")
"""A part of a name in as few bytes as there may be: attribute 1.2, with an empty text."""
DISTRIBUTION_POINT = bytes.fromhex("3004a002a100")
"""Where to find a CRL, relative to the issuer's name, of which OpenSSL makes a copy."""
CRL_DISTRIBUTION_POINTS = bytes.fromhex("0603551d1f")
OCTET_STRING = 0x04
EXTENSIONS = 0xA3
ISSUER, FIRST_EXTENSION = 3, 7


def make_costly(der: bytes, each_bytes: int) -> bytes:
    """The certificate with an issuer's name, and distribution points, of so many bytes each; its signature is wrong."""
    signed, algorithm, signature = read_elements(read_element(der, SEQUENCE).content)
    fields = [field.encoded for field in read_elements(signed.content)[:FIRST_EXTENSION]]
    fields[ISSUER] = encode_element(SEQUENCE, RELATIVE_NAME * (each_bytes // len(RELATIVE_NAME)))
    points = encode_element(SEQUENCE, DISTRIBUTION_POINT * (each_bytes // len(DISTRIBUTION_POINT)))
    extension = encode_element(SEQUENCE, CRL_DISTRIBUTION_POINTS + encode_element(OCTET_STRING, points))
    fields.append(encode_element(EXTENSIONS, encode_element(SEQUENCE, extension)))
    body = encode_element(SEQUENCE, b"".join(fields))
    return encode_element(SEQUENCE, body + algorithm.encoded + signature.encoded)
