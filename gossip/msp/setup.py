"""From an MSP's configuration to the parts that judge with it; everything that makes an MSP unusable is found here."""

from collections.abc import Iterable

from gossip.errors import ConfigurationError, UntrustedIdentityError
from gossip.msp.certificate import Certificate
from gossip.msp.chain import MIN_RSA_BITS, CaTree, check_self_signed_root, is_verifiable_key
from gossip.msp.config import CertificateFile, MspConfig, OuConfig
from gossip.msp.revocation import Revocations
from gossip.msp.roles import OuIdentifier, OuRules, certifiers_id


def build_ca_tree(config: MspConfig) -> CaTree:
    """Check the CAs and lay out the paths up through them, each CA with a low S in its signature.

    Raises:
        ConfigurationError: A CA cannot be one; names its file.

    Mirrors: msp/mspimplsetup.go, setupCAs and finalizeSetupCAs.
    """
    if not config.roots:
        raise ConfigurationError("expected at least one CA certificate", path=config.path)
    for file in (*config.roots, *config.intermediates):
        _check_ca_of_identities(file)
    for file in config.roots:
        _check_root(file)
    as_given = _lay_out(config, config.roots, config.intermediates)
    chains = [ca_chain(as_given, file) for file in config.intermediates]
    chains = [chain for chain in chains if len(chain) > 1]
    return CaTree(
        (root.with_low_s(root) for root in as_given.roots), (chain[0].with_low_s(chain[1]) for chain in chains)
    )


def _check_ca_of_identities(file: CertificateFile) -> None:
    if file.certificate.key is None:
        raise ConfigurationError(
            "certificate's public key type not recognized. Supported keys: [ECDSA, RSA]", path=file.path
        )
    check_ca(file)
    if not is_verifiable_key(file.certificate.key):
        raise ConfigurationError(
            f"this CA's key is too weak; use P-256, P-384, P-521, or RSA with {MIN_RSA_BITS} bits", path=file.path
        )
    _check_purposes(file)


def _check_root(file: CertificateFile) -> None:
    # Fabric asks it of no other CA: those that may not sign load, and only nobody below them has a chain.
    if file.certificate.is_ecdsa_signed and not file.certificate.can_sign_certificates:
        raise ConfigurationError("CA Certificate is not valid: its key usages lack certificate signing", path=file.path)
    if not _is_self_signed(file.certificate):
        raise ConfigurationError(
            f"CA Certificate is not valid: {file.certificate.subject} is not self-signed, so it is no root; "
            "an intermediate belongs into intermediatecerts",
            path=file.path,
        )
    try:
        check_self_signed_root(file.certificate)
    except UntrustedIdentityError as error:
        raise ConfigurationError(f"CA Certificate is not valid: {error}", path=file.path) from error


def _is_self_signed(certificate: Certificate) -> bool:
    """Go never asks what a root itself is signed over, Fabric does where that is ECDSA; so a weak hash may be RSA's."""
    if certificate.weak_hash is not None and not certificate.is_ecdsa_signed:
        return certificate.raw_subject == certificate.raw_issuer
    return certificate.is_signed_by(certificate)


def check_ca(file: CertificateFile) -> None:
    """Return when the certificate can be a CA of Fabric's.

    Raises:
        ConfigurationError: It cannot; names its file.
    """
    certificate = file.certificate
    if not certificate.is_ca:
        raise ConfigurationError(
            f"CA Certificate did not have the CA attribute, (SN: {certificate.serial_number:x}): "
            f"{certificate.subject} is no CA",
            path=file.path,
        )
    if certificate.key_id is None:
        raise ConfigurationError(
            f"CA Certificate problem with Subject Key Identifier extension, (SN: {certificate.serial_number:x}): "
            "subjectKeyIdentifier not found in certificate",
            path=file.path,
        )


def _check_purposes(file: CertificateFile) -> None:
    if not file.certificate.is_for_servers:
        raise ConfigurationError(
            "CA Certificate is not valid: its extended key usages lack server authentication", path=file.path
        )


def ca_chain(tree: CaTree, file: CertificateFile) -> tuple[Certificate, ...]:
    """Find the chain of an intermediate CA.

    Raises:
        ConfigurationError: It leads to no root; names its file.
    """
    try:
        return tree.unique_chain(file.certificate)
    except UntrustedIdentityError as error:
        raise ConfigurationError(f"CA Certificate is not valid: {error}", path=file.path) from error


def build_revocations(config: MspConfig, tree: CaTree) -> Revocations:
    """Read the CRLs by the CAs that signed them.

    Raises:
        ConfigurationError: An intermediate CA is revoked, with which Fabric does not start.
    """
    revocations = Revocations(((file.path, file.crl) for file in config.crls), tree.cas)
    for intermediate in tree.intermediates:
        crl = revocations.find_crl(intermediate, tree.unique_chain(intermediate)[1])
        if crl is not None:
            raise ConfigurationError(
                f"CA Certificate is not valid: the intermediate CA {intermediate.subject} has been revoked by {crl}; "
                "remove it",
                path=config.path,
            )
    return revocations


def find_inner_cas(tree: CaTree) -> frozenset[Certificate]:
    """The CAs that have intermediates below them; Fabric takes no member from those.

    Mirrors: msp/mspimplsetup.go, certificationTreeInternalNodesMap.
    """
    return frozenset(ca for intermediate in tree.intermediates for ca in tree.unique_chain(intermediate)[1:])


def build_ou_rules(config: MspConfig, tree: CaTree, inner_cas: frozenset[Certificate]) -> OuRules:
    """Resolve the certifiers that config.yaml names.

    Raises:
        ConfigurationError: A certifier is no CA of this MSP that issues members; names the line of config.yaml.

    Mirrors: msp/mspimplsetup.go, setupNodeOUsV142, setupOUs and getCertifiersIdentifier.
    """

    def resolve(unit: OuConfig) -> OuIdentifier:
        if unit.certifier is None:
            return OuIdentifier(unit.name, None, None, unit.source)
        ca = _find_ca(tree, unit.certifier.certificate)
        if ca is None or ca in inner_cas.intersection(tree.intermediates):
            why = "has intermediate CAs below it" if ca else "is not in root or intermediate certs"
            raise ConfigurationError(
                f"Failed adding OU {unit.name}: its Certificate {unit.certifier.path} {why}", path=unit.source
            )
        return OuIdentifier(unit.name, ca, certifiers_id(tree.unique_chain(ca)), unit.source)

    node_ous = None if config.node_ous is None else {role: resolve(unit) for role, unit in config.node_ous.items()}
    return OuRules(config.mspid, node_ous, [resolve(unit) for unit in config.organizational_units])


def check_tls_cas(config: MspConfig) -> None:
    """Return when the TLS CAs can be CAs; whether they are in date is judged with each connection.

    Raises:
        ConfigurationError: One cannot, or an intermediate leads to no TLS root or is revoked; names its file.

    Mirrors: msp/mspimplsetup.go, setupTLSCAs.
    """
    for file in (*config.tls_roots, *config.tls_intermediates):
        check_ca(file)
        _check_purposes(file)
    tree = _lay_out(config, config.tls_roots, config.tls_intermediates)
    revocations = Revocations(((file.path, file.crl) for file in config.crls), tree.cas)
    for file in config.tls_intermediates:
        chain = ca_chain(tree, file)
        crl = revocations.find_crl(file.certificate, chain[1]) if len(chain) > 1 else None
        if crl is not None:
            raise ConfigurationError(
                f"CA Certificate is not valid: {file.certificate.subject} has been revoked by {crl}; remove it",
                path=file.path,
            )


def _find_ca(tree: CaTree, certificate: Certificate) -> Certificate | None:
    """Find the CA that this is, with a high S in either of them counting as the same."""
    for ca in tree.cas:
        issuer = tree.unique_chain(ca)[:2][-1]
        if ca == certificate or (certificate.is_signed_by(issuer) and ca == certificate.with_low_s(issuer)):
            return ca
    return None


def _lay_out(config: MspConfig, roots: Iterable[CertificateFile], intermediates: Iterable[CertificateFile]) -> CaTree:
    try:
        return CaTree((file.certificate for file in roots), (file.certificate for file in intermediates))
    except UntrustedIdentityError as error:
        raise ConfigurationError(str(error), path=config.path) from error
