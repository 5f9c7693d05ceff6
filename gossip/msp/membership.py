"""One organisation's verifying MSP: who is a member, and in which role."""

from dataclasses import dataclass

from gossip.errors import ConfigurationError, IdentityRevokedError, UntrustedIdentityError
from gossip.msp.certificate import Certificate
from gossip.msp.chain import check_self_signed_root, is_passable
from gossip.msp.config import MspConfig
from gossip.msp.pem import PemBlock, encode_certificate_pem
from gossip.msp.roles import Role
from gossip.msp.setup import build_ca_tree, build_ou_rules, build_revocations, check_tls_cas, find_inner_cas
from gossip.types import PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity

READER_ROLES = (Role.ADMIN, Role.PEER, Role.CLIENT)
"""Whom a channel lets read, with the policy that Fabric's configuration tool writes: any organisation's."""


@dataclass(frozen=True, slots=True)
class Member:
    """A certificate that an MSP knows how to place, which does not make it valid.

    ``chain`` goes from the certificate to its root; None where placing it did not take one.
    """

    mspid: str
    certificate: Certificate
    chain: tuple[Certificate, ...] | None

    def released(self) -> "Member":
        """The same, to be kept for long: see :meth:`Certificate.released`."""
        certificate = self.certificate.released()
        return Member(self.mspid, certificate, (certificate, *self.chain[1:]) if self.chain else None)


class Msp:
    """Judges the certificates of one organisation by its configuration; never changes, so build a new one on change.

    The wall clock plays no part: a certificate is judged one second after it became valid, and whether it ended is
    for the identity mapper to say.

    Mirrors: msp/mspimpl.go, bccspmsp, in the version of the channel capability V1_4_3 and later.
    """

    def __init__(self, config: MspConfig) -> None:
        """Build the MSP.

        Raises:
            ConfigurationError: Fabric would not start with this configuration; names the file or the line.
        """
        self.config = config
        self.mspid = config.mspid
        self.tree = build_ca_tree(config)
        self._revocations = build_revocations(config, self.tree)
        self._inner_cas = find_inner_cas(self.tree)
        self._ou_rules = build_ou_rules(config, self.tree, self._inner_cas)
        check_tls_cas(config)
        self._admins = self._place_admins()

    def place(self, certificate: Certificate) -> Member:
        """Find the certificate's place in this MSP, without judging it.

        Raises:
            UntrustedIdentityError: It has none: another kind of key, or no chain to a CA of this MSP.

        Mirrors: msp/mspimpl.go, deserializeIdentityInternal and sanitizeCert.
        """
        if certificate.key is None:
            raise UntrustedIdentityError("certificate's public key type not recognized. Supported keys: [ECDSA, RSA]")
        if not certificate.is_ecdsa_signed:
            return Member(self.mspid, certificate, None)
        if is_passable(certificate) and certificate.is_signed_by(certificate):
            check_self_signed_root(certificate)
            certificate = certificate.with_low_s(certificate)
            return Member(self.mspid, certificate, (certificate,))
        chain = self.tree.unique_chain(certificate)
        certificate = certificate.with_low_s(chain[1])
        return Member(self.mspid, certificate, (certificate, *chain[1:]))

    def check_identity(self, member: Member) -> None:
        """Return when ``member``, which this MSP placed, is a valid member.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is no member; the text says what is missing.

        Mirrors: msp/mspimplvalidate.go, validateIdentity.
        """
        chain = self._issuing_chain(member)
        certificate, issuer = member.certificate, chain[1]
        crl = self._revocations.find_crl(certificate, issuer)
        if crl is not None:
            raise IdentityRevokedError(
                "could not validate identity against certification chain: The certificate has been revoked: a CRL of "
                f"{issuer.subject} names {certificate.subject}, serial number {certificate.serial_number:x}",
                source=crl,
            )
        self._ou_rules.check(certificate.organizational_units, chain)

    def has_role(self, member: Member, role: Role) -> bool:
        """True when a valid ``member`` has ``role``: by its OU, or as an admin by its place in admincerts.

        Mirrors: msp/mspimpl.go, hasOURole and isInAdmins.
        """
        if role is Role.ADMIN and member.certificate in self._admins:
            return True
        return self._ou_rules.has_role(member.certificate.organizational_units, role)

    def is_reader(self, member: Member) -> bool:
        """True when a channel lets a valid ``member`` read: an admin, a peer or a client.

        An MSP without NodeOUs cannot tell them apart, so there every member reads.
        """
        return not self._ou_rules.has_roles or any(self.has_role(member, role) for role in READER_ROLES)

    def encode_identity(self, certificate: Certificate) -> PeerIdentityType:
        """Write one of our own certificates as an identity, with a low S in its issuer's signature.

        Raises:
            UntrustedIdentityError: The certificate has no place in this MSP.

        Mirrors: msp/identities.go, Serialize.
        """
        member = self.place(certificate)
        return encode_serialized_identity(self.mspid, encode_certificate_pem(member.certificate.der))

    def _issuing_chain(self, member: Member) -> tuple[Certificate, ...]:
        """Mirrors: msp/mspimpl.go, getCertificationChainForBCCSPIdentity."""
        certificate = member.certificate
        if certificate.is_ca:
            raise UntrustedIdentityError(
                f"could not obtain certification chain: {certificate.subject} is a CA: an X509 certificate with Basic "
                "Constraint: Certificate Authority equals true cannot be used as an identity"
            )
        chain = member.chain or self.tree.unique_chain(certificate)
        issuer = chain[1]
        if issuer in self._inner_cas:
            below = [ca.subject for ca in self.tree.intermediates if ca.is_signed_by(issuer)]
            raise UntrustedIdentityError(
                "could not obtain certification chain: invalid validation chain. Parent certificate should be a leaf "
                f"of the certification tree: {issuer.subject} issued {certificate.subject}, but has the intermediate "
                f"CA {', '.join(below)} below it, which must issue instead"
            )
        return chain

    def _place_admins(self) -> frozenset[Certificate]:
        """Mirrors: msp/mspimplsetup.go, setupAdminsV142 and postSetupV142."""
        admins = set()
        for file in self.config.admins:
            try:
                member = self.place(file.certificate)
                if self._ou_rules.has_roles:
                    self._issuing_chain(member)
                else:
                    self.check_identity(member)
            except (UntrustedIdentityError, IdentityRevokedError) as error:
                raise ConfigurationError(f"admin is invalid: {error}", path=file.path) from error
            units = member.certificate.organizational_units
            if self._ou_rules.has_roles and not any(
                self._ou_rules.has_role(units, role) for role in (Role.CLIENT, Role.ADMIN)
            ):
                raise ConfigurationError("admin is invalid: it has neither the client nor the admin OU", path=file.path)
            admins.add(member.certificate)
        if not admins and Role.ADMIN not in (self.config.node_ous or {}):
            raise ConfigurationError(
                "administrators must be declared when no admin ou classification is set: put an admin's certificate "
                "into admincerts, or name AdminOUIdentifier under NodeOUs in config.yaml",
                path=self.config.path,
            )
        return frozenset(admins)


def check_well_formed(block: PemBlock) -> None:
    """Return when id_bytes hold one certificate in PEM and nothing after it.

    Raises:
        UntrustedIdentityError: They do not.

    Mirrors: msp/mspimpl.go, IsWellFormed; its check that the signature is canonical DER is part of building the chain.
    """
    if block.rest:
        raise UntrustedIdentityError(
            f"identity is not well formed: it has trailing bytes: {len(block.rest)} after the END line"
        )
    if block.type not in ("CERTIFICATE", ""):
        raise UntrustedIdentityError(
            f"identity is not well formed: pem type is {block.type[:64]!r}, should be 'CERTIFICATE' or missing"
        )
