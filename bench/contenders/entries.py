"""Who takes part, and how: the contender, its event loop, and whether every message's object is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import traffic
from bench.contenders.base import Contender
from bench.contenders.grpc_aio import GrpcAio
from bench.contenders.ours import Ours
from bench.contenders.stock_grpclib import StockGrpclib
from bench.contenders.tls_limit import TlsLimit
from bench.material import Material
from bench.sides import Side


@dataclass(frozen=True)
class Entry:
    """One column."""

    label: str
    contender: Contender
    uvloop: bool = False
    read_objects: bool = False


OURS = Entry("ours", Ours())
OURS_UVLOOP = Entry("ours, uvloop", Ours(), uvloop=True)
OURS_READ = Entry("ours, objects read", Ours(), read_objects=True)
OURS_READ_UVLOOP = Entry("ours, objects read, uvloop", Ours(), uvloop=True, read_objects=True)
GRPCLIB = Entry("grpclib + betterproto", StockGrpclib())
GRPC_AIO = Entry("grpc.aio + protobuf", GrpcAio())
TLS_LIMIT = Entry("asyncio TLS, batched", TlsLimit())


@contextmanager
def two_processes(entry: Entry, material: Material, servers: int = 1) -> Iterator[tuple[Side, Side, list[str]]]:
    """The sender, the receiver, and the endpoints at which the receiver listens; connected."""
    with Side(uvloop=entry.uvloop) as receiver, Side(uvloop=entry.uvloop) as sender:
        endpoints = receiver.call(traffic.serve, entry.contender, material, servers, entry.read_objects)
        sender.call(traffic.connect, entry.contender, material, endpoints)
        yield sender, receiver, endpoints
