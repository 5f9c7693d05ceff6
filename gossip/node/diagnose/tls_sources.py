"""Which setting names each of our TLS files: by what the file is for, since one path may stand in several places."""

from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.node.core_settings import TLS_CA_FOLDERS
from gossip.node.diagnose.tls_content import find_broken_certificate, has_certificate, has_key
from gossip.node.settings import PeerSettings

_FIRST_ROOT = "peer.tls.rootcert.file"
_MORE_ROOTS = "peer.tls.clientRootCAs.files"


class TlsRole(Enum):
    """What a TLS file is for."""

    CERTIFICATE = "our TLS certificate"
    KEY = "the key of our TLS certificate"
    ROOT = "a TLS CA that we trust"


def role_of(files: TlsFiles, path: Path) -> TlsRole:
    """What a file that cannot be used was to be; one that is named in several places is what it cannot be."""
    is_key_alone = has_key(path) and not has_certificate(path)  # which is passed over in a folder of CAs
    is_root = path in files.roots or (path.parent in files.roots and not is_key_alone)
    is_certificate, is_key = path == files.certificate, path == files.key
    if is_root and not ((is_certificate or is_key) and _is_usable(path)):
        return TlsRole.ROOT
    if is_certificate and not (is_key and _is_usable(path)):
        return TlsRole.CERTIFICATE
    return TlsRole.KEY if is_key else TlsRole.ROOT


def _is_usable(path: Path) -> bool:
    """Whether a file holds certificates, and no broken ones."""
    return has_certificate(path) and find_broken_certificate(path) is None


def find_source(settings: PeerSettings, files: TlsFiles, role: TlsRole, path: Path) -> str | None:
    """The option, variable, or file and line that names a file in this role; None where nobody remembers."""
    is_client = files is settings.dial.tls
    match role:
        case TlsRole.CERTIFICATE:
            return settings.sources.get("peer.tls.clientCert.file" if is_client else "peer.tls.cert.file")
        case TlsRole.KEY:
            return settings.sources.get("peer.tls.clientKey.file" if is_client else "peer.tls.key.file")
        case TlsRole.ROOT:
            named = zip(files.roots, find_root_sources(settings, files.roots), strict=True)
            return next((source for root, source in named if root in (path, path.parent)), None)


def find_root_sources(settings: PeerSettings, roots: Sequence[Path]) -> list[str | None]:
    """What names each of the TLS CAs; those of other organisations' MSP folders stand behind the others."""
    rest, of_organizations = list(roots), list[str | None]()
    folders = [(folder / name, mspid) for mspid, folder in settings.organizations.items() for name in TLS_CA_FOLDERS]
    for folder, mspid in reversed(folders):
        if rest and rest[-1] == folder:
            rest.pop()
            of_organizations.insert(0, f"--org {mspid}")
    first, more = settings.sources.get(_FIRST_ROOT), settings.sources.get(_MORE_ROOTS)
    own = [first if first is not None and at == 0 else more for at in range(len(rest))]
    return own + of_organizations
