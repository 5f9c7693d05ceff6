"""Organizational units as Fabric uses them: to tell roles apart (NodeOUs), or to narrow an MSP down."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate, shown


class Role(StrEnum):
    """What a member of an organisation is. Mirrors: msp.MSPRole."""

    CLIENT = "client"
    PEER = "peer"
    ADMIN = "admin"
    ORDERER = "orderer"


@dataclass(frozen=True, slots=True)
class OuIdentifier:
    """An OU and who must certify it.

    ``certifier`` is the CA that must have issued, None where any of the MSP may; ``source`` says where that is
    configured: for ourselves, and not in texts, which whoever is refused gets to read.

    Mirrors: msp/identities.go, OUIdentifier.
    """

    name: str
    certifier: Certificate | None
    certifier_id: bytes | None
    source: str


class OuRules:
    """Which OUs make a member valid.

    One of ``required``, if there are any; with NodeOUs exactly one of the role OUs, with its certifier, as well.

    Mirrors: msp/mspimplvalidate.go, validateIdentityOUsV142.
    """

    def __init__(
        self, mspid: str, node_ous: Mapping[Role, OuIdentifier] | None, required: Sequence[OuIdentifier]
    ) -> None:
        self._mspid = mspid
        self._node_ous = node_ous
        self._by_name = {identifier.name: identifier for identifier in (node_ous or {}).values()}
        self._required = tuple(required)

    @property
    def has_roles(self) -> bool:
        """True with NodeOUs: members have roles."""
        return self._node_ous is not None

    def check(self, units: Sequence[str], chain: Sequence[Certificate]) -> None:
        """Return when a certificate with these OUs and this chain may be a member.

        Raises:
            UntrustedIdentityError: It may not; the text names the OU or certifier that was expected.
        """
        self._check_required(units, chain)
        if self._node_ous is None:
            return
        found: list[str] = []
        for unit in units:
            identifier = self._by_name.get(unit)
            if identifier is None:
                continue
            if identifier.certifier is not None and identifier.certifier_id != certifiers_id(chain[1:]):
                raise self._refusal(
                    f"certifiersIdentifier does not match: OU {unit} must be certified by "
                    f"{identifier.certifier.subject}, but {chain[1].subject} issued the certificate",
                    units,
                    identifier.source,
                )
            found.append(unit)
            if len(found) > 1:
                raise self._refusal(
                    "the identity must have a client, a peer, an orderer, or an admin OU role to be valid, "
                    f"not a combination of them: it has {found[0]} and {found[1]}",
                    units,
                )
        if not found:
            raise self._refusal(
                "the identity does not have an OU that resolves to client, peer, orderer, or admin role: "
                f"one of {', '.join(self._by_name)} is expected",
                units,
            )

    def has_role(self, units: Sequence[str], role: Role) -> bool:
        """True when one of ``units`` is the OU of ``role``; certifiers are left to ``check``."""
        identifier = (self._node_ous or {}).get(role)
        return identifier is not None and identifier.name in units

    def _check_required(self, units: Sequence[str], chain: Sequence[Certificate]) -> None:
        if not self._required:
            return
        issued_by = certifiers_id(chain[1:])
        if any(known.name in units and known.certifier_id == issued_by for known in self._required):
            return
        if not units:
            raise self._refusal("the identity certificate does not contain an Organizational Unit (OU)", units)
        wanted = ", ".join(dict.fromkeys(known.name for known in self._required))
        raise self._refusal(f"none of the identity's organizational units are in the MSP, which takes {wanted}", units)

    def _refusal(self, text: str, units: Sequence[str], source: str | None = None) -> UntrustedIdentityError:
        return UntrustedIdentityError(
            f"could not validate identity's OUs: {text}. OUs: [{shown(' '.join(units))}], MSP: [{self._mspid}]",
            source=source,
        )


def certifiers_id(cas: Sequence[Certificate]) -> bytes:
    """Name a certification path: SHA-256 over its CAs' DER, the issuer first.

    Mirrors: msp/mspimpl.go, getCertificationChainIdentifierFromChain.
    """
    return hashlib.sha256(b"".join(ca.der for ca in cas)).digest()
