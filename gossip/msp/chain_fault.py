"""Which certificate on the path up to a root keeps it from being a chain, where every issuer is there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from gossip.msp.certificate import Certificate
from gossip.shown import shown_time

_UNDERSTOOD = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
    }
)
"""Of what may be critical, what Go looks at. Mirrors: crypto/x509, processExtensions (Go 1.26)."""


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The certificate at fault, what is wrong with it, and what to do."""

    certificate: Certificate
    problem: str
    remedy: str


def find_chain_fault(certificate: Certificate, cas: Iterable[Certificate]) -> ChainFault | None:
    """Name the first fault from ``certificate`` up; None where there is none of those that this knows.

    Mirrors: crypto/x509, Certificate.isValid and checkChainForKeyUsage.
    """
    found = (
        _find_fault(each, below, certificate) for below, each in enumerate(_trace_path(certificate, tuple(cas)), -1)
    )
    return next(filter(None, found), None)


def _trace_path(certificate: Certificate, cas: tuple[Certificate, ...]) -> Iterator[Certificate]:
    path = [certificate]
    for each in path:  # grows while it is walked
        yield each
        path += [ca for ca in cas if ca not in path and each.is_signed_by(ca)][:1]


def find_limit_fault(path: Sequence[Certificate]) -> ChainFault | None:
    """Name the first fault from a TLS certificate up to the CA that is trusted; dates and purposes are left out.

    Mirrors: crypto/x509, Certificate.isValid and Certificate.CheckSignatureFrom.
    """
    found = (_find_limit_fault(each, below, path[0]) for below, each in enumerate(path, -1))
    return next(filter(None, found), None)


def _find_fault(each: Certificate, below: int, certificate: Certificate) -> ChainFault | None:
    """``below`` counts the CAs between the two; -1 for the certificate itself."""
    if not each.is_for_servers:
        problem = f"{each.subject} has extended key usages without server authentication"
        return ChainFault(each, problem, f"{_again(each, below)}, with serverAuth among them or without any")
    fault = _find_limit_fault(each, below, certificate)
    return fault if fault is not None or below < 0 else _find_date_fault(each, certificate)


def _find_limit_fault(each: Certificate, below: int, certificate: Certificate) -> ChainFault | None:
    name, again = each.subject, _again(each, below)
    for extension in each.parsed.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            problem = f"{name} has the critical extension {extension.oid.dotted_string}, which peers do not understand"
            return ChainFault(each, problem, f"{again}, without it or with it not critical")
        most = extension.value.path_length if isinstance(extension.value, x509.BasicConstraints) else None
        if most is not None and below > most:
            between = "1 CA is" if below == 1 else f"{below} CAs are"
            problem = f"{name} allows a path length of {most}, and {between} between it and {certificate.subject}"
            return ChainFault(each, problem, f"{again}, with a path length of {below} or more or without one")
    if below >= 0 and not each.is_ca and each.parsed.version is x509.Version.v3:
        problem = f"{name} is no CA: its basic constraints do not say that it may sign certificates"
        return ChainFault(each, problem, f"{again} as a CA, or have a CA issue what {name} has signed")
    if below >= 0 and not each.can_sign_certificates:
        problem = f"{name} has key usages without certificate signing"
        return ChainFault(each, problem, f"{again}, with keyCertSign among them")
    return None


def _find_date_fault(each: Certificate, certificate: Certificate) -> ChainFault | None:
    name, verified_at = each.subject, certificate.verified_at
    if each.not_after_at < verified_at:
        problem = (
            f"{name} ended at {shown_time(each.not_after_at)}, before {certificate.subject} begins, at "
            f"{shown_time(certificate.not_before_at)}"
        )
        return ChainFault(each, problem, f"renew {name}, and enroll again")
    if each.not_before_at > verified_at:
        problem = (
            f"{name} begins at {shown_time(each.not_before_at)}, after {certificate.subject}, which begins at "
            f"{shown_time(certificate.not_before_at)}"
        )
        return ChainFault(each, problem, f"enroll again, or have {name} issued again with the date that it had before")
    return None


def _again(each: Certificate, below: int) -> str:
    """A CA has to keep its key, since what it has signed is to hold."""
    return f"have {each.subject} issued again{' over its key' if below >= 0 else ''}"
