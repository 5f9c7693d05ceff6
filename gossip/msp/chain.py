"""The path from a certificate up to a root of its MSP, on cryptography's verification API; chains are built only here.

An MSP's CAs seldom change and a chain must be the only one, so every path up through the CAs is laid out once, and a
certificate is then verified along each path that starts at its issuer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.verification import (
    ClientVerifier,
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
    VerifiedClient,
)

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate, MemberKey, find_extension, without_warnings
from gossip.msp.chain_fault import find_chain_fault
from gossip.msp.parser_text import readable

MIN_RSA_BITS = 2048
"""The verification API takes no signature of a shorter RSA key."""

_HOST_LABEL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:")

MAX_PATHS = 100
"""How many certification paths one MSP may have; Go gives up after as many signature checks."""

# Go asks nothing of extensions that are absent; what it asks of those present stands in Certificate and is_passable.
_LEAF_POLICY = ExtensionPolicy.permit_all()
_CA_POLICY = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)


_GO_WORDS = {
    "not valid at validation time": "certificate has expired or is not yet valid",
    "path length constraint": "too many intermediates for path length constraint",
    "critical extensions": "unhandled critical extension",
    "matched SAN": "a root or intermediate certificate is not authorized to sign for this name",
}
"""What Go says, and so the log of a Fabric peer, by a part of what the verification API says: people search for it."""


@dataclass(frozen=True, slots=True)
class _Path:
    """One certification path, from the CA that issues to the root; ``store`` trusts that root alone."""

    cas: tuple[Certificate, ...]
    store: Store


class CaTree:
    """The CAs of one MSP and every path up through them.

    Mirrors: the roots and intermediates in msp/mspimpl.go, opts, and crypto/x509, Certificate.Verify.
    """

    def __init__(self, roots: Iterable[Certificate], intermediates: Iterable[Certificate]) -> None:
        """Lay out the paths; a root that stands among the intermediates as well counts once.

        Raises:
            UntrustedIdentityError: There are more than ``MAX_PATHS``.
        """
        self.roots = tuple(dict.fromkeys(roots))
        self.intermediates = tuple(dict.fromkeys(intermediates))
        self._paths = _lay_out(self.roots, self.intermediates)

    @property
    def cas(self) -> tuple[Certificate, ...]:
        """Roots first, then intermediates."""
        return self.roots + self.intermediates

    def unique_chain(self, certificate: Certificate) -> tuple[Certificate, ...]:
        """Find the one chain of ``certificate``, verified one second after it became valid.

        Returns:
            The certificate itself first, its root last; a root is a chain of one.

        Raises:
            UntrustedIdentityError: There is no chain, or more than one.

        Mirrors: msp/mspimpl.go, getUniqueValidationChain.
        """
        if certificate in self.roots:
            return (certificate,)
        if not certificate.is_for_servers:
            raise UntrustedIdentityError(
                f"the supplied identity is not valid: {certificate.subject} specifies an incompatible key usage: "
                "its extended key usages lack server authentication"
            )
        chains, refusals = [], []
        for path in self._paths:
            if path.cas[0].raw_subject != certificate.raw_issuer or _is_in(certificate, path):
                continue
            try:
                chains.append(_verify(certificate, path))
            except VerificationError as error:
                refusals.append(_reason(error))
        if len(chains) > 1:
            raise UntrustedIdentityError(f"this MSP only supports a single validation chain, got {len(chains)}")
        if not chains:
            raise UntrustedIdentityError(f"the supplied identity is not valid: {_explain(certificate, self, refusals)}")
        _check_legacy_name_constraints(chains[0])
        return chains[0]


def is_verifiable_key(key: MemberKey) -> bool:
    """True when the verification API takes signatures of such a key; Go takes P-224 and 1024 bits of RSA as well."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= MIN_RSA_BITS
    return key.curve.name != "secp224r1"


def is_passable(ca: Certificate) -> bool:
    """True when Go lets a chain lead through this CA."""
    return ca.is_ca and ca.can_sign_certificates and ca.is_for_servers


def check_self_signed_root(root: Certificate) -> None:
    """Return when a self-signed CA is valid by itself, one second after it became valid.

    Raises:
        UntrustedIdentityError: It has ended by then, or has a critical extension that nobody knows.

    Mirrors: crypto/x509, Certificate.Verify of a certificate that is a root.
    """
    try:
        _run(_verifier(Store([root.parsed]), root, 0), root, ())
    except VerificationError as error:
        raise UntrustedIdentityError(f"the supplied identity is not valid: {_reason(error)}") from error


def _reason(error: VerificationError) -> str:
    """What the verification API says, in Go's words first, without the names from the certificate behind it."""
    said = readable(str(error).partition(" (encountered processing")[0])
    words = next((words for part, words in _GO_WORDS.items() if part in said), None)
    return f"{words}: {said}" if words else said


def _lay_out(roots: Sequence[Certificate], intermediates: Sequence[Certificate]) -> list[_Path]:
    paths = [_Path((root,), Store([root.parsed])) for root in roots if is_passable(root)]
    for path in paths:  # grows while it is walked, one CA longer each time
        paths.extend(
            _Path((ca, *path.cas), path.store)
            for ca in intermediates
            if is_passable(ca) and not _is_in(ca, path) and ca.is_signed_by(path.cas[0])
        )
        if len(paths) > MAX_PATHS:
            raise UntrustedIdentityError(f"the CAs form more than {MAX_PATHS} certification paths")
    return paths


def _is_in(candidate: Certificate, path: _Path) -> bool:
    """True where the same name with the same key is on the path already, which would be a loop.

    Mirrors: crypto/x509, alreadyInChain.
    """
    return any(
        ca.raw_subject == candidate.raw_subject
        and ca.parsed.public_key() == candidate.parsed.public_key()
        and _alternative_names(ca) == _alternative_names(candidate)
        for ca in path.cas
    )


def _alternative_names(certificate: Certificate) -> x509.SubjectAlternativeName | None:
    if not certificate.has_alternative_names:
        return None
    return find_extension(certificate.parsed.extensions, x509.SubjectAlternativeName)


def _verify(certificate: Certificate, path: _Path) -> tuple[Certificate, ...]:
    verified = _run(_verifier(path.store, certificate, len(path.cas)), certificate, path.cas[:-1])
    if len(verified.chain) != len(path.cas) + 1:
        raise VerificationError("the chain takes another path")
    return (certificate, *path.cas)


def _run(verifier: ClientVerifier, certificate: Certificate, between: Sequence[Certificate]) -> VerifiedClient:
    """Verify one path.

    To say which certificate was at fault, cryptography reads its names, warns of those that are too long, and raises
    ValueError for those that Go reads and it does not: an empty relative name, T61String beyond ASCII.

    Raises:
        VerificationError: It does not hold.
    """
    try:
        with without_warnings():
            return verifier.verify(certificate.parsed, [ca.parsed for ca in between])
    except ValueError as error:
        raise VerificationError("validation failed") from error


def _verifier(store: Store, certificate: Certificate, max_depth: int) -> ClientVerifier:
    return (
        PolicyBuilder()
        .store(store)
        .time(certificate.verified_at)
        .max_chain_depth(max_depth)
        .extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
        .build_client_verifier()
    )


def _explain(certificate: Certificate, tree: CaTree, refusals: Sequence[str]) -> str:
    namesakes = [ca for ca in tree.cas if ca.raw_subject == certificate.raw_issuer]
    if not namesakes:
        known = f"which are {', '.join(ca.subject for ca in tree.cas)}" if tree.cas else "of which there is none"
        return (
            f"certificate signed by unknown authority: its issuer {certificate.issuer} is not one of this "
            f"MSP's CAs, {known}"
        )
    if not any(certificate.is_signed_by(ca) for ca in namesakes):
        return (
            f"certificate signed by unknown authority: this MSP has a CA named {certificate.issuer}, but the "
            "signature was not made with that CA's key"
        )
    if not refusals:
        return (
            f"certificate signed by unknown authority: no certification path leads from {certificate.issuer} to a root"
        )
    fault = find_chain_fault(certificate, tree.cas)
    return "; ".join([*refusals, fault.problem] if fault is not None else refusals)


def _check_legacy_name_constraints(chain: Sequence[Certificate]) -> None:
    """Refuse a host name in the common name alone under CAs that constrain names, as Go 1.14 did.

    Mirrors: msp/mspimpl.go, verifyLegacyNameConstraints.
    """
    leaf = chain[0]
    if leaf.has_alternative_names or not _is_host_name(leaf.common_name):
        return
    for ca in chain[1:]:
        if ca.has_name_constraints:
            raise UntrustedIdentityError(
                "the supplied identity is not valid: issuer has name constraints but leaf doesn't have a SAN "
                f"extension: {ca.subject} constrains names, and {leaf.subject} has a host name as its common name alone"
            )


def _is_host_name(name: str) -> bool:
    labels = name.removesuffix(".").split(".")
    if labels[0] == "*":
        labels = labels[1:]
    return all(label and label[0] != "-" and _HOST_LABEL.issuperset(label) for label in labels)
