"""Whether a peer can do its work."""

import json
from datetime import datetime

from gossip.node.peer import Peer


def judge_health(peer: Peer, now: datetime) -> tuple[bool, bytes]:
    """Judge whether other peers can accept us now.

    Returns:
        Whether they can, and the answer in JSON as Fabric gives it.

    Mirrors: the health handler of fabric-lib-go, healthz.
    """
    failed = [
        {"component": certificate, "reason": f"our certificate expired at {ends_at.isoformat()}"}
        for certificate, ends_at in peer.certificate_ends().items()
        if ends_at < now
    ]
    answer: dict[str, object] = {"status": "Service Unavailable" if failed else "OK", "time": now.isoformat()}
    if failed:
        answer["failed_checks"] = failed
    return not failed, json.dumps(answer).encode()
