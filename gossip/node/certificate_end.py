"""When our TLS certificate ends."""

from datetime import datetime

from gossip.api.options import TlsFiles
from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import parse_certificate_pem


def find_tls_end(files: TlsFiles | None) -> datetime | None:
    """Read it from the file; None without TLS, and for what cannot be read or only TLS understands."""
    if files is None:
        return None
    try:
        return parse_certificate_pem(files.certificate.read_bytes())[0].not_after_at
    except (OSError, UntrustedIdentityError):
        return None
