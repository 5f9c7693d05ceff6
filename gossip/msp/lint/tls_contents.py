"""Reads a file of TLS as TLS does, which takes every certificate there and passes over whatever else there is."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate, parse_certificate
from gossip.msp.lint.contents import load_public_key, mend_of
from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.no_pem import BYTE_ORDER_MARK, describe_no_pem, find_disguise, find_pem_remedy
from gossip.msp.pem import PRIVATE_KEY, PemBlock, find_pem_block
from gossip.msp.tls_facts import MAX_CERTIFICATES

_BEGIN = re.compile(rb"^-----BEGIN CERTIFICATE-----", re.MULTILINE)


def read_chain(file: str, content: bytes) -> tuple[list[Certificate], list[Finding]]:
    """Read a peer's TLS certificate and those of the CAs that are sent behind it; none where one is broken.

    Mirrors: crypto/tls, X509KeyPair.
    """
    certificates, fault = _read_certificates(content)
    if fault is not None:
        return [], [error(file, "not-a-certificate", fault.problem, fault.mend)]
    return certificates, [] if certificates else [_no_certificate(file, content)]


def read_authorities(file: str, content: bytes) -> tuple[list[Certificate], list[Finding]]:
    """Read the TLS CAs that a peer trusts; one that is broken leaves the others.

    Mirrors: crypto/x509, CertPool.AppendCertsFromPEM.
    """
    certificates, fault = _read_certificates(content)
    if fault is None:
        return certificates, [] if certificates else [_no_certificate(file, content)]
    if not certificates:
        return [], [error(file, "not-a-certificate", fault.problem, fault.mend)]
    problem = f"{fault.problem}; Go trusts only the others, and stricter programs refuse the whole file"
    return certificates, [warning(file, "not-a-certificate", problem, "copy that certificate again, or remove it")]


def read_tls_key(file: str, content: bytes) -> tuple[PublicKeyTypes | None, list[Finding]]:
    """Read the first private key and keep its public half alone.

    Mirrors: crypto/tls, X509KeyPair.
    """
    found = next((pem for pem, block in _blocks(content) if block.type.endswith(PRIVATE_KEY)), None)
    if found is None:
        return None, [_no_key(file, content)]
    return load_public_key(file, found, decrypted="FILE")


class _Fault(NamedTuple):
    problem: str
    mend: str


def _read_certificates(content: bytes) -> tuple[list[Certificate], _Fault | None]:
    """The certificates that can be read, and what is wrong with the first that cannot."""
    if _is_marked(content):
        return [], None
    certificates, faults = list[Certificate](), list[_Fault]()
    begins = [match.start() for match in islice(_BEGIN.finditer(content), MAX_CERTIFICATES)]
    for number, (begin, end) in enumerate(pairwise([*begins, len(content)]), 1):
        try:
            certificates.append(_parse(content[begin:end]))
        except UntrustedIdentityError as fault:
            of = f"holds {len(begins)} certificates, of which number {number} is broken: " if len(begins) > 1 else ""
            faults.append(_Fault(f"{of}{fault}", mend_of(str(fault))))
    return certificates, next(iter(faults), None)


def _parse(pem: bytes) -> Certificate:
    block = find_pem_block(pem)
    if block is None or block.type != "CERTIFICATE":
        disguise = find_disguise(pem)
        what = "its PEM is cut short or garbled" if disguise is None else f"it {disguise[0]}; {disguise[1]}"
        raise UntrustedIdentityError(what)
    return parse_certificate(block.body)


def _is_marked(content: bytes) -> bool:
    """Whether a byte order mark hides the first block."""
    return content.startswith(BYTE_ORDER_MARK + b"-----BEGIN")


def _blocks(content: bytes) -> Iterator[tuple[bytes, PemBlock]]:
    """Each PEM block, and the content from where it was looked for."""
    for _ in range(MAX_CERTIFICATES):
        block = find_pem_block(content)
        if block is None:
            return
        yield content, block
        content = block.rest


def _no_certificate(file: str, content: bytes) -> Finding:
    block = None if _is_marked(content) else find_pem_block(content)
    if block is not None and PRIVATE_KEY in block.type:
        remedy = "put the certificate here, and keep the key in a file of its own: server.key"
        return error(file, "key-among-certificates", "is a private key, where a certificate belongs", remedy)
    if block is not None:
        problem = f"holds {block.type}, where a certificate belongs"
        return error(file, "not-a-certificate", problem, "put the certificate here")
    remedy = find_pem_remedy(content, "x509", "the certificate") or "put a certificate in PEM here"
    return error(file, "not-pem", f"{describe_no_pem(content)}, and a peer does not start with it", remedy)


def _no_key(file: str, content: bytes) -> Finding:
    block = find_pem_block(content)
    if block is not None:
        return error(file, "not-a-key", f"holds {block.type}, where a key belongs", "put the private key here")
    remedy = find_pem_remedy(content, "pkey", "the key") or "put the private key in PEM here"
    return error(file, "not-pem", f"{describe_no_pem(content)}, and a peer does not start with it", remedy)
