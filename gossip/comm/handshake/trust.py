"""What a communication layer judges peers by, and who it is itself."""

from gossip.answers import hear_name
from gossip.api.crypto import MessageCryptoService
from gossip.api.mapper import Mapper
from gossip.api.peer import ConnectionInfo
from gossip.api.security import SecurityAdvisor
from gossip.clock import Clock
from gossip.comm.handshake.machine import Expectation, Handshake
from gossip.comm.handshake.own_conn_establish import OwnConnEstablish
from gossip.errors import UnknownIdentityError
from gossip.identity_check import own_pki_id
from gossip.transport.base import Link
from gossip.types import PeerIdentityType, PkiId


class Trust:
    """Starts handshakes with our own identity, and stores whom they proved."""

    def __init__(
        self,
        identity: PeerIdentityType,
        crypto: MessageCryptoService,
        advisor: SecurityAdvisor,
        mapper: Mapper,
        clock: Clock,
    ) -> None:
        """Speak for ``identity``, whose key ``crypto`` signs with.

        Raises:
            IdentityError: ``crypto`` cannot read our own identity.
            InvalidArgumentError: ``identity`` is not bytes.
        """
        self.clock = clock
        self._crypto = crypto
        self._advisor = advisor
        self._mapper = mapper
        self.pki_id, self._own_conn_establish = self._introduce(identity)

    def set_identity(self, identity: PeerIdentityType) -> None:
        """Speak for another identity from now on; the crypto service must sign with its key already.

        Raises:
            IdentityError: The crypto service cannot read it; the old one stays.
            InvalidArgumentError: It is not bytes; the old one stays.
        """
        self.pki_id, self._own_conn_establish = self._introduce(identity)

    def conn_establish(self, certificate: bytes | None, *, probe: bool = False) -> bytes:
        """Our ConnEstablish for a connection on which we present this certificate, a leaf in DER, as an envelope."""
        return self._own_conn_establish.naming(certificate, probe=probe)

    def handshake(self, link: Link, conn_establish: bytes, expected: Expectation | None = None) -> Handshake:
        """Begin a handshake on a connection, from either side, on which we say ``conn_establish``, or have said it."""
        return Handshake(self._crypto, link, conn_establish, expected)

    def admit(self, info: ConnectionInfo) -> None:
        """Store an identity that a handshake proved, which is use of it, as in Fabric, where the mapper verifies it.

        Where another one is stored under its PKI-ID, that one's key must have signed too: messages are verified by it.

        Raises:
            IdentityError: It cannot be stored, or the one that is stored does not hold any more.
            SignatureError: The one that is stored did not sign.
        """
        self._mapper.put(info.pki_id, info.identity)
        if self._mapper.get(info.pki_id) != info.identity:
            self._mapper.verify(info.pki_id, info.auth.signature, info.auth.signed_data)

    def or_of_same_organization(self, pki_id: PkiId) -> Expectation:
        """Expect this peer, or one of its organisation that took over its endpoint."""

        def is_stand_in(identity: PeerIdentityType) -> bool:
            try:
                expected_identity = self._mapper.get(pki_id)
            except UnknownIdentityError:
                return False
            organization = hear_name(self._advisor.org_by_peer_identity, identity)
            return organization is not None and organization == hear_name(
                self._advisor.org_by_peer_identity, expected_identity
            )

        return Expectation(pki_id, is_stand_in)

    def _introduce(self, identity: PeerIdentityType) -> tuple[PkiId, OwnConnEstablish]:
        pki_id = own_pki_id(self._crypto, identity)
        return pki_id, OwnConnEstablish(pki_id, identity, self._mapper.sign)
