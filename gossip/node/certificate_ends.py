"""When our own certificates end, and who is told so in time."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import parse_certificate_pem
from gossip.node.settings import PeerSettings

logger = logging.getLogger("peer.gossip")

_ROLES = {"identity": "enrollment", "tls": "server TLS", "client_tls": "client TLS"}
_NOTICE = timedelta(days=7)


def warn_of_ends(ends: Mapping[str, datetime], now: datetime) -> None:
    """Log a warning for each certificate of ours, by what it is for, that has ended or ends within a week.

    Mirrors: common/crypto/expiration.go, TrackExpiration, but for its timers; metrics and health tell what time brings.
    """
    for name, ends_at in ends.items():
        left = ends_at - now
        if left < timedelta(0):
            logger.warning("The %s certificate has expired", _ROLES[name])
        elif left < _NOTICE:
            hours = left.seconds // 3600
            logger.warning("The %s certificate expires within %d days and %d hours", _ROLES[name], left.days, hours)


def find_tls_ends(settings: PeerSettings) -> dict[str, datetime]:
    """Read when the certificates of TLS end: the ``tls`` one, and ``client_tls`` where we dial with one of its own.

    What cannot be read, or only TLS understands, is left out.
    """
    ends = {}
    for name, files in (("tls", settings.tls), ("client_tls", settings.dial.tls)):
        if files is not None:
            with suppress(OSError, UntrustedIdentityError):
                ends[name] = parse_certificate_pem(files.certificate.read_bytes())[0].not_after_at
    return ends
