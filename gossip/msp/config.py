"""An MSP folder on disk, read into records as a peer reads it: the first file that cannot be used ends it."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gossip.errors import ConfigurationError, UntrustedIdentityError
from gossip.msp.certificate import Certificate, parse_certificate_pem
from gossip.msp.config_yaml import OuSetting, parse_ou_settings
from gossip.msp.pem import find_pem_block
from gossip.msp.revocation import counts_for, parse_crl
from gossip.msp.roles import Role
from gossip.msp.signing import SigningIdentity
from gossip.paths import is_dir

MAX_FILE_BYTES = 16 * 1024 * 1024
"""No file of an MSP folder is larger than this; a CRL with a hundred thousand entries is about 4 MiB."""

MAX_NAMES = 3
"""Of files that hold no PEM, shown where one is missing."""

_MISNAMED_TLS_INTERMEDIATES = "tlsintermediatecacerts"


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A certificate and the file that it came from."""

    path: str
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class CrlFile:
    """A CRL and the file that it came from."""

    path: str
    crl: x509.CertificateRevocationList


@dataclass(frozen=True, slots=True)
class OuConfig:
    """An OU of config.yaml; ``certifier`` is the CA file that it names, if any.

    ``source`` is the file and line of the certifier, ``name_source`` that of the name.
    """

    name: str
    certifier: CertificateFile | None
    source: str
    name_source: str


@dataclass(frozen=True, slots=True)
class MspConfig:
    """Everything that an MSP folder says about who belongs to the organisation.

    Attributes:
        mspid: The organisation's MSP-ID; no file holds it.
        path: The folder.
        roots, intermediates, admins: Certificates of cacerts, intermediatecerts and admincerts.
        crls: The lists of crls.
        node_ous: The OU of each role; None where NodeOUs are off.
        organizational_units: The OUs of which a member must have one, with NodeOUs or without; empty for no such rule.
        tls_roots, tls_intermediates: Certificates of tlscacerts and tlsintermediatecerts.
        warnings: What was passed over that the operator may not expect to be, each naming its file.
    """

    mspid: str
    path: str
    roots: tuple[CertificateFile, ...]
    intermediates: tuple[CertificateFile, ...] = ()
    admins: tuple[CertificateFile, ...] = ()
    crls: tuple[CrlFile, ...] = ()
    node_ous: dict[Role, OuConfig] | None = None
    organizational_units: tuple[OuConfig, ...] = ()
    tls_roots: tuple[CertificateFile, ...] = ()
    tls_intermediates: tuple[CertificateFile, ...] = ()
    warnings: tuple[str, ...] = ()


def load_msp_config(path: Path, mspid: str) -> MspConfig:
    """Read an organisation's MSP folder, a local one or one that only verifies.

    Raises:
        ConfigurationError: The folder or a file cannot be read or is not what it must be; names it, and in config.yaml
            the line.

    Mirrors: msp/configbuilder.go, getMspConfig.
    """
    folder = _Folder(path)
    if not mspid:
        raise ConfigurationError("an MSP needs an MSP-ID", path=str(path))
    roots = folder.certificates("cacerts")
    if not roots:
        hints = f"{_shown_passed_over(path / 'cacerts')}{_hint_at_msp_folder(path)}"
        problem = f"could not load a valid ca certificate: no PEM file there{hints}"
        raise ConfigurationError(problem, path=str(path / "cacerts"))
    tls_roots = folder.certificates("tlscacerts")
    if _exists(path / _MISNAMED_TLS_INTERMEDIATES):
        folder.warnings.append(
            f"{path / _MISNAMED_TLS_INTERMEDIATES}: ignored, as Fabric does; it reads tlsintermediatecerts"
        )
    intermediates = folder.certificates("intermediatecerts")
    crls = tuple(CrlFile(str(file), parse_crl(data, str(file))) for file, data in folder.pem_files("crls"))
    folder.warnings += [
        f"{file.path}: matches no CA of this MSP by key identifier and signature, so it revokes nothing, as in Fabric"
        for file in crls
        if not any(counts_for(file.crl, ca.certificate) for ca in (*roots, *intermediates))
    ]
    settings_path = path / "config.yaml"
    text = _read(settings_path) if _exists(settings_path) else b""
    settings = parse_ou_settings(text, str(settings_path))
    return MspConfig(
        mspid=mspid,
        path=str(path),
        roots=roots,
        intermediates=intermediates,
        admins=folder.certificates("admincerts"),
        crls=crls,
        node_ous=None
        if settings.node_ous is None
        else {role: folder.role(unit, settings_path) for role, unit in settings.node_ous.items()},
        organizational_units=tuple(
            folder.organizational_unit(unit, settings_path) for unit in settings.organizational_units
        ),
        tls_roots=tls_roots,
        # Fabric looks for intermediates only where there are roots.
        tls_intermediates=folder.certificates("tlsintermediatecerts") if tls_roots else (),
        warnings=tuple(dict.fromkeys(folder.warnings)),  # each role may name the same CA's file
    )


def _hint_at_msp_folder(path: Path) -> str:
    near = [folder for folder in (path / "msp", path.parent) if is_dir(folder / "cacerts")]
    return f"; the MSP folder is {near[0]}" if near else ""


def _shown_passed_over(folder: Path) -> str:
    """The files of a sub-folder of which none holds PEM, for texts; `gossip msp check` says what each is like."""
    names = [file.name for file in _list(folder) if not file.name.startswith(".")]
    shown = [*names[:MAX_NAMES], "..."] if len(names) > MAX_NAMES else names
    return f"; none in {', '.join(shown)}" if names else ""


def load_signing_identity(path: Path, mspid: str) -> SigningIdentity:
    """Read the certificate in signcerts and the key in keystore whose public half is in it, whatever its file name.

    Keys are taken in PKCS#8 and SEC1, unencrypted.

    Raises:
        ConfigurationError: One of them is missing, unreadable or no ECDSA key; names folder and files.

    Mirrors: msp/configbuilder.go, GetLocalMspConfig, and bccsp/sw, searchKeystoreForSKI.
    """
    folder = _Folder(path)
    signer = folder.first_certificate("signcerts")
    if signer is None:
        problem = (
            f"could not load a valid signer certificate: no PEM file there{_shown_passed_over(path / 'signcerts')}"
        )
        raise ConfigurationError(problem, path=str(path / "signcerts"))
    public_key = signer.certificate.key
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise ConfigurationError("gossip is signed with ECDSA, and this certificate has another key", path=signer.path)
    refusals = []
    for file, data in folder.pem_files("keystore"):
        try:
            key = load_pem_private_key(data, password=None)
        except TypeError:
            refusals.append(f"{file.name} is encrypted")
            continue
        except (ValueError, UnsupportedAlgorithm):
            refusals.append(f"{file.name} holds no private key")
            continue
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == public_key:
            return SigningIdentity(mspid, signer.certificate, key)
        refusals.append(f"{file.name} is the key of another certificate")
    reason = "; ".join(refusals) or f"no PEM file there{_shown_passed_over(path / 'keystore')}"
    raise ConfigurationError(f"no key here fits the certificate {signer.path}: {reason}", path=str(path / "keystore"))


class _Folder:
    """One MSP folder while it is read; collects warnings on the way."""

    def __init__(self, path: Path) -> None:
        if not _exists(path):
            raise ConfigurationError("no such MSP folder", path=str(path))
        if not is_dir(path):
            raise ConfigurationError("not a folder", path=str(path))
        self._path = path
        self.warnings: list[str] = []

    def certificates(self, name: str) -> tuple[CertificateFile, ...]:
        return tuple(self._certificate(file, data) for file, data in self.pem_files(name))

    def first_certificate(self, name: str) -> CertificateFile | None:
        """The certificate of the first file in PEM, by name; what the others hold does not matter."""
        first = next(self.pem_files(name), None)
        return self._certificate(*first) if first is not None else None

    def pem_files(self, name: str) -> Iterator[tuple[Path, bytes]]:
        """Yield each file of a sub-folder that holds PEM, by name; none where there is no such folder."""
        for file in _list(self._path / name):
            data = _read(file)
            if find_pem_block(data) is not None:
                yield file, data
            elif not file.name.startswith("."):
                self.warnings.append(f"{file}: holds no PEM and is ignored, as Fabric does")

    def role(self, unit: OuSetting, settings_path: Path) -> OuConfig:
        """The OU of a role; with a certifier that is not there any CA may certify it, as in Fabric."""
        file = unit.certifier_in(self._path)
        if file is not None and not _exists(file):
            source = f"{settings_path}:{unit.line}"
            self.warnings.append(
                f"{source}: the Certificate of OU {unit.name}, {unit.certificate}, does not exist; "
                "as in Fabric, every CA of this MSP may certify that role"
            )
            return OuConfig(unit.name, None, source, f"{settings_path}:{unit.name_line}")
        return self.organizational_unit(unit, settings_path)

    def organizational_unit(self, unit: OuSetting, settings_path: Path) -> OuConfig:
        source, name_source = f"{settings_path}:{unit.line}", f"{settings_path}:{unit.name_line}"
        file = unit.certifier_in(self._path)
        if file is None:
            return OuConfig(unit.name, None, source, name_source)
        try:
            return OuConfig(unit.name, self._certificate(file, _read(file)), source, name_source)
        except ConfigurationError as error:
            raise ConfigurationError(f"the Certificate of OU {unit.name}: {error}", path=source) from error

    def _certificate(self, file: Path, data: bytes) -> CertificateFile:
        try:
            certificate, block = parse_certificate_pem(data)
        except UntrustedIdentityError as error:
            raise ConfigurationError(_describe_first_block(data) or str(error), path=str(file)) from error
        if b"-----BEGIN" in block.rest:
            self.warnings.append(f"{file}: only its first PEM block is read, as Fabric does; split it into files")
        return CertificateFile(str(file), certificate)


def _describe_first_block(data: bytes) -> str | None:
    """What keeps a file from being read as a certificate; None where its first block is at least named one."""
    block = find_pem_block(data)
    if block is None or block.type == "CERTIFICATE":
        return None
    return f"not an X.509 certificate: the file begins with {block.type}, and only its first PEM block is read"


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigurationError(f"cannot be accessed: {error.strerror}", path=str(path)) from error
    return True


def _list(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if not is_dir(file))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(f"could not read directory: {error.strerror}", path=str(folder)) from error


def _read(file: Path) -> bytes:
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise ConfigurationError("not a regular file", path=str(file))
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"could not read file: {error.strerror}", path=str(file)) from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigurationError(f"larger than {MAX_FILE_BYTES} bytes", path=str(file))
    return data
