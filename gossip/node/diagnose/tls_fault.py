"""Why one of our TLS files cannot be used, from what is in it."""

import re
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.msp.lint.no_pem import BYTE_ORDER_MARK, SEQUENCE, describe_no_pem, find_disguise
from gossip.msp.pem import find_pem_block
from gossip.node.diagnose.tls_content import (
    begins_with_mark,
    find_broken_certificate,
    find_lost_target,
    has_certificate,
    has_key,
    is_encrypted,
    read,
    read_certificates,
)
from gossip.node.diagnose.tls_sources import TlsRole
from gossip.paths import is_file

_EMPTY_LINE_WITHIN = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*\n[ \t\r]*\n")


def describe_fault(role: TlsRole, path: Path, files: TlsFiles) -> str | None:
    """What is wrong with a file, and what to do; None where its content does not tell."""
    content = read(path)
    if not content:
        return "holds nothing" if is_file(path) else None
    if content.startswith(SEQUENCE):
        command = "openssl pkey" if role is TlsRole.KEY else "openssl x509"
        return f"looks like DER; convert it: {command} -inform DER -in FILE -out FILE.pem"
    if find_disguise(content) is not None and not begins_with_mark(path):  # which OpenSSL reads past
        return describe_no_pem(content)
    if role is TlsRole.KEY:
        return _describe_key(path, files)
    fault = _describe_certificates(path)
    return _describe_weak(path) if fault is None and role is TlsRole.CERTIFICATE else fault


def describe_lost_link(path: Path) -> str | None:
    """What a file is like that is listed and cannot be found; None where it is no such link."""
    target = find_lost_target(path)
    return None if target is None else f"is a link to {target}, which does not exist"


def _describe_certificates(path: Path) -> str | None:
    if not has_certificate(path):
        return "is a private key, where a certificate belongs" if has_key(path) else "holds no certificate in PEM"
    broken = find_broken_certificate(path)
    if broken is None:
        content = read(path)
        if _EMPTY_LINE_WITHIN.search(content):
            return "has an empty line inside a certificate, which OpenSSL does not read; take it out"
        return describe_no_pem(content) if find_pem_block(content) is None else None
    count = len(list(read_certificates(path)))
    return "is broken" if count == 1 else f"holds {count} certificates, of which number {broken[0]} is broken"


def _describe_weak(path: Path) -> str | None:
    """What TLS minds in what we present; of a CA that we trust it minds no signature."""
    for certificate in filter(None, read_certificates(path)):
        if certificate.weak_hash is not None and certificate.raw_subject != certificate.raw_issuer:
            return (
                f"holds the certificate of {certificate.subject}, signed with {certificate.weak_hash}, which "
                "is too weak for TLS; have it issued again with SHA-256"
            )
    return None


def _describe_key(path: Path, files: TlsFiles) -> str | None:
    if not has_key(path):
        return "is a certificate, where its key belongs" if has_certificate(path) else "holds no private key in PEM"
    if (garbled := _describe_garbled_key(path)) is not None:
        return garbled
    if is_encrypted(path):
        return "is encrypted; decrypt it: openssl pkcs8 -topk8 -nocrypt -in KEY -out FILE"
    if (before := describe_ca_before_own(files)) is not None:
        return before
    return describe_other_key(files)


def _describe_garbled_key(path: Path) -> str | None:
    """What is wrong where a key is begun in PEM that cannot be read; None where it can."""
    content = read(path).removeprefix(BYTE_ORDER_MARK)
    return describe_no_pem(content) if find_pem_block(content) is None else None


def describe_other_key(files: TlsFiles) -> str | None:
    """What is wrong where key and certificate do not fit; None where there is no certificate."""
    first = next(read_certificates(files.certificate), None)
    return None if first is None else f"is not the key of {first.subject} in {files.certificate}"


def describe_ca_before_own(files: TlsFiles) -> str | None:
    """What is wrong where the certificate's file begins with that of a CA; None where it does not."""
    first = next(read_certificates(files.certificate), None)
    if first is None or not first.is_ca:
        return None
    return (
        f"cannot be the key of the first certificate in {files.certificate}, which is that of the CA {first.subject}: "
        "our own must stand first"
    )
