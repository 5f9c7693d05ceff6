"""The way from a TLS certificate up to a CA, and which issuer it lacks; nothing here trusts any."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate, parse_certificate


@dataclass(frozen=True, slots=True)
class MissingIssuer:
    """The first issuer on the path up from a leaf that nobody has.

    Attributes:
        certificate, issuer: The last on the path, and who issued it.
        namesake: A trusted CA of the issuer's name with another key, as of an organisation whose CAs were made anew.
        presented_namesake: One that was presented.
    """

    certificate: str
    issuer: str
    namesake: Certificate | None
    presented_namesake: Certificate | None


class OtherWay(NamedTuple):
    """A way to a trusted CA that OpenSSL may not try: it tries one alone.

    Attributes:
        name: Of whom several certificates are sent.
        top: The trusted CA that it leads to.
    """

    name: str
    top: Certificate


def find_other_way(chain: Sequence[bytes], trusted: Iterable[Certificate]) -> OtherWay | None:
    """The way from the leaf, first of ``chain``, to a trusted CA where several certificates of one name are sent.

    Raises:
        UntrustedIdentityError: The leaf is no certificate.
    """
    trusted, presented = tuple(trusted), tuple(_readable(chain[1:]))
    twins = [ca for ca in presented if any(ca.raw_subject == each.raw_subject and ca != each for each in presented)]
    reached = [parse_certificate(chain[0])]
    for each in reached if twins else ():  # grows while it is walked
        for ca in (*trusted, *presented):
            if ca not in reached and each.is_signed_by(ca):
                if ca in trusted:
                    return OtherWay(twins[0].subject, ca)
                reached.append(ca)
    return None


def find_missing_issuer(chain: Sequence[bytes], trusted: Iterable[Certificate]) -> MissingIssuer | None:
    """Walk up from the leaf, first of ``chain``, and tell where the path ends before it comes to a trusted certificate.

    Returns:
        The issuer that is missing, or None when the path leads to one that is trusted.

    Raises:
        UntrustedIdentityError: ``chain`` is empty, or its leaf is no certificate.
    """
    trusted = tuple(trusted)
    top = trace_certification_path(chain, trusted)[-1]
    if top in trusted:
        return None
    presented = [ca for ca in _readable(chain[1:]) if ca.raw_subject != ca.raw_issuer]
    return MissingIssuer(top.subject, top.issuer, _find_namesake(top, trusted), _find_namesake(top, presented))


def trace_certification_path(chain: Sequence[bytes], trusted: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """The certificates from the leaf, first of ``chain``, to the first that is trusted, or as far as the path leads.

    Of several trusted certificates of one CA, the one that ends last counts, as in OpenSSL.

    Raises:
        UntrustedIdentityError: ``chain`` is empty, or its leaf is no certificate.
    """
    if not chain:
        raise UntrustedIdentityError("no certificate was presented")
    path = [parse_certificate(chain[0])]
    lasting = sorted(trusted, key=lambda ca: ca.not_after_at, reverse=True)
    # A root that is presented and not trusted says nothing: who is missing is who issued the one below it.
    others = [ca for ca in _readable(chain[1:]) if ca.raw_subject != ca.raw_issuer]
    while path[-1] not in lasting:
        above = next((ca for ca in (*lasting, *others) if ca not in path and path[-1].is_signed_by(ca)), None)
        if above is None:
            break
        path.append(above)
    return tuple(path)


def _find_namesake(certificate: Certificate, cas: Iterable[Certificate]) -> Certificate | None:
    return next((ca for ca in cas if ca.raw_subject == certificate.raw_issuer), None)


def _readable(chain: Iterable[bytes]) -> Iterable[Certificate]:
    for der in chain:
        try:
            yield parse_certificate(der)
        except UntrustedIdentityError:
            continue
