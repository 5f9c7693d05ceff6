"""What will end, or has not begun, while nobody minds yet."""

from collections.abc import Iterator
from datetime import datetime

from gossip.msp.certificate import Certificate
from gossip.msp.lint.certificates import EXPIRY_NOTICE
from gossip.msp.tls_facts import TlsCertificate
from gossip.shown import shown_time


def find_end_notice(name: str, leaf: TlsCertificate | Certificate | None, now: datetime) -> Iterator[str]:
    """When a certificate ended, begins, or ends within thirty days; ``name`` is what the text calls it."""
    if leaf is None:
        return
    if leaf.not_after_at < now:
        yield f"{name} ended at {shown_time(leaf.not_after_at)}"
    elif leaf.not_before_at > now:
        yield f"{name} begins at {shown_time(leaf.not_before_at)}, which is in the future"
    elif leaf.not_after_at - now < EXPIRY_NOTICE:
        yield f"{name} ends at {shown_time(leaf.not_after_at)}"
