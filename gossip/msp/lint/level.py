"""Tells an MSP folder from those around it."""

from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.lint.folder import CERTIFICATE_ROLES, OTHER_FOLDERS
from gossip.paths import exists, is_dir

_FOLDERS = (*CERTIFICATE_ROLES, *OTHER_FOLDERS)


def check_is_msp_folder(path: Path) -> None:
    """Return when ``path`` holds at least something that an MSP folder has.

    Raises:
        ConfigurationError: It does not; says where the MSP folder is, if one is near.
    """
    if not _has_cas(path) and _has_cas(path / "msp"):
        raise ConfigurationError(f"is not an MSP folder, but holds one: {path / 'msp'}", path=str(path))
    above = path.resolve().parent
    if _is_tls_enrollment(path.resolve()):
        raise ConfigurationError(f"is not an MSP folder; the MSP folder is {above / 'msp'}", path=str(path))
    if exists(path / "config.yaml") or any(exists(path / name) for name in _FOLDERS):
        return
    near = next((folder for folder in (above, above / "msp") if _has_cas(folder)), None)
    if exists(path / "msp" / "IssuerPublicKey"):
        raise ConfigurationError("is an Idemix MSP, and a peer needs an X.509 MSP", path=str(path))
    hint = f"; the MSP folder is {near}" if near is not None else f": it has none of {', '.join(_FOLDERS)}"
    raise ConfigurationError(f"is not an MSP folder{hint}", path=str(path))


def _is_tls_enrollment(path: Path) -> bool:
    """Whether fabric-ca's client enrolled there for TLS, which leaves the folders of an MSP without its CAs."""
    cas = path / "cacerts"
    is_without = not (is_dir(cas) and any(cas.iterdir()))
    return path.name == "tls" and is_dir(path / "signcerts") and is_without and _has_cas(path.parent / "msp")


def _has_cas(path: Path) -> bool:
    return is_dir(path / "cacerts")
