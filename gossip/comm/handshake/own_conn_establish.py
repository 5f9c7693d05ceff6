"""Our own ConnEstablish, signed once for each certificate that it names."""

from collections.abc import Callable

from gossip.comm.handshake.machine import certificate_hash
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.conn_establish import encode_conn_establish

MAX_KEPT = 16


class OwnConnEstablish:
    """Makes one for each certificate and keeps it: nothing in it differs between two connections that present that."""

    def __init__(self, pki_id: PkiId, identity: PeerIdentityType, sign: Callable[[bytes], bytes]) -> None:
        self._pki_id = pki_id
        self._identity = identity
        self._sign = sign
        self._made: dict[tuple[bytes | None, bool], bytes] = {}

    def naming(self, certificate: bytes | None, *, probe: bool = False) -> bytes:
        """The encoded envelope to send on a connection on which we present this certificate, a leaf in DER."""
        key = (certificate, probe)
        conn_establish = self._made.get(key)
        if conn_establish is None:
            if len(self._made) >= MAX_KEPT:
                self._made.clear()
            bound_to = certificate_hash(certificate)
            conn_establish = encode_conn_establish(self._pki_id, self._identity, bound_to, probe=probe, sign=self._sign)
            self._made[key] = conn_establish
        return conn_establish
