"""Reads the content of one file, and says what it is when it is not what it should be."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gossip.errors import ConfigurationError, UntrustedIdentityError
from gossip.msp.certificate import Certificate, parse_certificate
from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.no_pem import describe_no_pem, find_pem_remedy
from gossip.msp.pem import PRIVATE_KEY, PemBlock, find_pem_block
from gossip.msp.revocation import parse_crl

_OTHER_KINDS = {
    "X509 CRL": "move it to crls",
    "CERTIFICATE REQUEST": "put the certificate here that the CA issued for it",
    "NEW CERTIFICATE REQUEST": "put the certificate here that the CA issued for it",
    "PKCS7": "convert it, one certificate a file: openssl pkcs7 -print_certs -in FILE",
    "TRUSTED CERTIFICATE": "convert it: openssl x509 -in FILE -out FILE.pem",
}
"""What stands in files in the place of a certificate, and what to do with it."""


def read_certificate(file: str, content: bytes) -> tuple[Certificate | None, list[Finding]]:
    """Read the first PEM block as a certificate, as Fabric does."""
    block = find_pem_block(content)
    if block is None:
        remedy = find_pem_remedy(content, "x509", "the certificate")
        otherwise = "put a certificate in PEM here, or move the file out of this folder"
        return None, [_no_pem(file, content, "so a peer skips it", remedy or otherwise)]
    behind = find_pem_block(block.rest)
    if PRIVATE_KEY in block.type:
        return None, [_key_among_certificates(file, block, behind)]
    try:
        return parse_certificate(block.body), []
    except UntrustedIdentityError as fault:
        return None, [_not_a_certificate(file, block, str(fault))]


def read_crl(file: str, content: bytes) -> tuple[x509.CertificateRevocationList | None, list[Finding]]:
    """Read a CRL; Fabric wants it in PEM and at the very beginning of the file."""
    block = find_pem_block(content)
    if block is None:
        remedy = find_pem_remedy(content, "crl", "the CRL")
        otherwise = "put a CRL in PEM here, or move the file out of this folder"
        return None, [_no_pem(file, content, "so a peer skips it, and it revokes nothing", remedy or otherwise)]
    if block.type != "X509 CRL":
        return None, [error(file, "not-a-crl", f"is a {block.type.lower()}, not a CRL", "move it out of this folder")]
    if not content.startswith(b"-----BEGIN"):
        problem = "has text before the CRL, which a peer cannot parse"
        return None, [error(file, "not-a-crl", problem, "remove everything before -----BEGIN X509 CRL-----")]
    findings = []
    if find_pem_block(block.rest) is not None:
        problem = (
            "holds several PEM blocks, of which a peer reads only the first: what the others revoke is not revoked"
        )
        findings.append(warning(file, "several-blocks", problem, "put each CRL into a file of its own"))
    try:
        return parse_crl(content, path=""), findings
    except ConfigurationError as fault:
        return None, [error(file, "not-a-crl", str(fault), "fetch the CRL from its CA again, or remove the file")]


def read_key(file: str, content: bytes) -> tuple[PublicKeyTypes | None, list[Finding]]:
    """Read a private key and keep its public half alone."""
    block = find_pem_block(content)
    if block is None:
        remedy = find_pem_remedy(content, "pkey", "the key")
        return None, [_no_pem(file, content, "so a peer skips it", remedy or "move it out of this folder")]
    findings = []
    behind = find_pem_block(block.rest)
    if PRIVATE_KEY not in block.type and behind is not None and PRIVATE_KEY in behind.type:
        problem = f"begins with {block.type}, so a Fabric peer, which reads the first block, finds no key"
        findings.append(
            warning(file, "key-not-first", problem, f"remove what stands before -----BEGIN {behind.type}-----")
        )
    elif PRIVATE_KEY not in block.type:
        problem = f"is a {block.type.lower()}, not a private key"
        return None, [warning(file, "not-a-key", problem, "move it out of this folder")]
    public_key, faults = load_public_key(file, content, decrypted="priv_sk")
    return public_key, faults or findings


def load_public_key(file: str, pem: bytes, *, decrypted: str) -> tuple[PublicKeyTypes | None, list[Finding]]:
    """The public half of the private key in ``pem``; ``decrypted`` is the file for one without a password."""
    try:
        return load_pem_private_key(pem, None).public_key(), []
    except TypeError:
        remedy = f"decrypt it: openssl pkcs8 -topk8 -nocrypt -in KEY -out {decrypted}"
        return None, [error(file, "encrypted-key", "is encrypted, and a peer cannot ask for a password", remedy)]
    except (ValueError, UnsupportedAlgorithm):
        return None, [error(file, "not-a-key", "is not a private key that can be read", "copy the key again")]


def mend_of(fault: str) -> str:
    """What to do about a certificate that is refused for this: one that is whole is as it was issued."""
    is_whole = fault.startswith("not an X.509 certificate: ") and "garbled" not in fault
    return "have it issued again without that" if is_whole else "copy the certificate again"


def _not_a_certificate(file: str, block: PemBlock, fault: str) -> Finding:
    if block.type == "CERTIFICATE":
        return error(file, "not-a-certificate", fault, mend_of(fault))
    otherwise = "put a certificate in PEM at the beginning, or move the file out of this folder"
    problem = f"begins with {block.type}, not with a certificate, and a peer reads only the first PEM block"
    return error(file, "not-a-certificate", problem, _OTHER_KINDS.get(block.type, otherwise))


def _key_among_certificates(file: str, key: PemBlock, behind: PemBlock | None) -> Finding:
    place = (
        "into a file of its own in keystore" if file.startswith("signcerts/") else "out of the MSP folder, and keep it"
    )
    leak = "make sure that this folder was not shared with anybody"
    if behind is None or behind.type != "CERTIFICATE":
        problem = "is a private key in a folder of certificates"
        return error(file, "key-among-certificates", problem, f"move it {place}; {leak}")
    problem = f"begins with {key.type}, and a peer reads only the first PEM block"
    remedy = f"move the key, which is everything before -----BEGIN {behind.type}-----, {place}; {leak}"
    return error(file, "key-among-certificates", problem, remedy)


def _no_pem(file: str, content: bytes, consequence: str, remedy: str) -> Finding:
    return warning(file, "not-pem", f"{describe_no_pem(content)}, {consequence}", remedy)
