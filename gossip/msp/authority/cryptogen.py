"""Writes an organisation as folders, laid out as Fabric's cryptogen lays them out, and reads its CA back.

Mirrors: internal/cryptogen, with NodeOUs on.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gossip.errors import ConfigurationError
from gossip.msp.authority.authority import Authority
from gossip.msp.authority.organization import IssuedMember, Organization
from gossip.msp.roles import Role
from gossip.paths import exists, is_dir

_PRIVATE = 0o600
_PUBLIC = 0o644


def write_peer_organization(root: Path, organization: Organization, members: Iterable[IssuedMember]) -> Path:
    """Write one organisation under ``root/peerOrganizations/DOMAIN``.

    Peers go into ``peers``, admins and clients into ``users``. Private keys can be read by their owner alone.

    Returns:
        The organisation's folder.

    Raises:
        FileExistsError: A file is there already; what was written before it stays.
    """
    folder = root / "peerOrganizations" / organization.domain
    _write_authority(folder / "ca", organization.ca)
    _write_authority(folder / "tlsca", organization.tls_ca)
    write_verifying_msp(folder / "msp", organization)
    for member in members:
        kind = "peers" if member.role is Role.PEER else "users"
        write_local_msp(folder / kind / member.name / "msp", organization, member)
        write_tls(folder / kind / member.name / "tls", organization, member)
    return folder


def write_verifying_msp(folder: Path, organization: Organization) -> None:
    """Write the MSP folder that recognises an organisation's members: no key in it.

    Raises:
        FileExistsError: As above.
    """
    (folder / "admincerts").mkdir(parents=True, exist_ok=True)
    _write(folder / "cacerts" / _file_name(organization.ca.name), organization.ca.certificate_pem)
    _write(folder / "tlscacerts" / _file_name(organization.tls_ca.name), organization.tls_ca.certificate_pem)
    _write(folder / "config.yaml", _node_ous(f"cacerts/{_file_name(organization.ca.name)}"))


def write_local_msp(folder: Path, organization: Organization, member: IssuedMember) -> None:
    """Write the MSP folder that ``member`` runs with: the above, its certificate and its key.

    Raises:
        FileExistsError: As above.
    """
    write_verifying_msp(folder, organization)
    _write(folder / "signcerts" / _file_name(member.name), member.identity.certificate_pem)
    _write(folder / "keystore" / "priv_sk", member.identity.key_pem, _PRIVATE)


def write_tls(folder: Path, organization: Organization, member: IssuedMember) -> None:
    """Write ``ca.crt`` and the member's certificate and key: ``server.*`` for a node, ``client.*`` for a user.

    Raises:
        FileExistsError: As above.
    """
    stem = "server" if member.role in {Role.PEER, Role.ORDERER} else "client"
    _write(folder / "ca.crt", organization.tls_ca.certificate_pem)
    _write(folder / f"{stem}.crt", member.tls.certificate_pem)
    _write(folder / f"{stem}.key", member.tls.key_pem, _PRIVATE)


def read_authority(folder: Path) -> Authority:
    """Read back a CA from the ``ca`` or ``tlsca`` folder of an organisation.

    Raises:
        ConfigurationError: The folder does not hold one certificate in ``*-cert.pem`` and its key in ``priv_sk``.
    """
    if not is_dir(folder):
        raise ConfigurationError("is not a folder" if exists(folder) else "there is no such folder", path=str(folder))
    files = sorted(folder.glob("*-cert.pem"))
    if len(files) != 1:
        raise ConfigurationError(f"holds {len(files)} files *-cert.pem and not one", path=str(folder))
    try:
        certificate = x509.load_pem_x509_certificate(files[0].read_bytes())
        certificate.subject.public_bytes()  # what it issues has this name in it
        key = load_pem_private_key((folder / "priv_sk").read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(f"holds no CA that can be used: {error}", path=str(folder)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ConfigurationError(f"is not the ECDSA key of {files[0].name}", path=str(folder / "priv_sk"))
    return Authority(certificate, key)


def _write_authority(folder: Path, authority: Authority) -> None:
    _write(folder / _file_name(authority.name), authority.certificate_pem)
    _write(folder / "priv_sk", authority.key_pem, _PRIVATE)


def _node_ous(certificate: str) -> bytes:
    lines = ["NodeOUs:", "  Enable: true"]
    for role in (Role.CLIENT, Role.PEER, Role.ADMIN, Role.ORDERER):
        lines += [
            f"  {role.value.capitalize()}OUIdentifier:",
            f"    Certificate: {certificate}",
            f"    OrganizationalUnitIdentifier: {role.value}",
        ]
    return ("\n".join(lines) + "\n").encode()


def _file_name(name: str) -> str:
    return f"{name}-cert.pem"


def _write(path: Path, content: bytes, mode: int = _PUBLIC) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
