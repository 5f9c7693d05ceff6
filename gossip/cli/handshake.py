"""``gossip handshake``: who is there, and do both sides accept each other?"""

import hashlib
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.cli.attempt import Facts, attempt
from gossip.cli.peer_options import Endpoint, acts_as_peer
from gossip.cli.report import Json, reporting
from gossip.types import PkiId

if TYPE_CHECKING:
    from gossip.comm.stages import Stages
    from gossip.node.peer import Peer
    from gossip.node.settings import PeerSettings

PKI_ID_BYTES = 32


@acts_as_peer
def handshake(
    settings: "PeerSettings",
    endpoint: Endpoint,
    expect_pki_id: Annotated[str | None, typer.Option(metavar="HEX", help="Refuse anybody else.")] = None,
    as_json: Json = False,
) -> None:
    """Shake hands with a peer: each side verifies the other, and we wait for the peer's own verdict."""
    from gossip.api.peer import RemotePeer
    from gossip.msp.facts import describe_identity

    remote = RemotePeer(endpoint, parse_pki_id(expect_pki_id))

    async def reach(peer: "Peer", stages: "Stages") -> Facts:
        accepted = await peer.comm.introduce(remote, stages)
        facts = describe_identity(accepted.info.identity)
        certificate = accepted.link.peer_certificate
        return {
            "pki_id": accepted.info.pki_id,
            "mspid": facts.mspid,
            "subject": facts.subject,
            "issuer": facts.issuer,
            "not_after": facts.not_after_at,
            "tls_version": accepted.link.tls_version,
            "tls_cert_sha256": hashlib.sha256(certificate).hexdigest() if certificate else None,
            "accepted_by_peer": True,
        }

    with reporting(as_json) as report:
        attempt(report, settings, reach, endpoint)


def parse_pki_id(text: str | None) -> PkiId | None:
    """Read ``--expect-pki-id``.

    Raises:
        typer.BadParameter: It is not a PKI-ID in hex.
    """
    if text is None:
        return None
    try:
        pki_id = bytes.fromhex(text)
    except ValueError:
        pki_id = b""
    if len(pki_id) != PKI_ID_BYTES:
        raise typer.BadParameter(f"{text!r} is not {PKI_ID_BYTES} bytes in hex", param_hint="--expect-pki-id")
    return PkiId(pki_id)
