"""What a user of gossip may write: classes that only have the right methods, taken for what the Protocols ask for.

Never run, only type-checked: as it stands, and by test_protocols.py with each method missing in turn.
"""

from datetime import datetime

from gossip.api.comm import Comm, MessageAcceptor, ReceivedMessage, Subscription
from gossip.api.crypto import MessageCryptoService
from gossip.api.mapper import Mapper
from gossip.api.options import DialOptions
from gossip.api.peer import PeerIdentitySet, PeerSuspector, RemotePeer
from gossip.api.results import AggregatedSendResults
from gossip.api.security import SecurityAdvisor
from gossip.clock import Clock
from gossip.transport.base import Channel, Dialer, DialTimes, FrameStream, Link, Listener
from gossip.types import ChannelId, OrgIdentityType, PeerIdentityType, PkiId
from gossip.wire.signed import SignedMessage


class MyMapper:
    def put(self, pki_id: PkiId, identity: PeerIdentityType) -> None: ...
    def get(self, pki_id: PkiId) -> PeerIdentityType:
        raise NotImplementedError

    def sign(self, message: bytes) -> bytes:
        raise NotImplementedError

    def verify(self, pki_id: PkiId, signature: bytes, message: bytes) -> None: ...
    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None: ...
    def suspect_peers(self, is_suspected: PeerSuspector) -> None: ...
    def identity_info(self) -> PeerIdentitySet:
        raise NotImplementedError

    def stop(self) -> None: ...


class MyMessageCryptoService:
    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None: ...
    def validate_identity(self, identity: PeerIdentityType) -> None: ...
    def expiration(self, identity: PeerIdentityType) -> datetime | None: ...
    def sign(self, message: bytes) -> bytes:
        raise NotImplementedError

    def verify(self, identity: PeerIdentityType, signature: bytes, message: bytes) -> None: ...
    def verify_by_channel(
        self, channel: ChannelId, identity: PeerIdentityType, signature: bytes, message: bytes
    ) -> None: ...


class MySecurityAdvisor:
    def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None: ...


class MyComm:
    def get_pki_id(self) -> PkiId:
        raise NotImplementedError

    def send(self, message: SignedMessage, *peers: RemotePeer) -> None: ...
    async def send_with_ack(
        self, message: SignedMessage, timeout_s: float, min_ack: int, *peers: RemotePeer
    ) -> AggregatedSendResults:
        raise NotImplementedError

    async def probe(self, peer: RemotePeer) -> None: ...
    async def handshake(self, peer: RemotePeer) -> PeerIdentityType:
        raise NotImplementedError

    def accept(self, acceptor: MessageAcceptor) -> Subscription[ReceivedMessage]:
        raise NotImplementedError

    def presumed_dead(self) -> Subscription[PkiId]:
        raise NotImplementedError

    def identity_switch(self) -> Subscription[PkiId]:
        raise NotImplementedError

    async def close_conn(self, peer: RemotePeer) -> None: ...
    async def stop(self) -> None: ...
    def set_dial_opts(self, options: DialOptions) -> None: ...


class MyClock:
    def now(self) -> datetime:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None: ...


class MyDialer:
    own_certificate: bytes | None

    def set_options(self, options: DialOptions) -> None: ...
    async def dial(self, endpoint: str, greeting: bytes | None = None) -> Channel:
        raise NotImplementedError


class MyChannel:
    link: Link
    times: DialTimes

    async def ping(self) -> None: ...
    async def open_stream(self) -> FrameStream:
        raise NotImplementedError

    async def close(self) -> None: ...
    def abort(self) -> None: ...


class MyListener:
    endpoint: str

    def stop_accepting(self) -> None: ...

    async def close(self) -> None: ...


def take_mapper(mine: MyMapper) -> Mapper:
    return mine


def take_crypto(mine: MyMessageCryptoService) -> MessageCryptoService:
    return mine


def take_advisor(mine: MySecurityAdvisor) -> SecurityAdvisor:
    return mine


def take_comm(mine: MyComm) -> Comm:
    return mine


def take_clock(mine: MyClock) -> Clock:
    return mine


def take_dialer(mine: MyDialer) -> Dialer:
    return mine


def take_channel(mine: MyChannel) -> Channel:
    return mine


def take_listener(mine: MyListener) -> Listener:
    return mine
