"""The package's own classes are what the Protocols ask for. Never run, only type-checked."""

from gossip.api.comm import Comm
from gossip.api.crypto import MessageCryptoService
from gossip.api.mapper import Mapper
from gossip.api.security import SecurityAdvisor
from gossip.clock import Clock, SystemClock
from gossip.comm.engine import CommEngine
from gossip.identity.mapper import IdentityMapper
from gossip.msp.service import MspCryptoService, MspSecurityAdvisor
from gossip.transport.base import Channel, Dialer, FrameStream, Listener, StreamHandler
from gossip.transport.grpc.client import GrpcChannel, GrpcDialer
from gossip.transport.grpc.server import GrpcListener
from gossip.transport.grpc.stream import GrpcStream
from gossip.transport.memory.connection import MemoryChannel, MemoryStream
from gossip.transport.memory.network import MemoryDialer, MemoryListener


def mapper(own: IdentityMapper) -> Mapper:
    return own


def crypto(own: MspCryptoService) -> MessageCryptoService:
    return own


def advisor(own: MspSecurityAdvisor) -> SecurityAdvisor:
    return own


def comm(own: CommEngine) -> Comm:
    return own


def handler(own: CommEngine) -> StreamHandler:
    return own.serve_stream


def clock(own: SystemClock) -> Clock:
    return own


def dialers(grpc: GrpcDialer, memory: MemoryDialer) -> list[Dialer]:
    return [grpc, memory]


def channels(grpc: GrpcChannel, memory: MemoryChannel) -> list[Channel]:
    return [grpc, memory]


def streams(grpc: GrpcStream, memory: MemoryStream) -> list[FrameStream]:
    return [grpc, memory]


def listeners(grpc: GrpcListener, memory: MemoryListener) -> list[Listener]:
    return [grpc, memory]
