"""Imports only go down, siblings do not know each other, and each foreign library lives in one room.

Imports count wherever they stand: in functions and under TYPE_CHECKING too.
"""

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.support.source import SourceFile, read_source

FLOORS = (
    {
        "errors",
        "types",
        "clock",
        "metrics",
        "throttle",
        "turns",
        "flag",
        "der",
        "shown",
        "checks",
        "answers",
        "lazy",
        "paths",
        "_version",
    },
    {"wire", "messages"},
    {"api", "identity_check"},
    {"transport", "identity", "msp"},
    {"comm"},
    {"node", "misbehave"},
    {""},
    {"operations"},
    {"cli"},
    {"__main__"},
)
"""The rooms of gossip from the ground up; "" is the package itself, which hands out public names."""

FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

NEIGHBOURS = {
    "checks": {"errors", "shown"},
    "errors": {"shown", "types"},
    "answers": {"checks", "errors", "shown", "types"},
    "metrics": {"types"},
    "identity_check": {"api"},
    "messages": {"wire"},
    "wire": {"messages"},
}
"""Which rooms of one floor may import which. ``messages`` is the names by which everybody knows what wire reads."""

INNER_FLOORS = {
    "transport": (
        {"base", "endpoint", "limits", "record_size"},
        {"gate", "http2", "tcp", "verdict"},
        {"memory", "tls"},
        {"grpc"},
    ),
    "comm": (
        {"ackbook", "config", "own_loop", "stages", "tasks", "users_code"},
        {"guarded_metrics", "handshake", "observer", "subscriptions"},
        {"connections"},
        {"sending"},
        {"engine"},
    ),
}
"""The floors within a room that is divided. Here, too, siblings do not know each other."""

WALLS = {
    "betterproto": {"gossip.wire"},
    "gossip_protos": {"gossip.wire", "gossip.messages"},
    "grpclib": {"gossip.transport.grpc"},
    "h2": {"gossip.transport"},
    "hpack": {"gossip.transport.http2", "gossip.misbehave"},
    "hyperframe": {"gossip.transport"},
    "ssl": {"gossip.transport.grpc", "gossip.transport.tls", "gossip.misbehave"},
    "cryptography": {"gossip.msp", "gossip.misbehave.key_updates"},
    "yaml": {"gossip.msp", "gossip.node"},
    "typer": {"gossip.cli"},
    "rich": {"gossip.cli"},
    "uvloop": {"gossip.cli"},
    "prometheus_client": {"gossip.operations"},
    "h11": {"gossip.operations"},
    "_typeshed": {"gossip.cli.unread"},
}
"""Each library that a file of gossip may import, and in which rooms: every foreign one, ssl, and what only mypy has."""

PURE = (
    "gossip.errors",
    "gossip.types",
    "gossip.messages",
    "gossip.throttle",
    "gossip.der",
    "gossip.wire",
    "gossip.api",
    "gossip.msp",
    "gossip.identity.entry",
    "gossip.identity.admission",
    "gossip.identity.table",
    "gossip.comm.ackbook",
    "gossip.comm.handshake.machine",
    "gossip.comm.connections.store",
    "gossip.identity_check",
    "gossip.answers",
)

READS_FILES = ("gossip.msp.config", "gossip.msp.facts", "gossip.msp.lint", "gossip.msp.authority.cryptogen")
"""The files of pure rooms whose work is to read or write a folder."""

IMPURE_MODULES = {
    "asyncio",
    "concurrent",
    "multiprocessing",
    "select",
    "selectors",
    "socket",
    "subprocess",
    "threading",
    "time",
}
RUNS_NOTHING = "asyncio.CancelledError"
"""An exception's name, for those who must not let one through."""
CLOCK_CALLS = {"now", "utcnow", "today"}
FILE_CALLS = {"open", "read_bytes", "read_text", "write_bytes", "write_text", "iterdir", "mkdir", "stat", "unlink"}
LOOKS = {"exists", "is_dir", "is_fifo", "is_file", "is_symlink"}
HIDDEN_IMPORTS = {"__import__", "import_module", "importlib.import_module"}


def is_in(name: str, rooms: set[str] | tuple[str, ...]) -> bool:
    """Whether a module is one of the rooms or in one."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def room_of(name: str) -> str:
    """The room of ``gossip.room.file``; the empty one for the package itself."""
    return [*name.split("."), ""][1]


def imported_rooms(file: SourceFile) -> Iterator[tuple[str, str, int]]:
    """What a file imports of gossip: the room, the name, the line."""
    for name, line in file.imports():
        if is_in(name, {"gossip"}):
            room = room_of(name)
            yield (room if room in FLOOR_OF else ""), name, line


def broken_floors(file: SourceFile) -> Iterator[str]:
    room = room_of(file.name)
    if room not in FLOOR_OF:
        yield f"{file.name}: the room {room} stands on no floor"
        return
    for imported, name, line in imported_rooms(file):
        is_below = FLOOR_OF[imported] < FLOOR_OF[room] or imported in NEIGHBOURS.get(room, set())
        if imported != room and not is_below:
            yield f"{file.name}:{line} imports {name}, which is not below"


def broken_inner_floors(file: SourceFile) -> Iterator[str]:
    _, room, inner = [*file.name.split("."), "", ""][:3]
    if room not in INNER_FLOORS or not inner:
        return
    floor_of = {name: floor for floor, names in enumerate(INNER_FLOORS[room]) for name in names}
    if inner not in floor_of:
        yield f"{file.name}: {inner} stands on no floor of {room}"
        return
    for name, line in file.imports():
        imported = name.removeprefix(f"gossip.{room}.").split(".")[0]
        if is_in(name, {f"gossip.{room}"}) and imported != inner and not floor_of.get(imported, 0) < floor_of[inner]:
            yield f"{file.name}:{line} imports {name}, which is not below"


def broken_walls(file: SourceFile) -> Iterator[str]:
    for name, line in file.imports():
        library = name.split(".")[0]
        if library in WALLS:
            if not is_in(file.name, WALLS[library]):
                yield f"{file.name}:{line} imports {name}, which belongs to {sorted(WALLS[library])}"
        elif library != "gossip" and library not in sys.stdlib_module_names:
            yield f"{file.name}:{line} imports {name}, which has no room yet"
    for name, line in file.calls():
        if name in HIDDEN_IMPORTS and file.name != "gossip.lazy":
            yield f"{file.name}:{line} imports by a call, where nobody sees what"


def broken_transport_walls(file: SourceFile) -> Iterator[str]:
    """Comm knows a transport by its Protocols alone, and only node puts transport and msp together."""
    seen = {room for room, _, _ in imported_rooms(file)}
    if {"transport", "msp"} <= seen and room_of(file.name) != "node":
        yield f"{file.name} names transport and msp at once"
    for room, name, line in imported_rooms(file):
        if room_of(file.name) == "comm" and (
            room in {"msp", "identity"} or (room == "transport" and not is_in(name, {"gossip.transport.base"}))
        ):
            yield f"{file.name}:{line} imports {name}"


def prints(file: SourceFile) -> Iterator[str]:
    if is_in(file.name, {"gossip.cli"}):
        return
    for name, line in file.calls():
        if name in {"print", "pprint"} or name.startswith(("sys.stdout", "sys.stderr")):
            yield f"{file.name}:{line} calls {name}"


def impurities(file: SourceFile) -> Iterator[str]:
    if not is_in(file.name, PURE):
        return
    for name, line in file.imports():
        if name.split(".")[0] in IMPURE_MODULES and name != RUNS_NOTHING:
            yield f"{file.name}:{line} imports {name}"
    for name, line in file.calls():
        called = name.split(".")[-1]
        if called in CLOCK_CALLS:
            yield f"{file.name}:{line} reads the clock: {name}"
        if called in FILE_CALLS and not is_in(file.name, READS_FILES):
            yield f"{file.name}:{line} touches files: {name}"


def looks(file: SourceFile) -> Iterator[str]:
    """Pathlib's own answers differ from one Python to the next."""
    for name, line in file.calls():
        if "." in name and name.split(".")[-1] in LOOKS:
            yield f"{file.name}:{line} calls {name}, which gossip.paths is for"


Rule = Callable[[SourceFile], Iterator[str]]
RULES: tuple[Rule, ...] = (
    broken_floors,
    broken_inner_floors,
    broken_walls,
    broken_transport_walls,
    prints,
    impurities,
    looks,
)


@pytest.mark.parametrize("rule", RULES)
def test_house_stands(rule: Rule) -> None:
    assert [breach for file in read_source() for breach in rule(file)] == []


@pytest.mark.parametrize(
    ("rule", "name", "text", "breach"),
    [
        (
            broken_floors,
            "gossip.wire.x",
            "from gossip.api.peer import RemotePeer",
            "imports gossip.api.peer.RemotePeer",
        ),
        (broken_floors, "gossip.wire.x", "from gossip import api", "imports gossip.api, which is not below"),
        (broken_floors, "gossip.wire.x", "from ..api import peer", "imports gossip.api.peer"),
        (broken_floors, "gossip.wire.x", "from gossip import Peer", "imports gossip.Peer"),
        (broken_floors, "gossip.identity.x", "import gossip.msp.service", "imports gossip.msp.service"),
        (
            broken_floors,
            "gossip.transport.x",
            "def f():\n    import gossip.identity.table",
            "x:2 imports gossip.identity",
        ),
        (
            broken_floors,
            "gossip.api.x",
            "if TYPE_CHECKING:\n    from gossip.comm.engine import E",
            "x:2 imports gossip.comm",
        ),
        (broken_floors, "gossip.errors", "import gossip.clock", "imports gossip.clock"),
        (broken_floors, "gossip", "from gossip.cli.main import run", "imports gossip.cli.main.run"),
        (broken_floors, "gossip.attic.x", "", "the room attic stands on no floor"),
        (
            broken_inner_floors,
            "gossip.transport.http2.x",
            "from gossip.transport.tls.errors import describe",
            "x:1 imports gossip.transport.tls.errors.describe, which is not below",
        ),
        (
            broken_inner_floors,
            "gossip.comm.handshake.x",
            "from gossip.comm import sending",
            "x:1 imports gossip.comm.sending, which is not below",
        ),
        (broken_inner_floors, "gossip.transport.quic.x", "", "quic stands on no floor of transport"),
        (
            broken_walls,
            "gossip.api.x",
            "from gossip_protos.gossip import Empty",
            "belongs to ['gossip.messages', 'gossip.wire']",
        ),
        (broken_walls, "gossip.comm.x", "import betterproto as b", "imports betterproto"),
        (broken_walls, "gossip.comm.x", "from grpclib.client import Channel", "imports grpclib.client.Channel"),
        (broken_walls, "gossip.msp.x", "import ssl", "imports ssl"),
        (broken_walls, "gossip.transport.x", "from cryptography import x509", "imports cryptography.x509"),
        (broken_walls, "gossip.wire.x", "import numpy", "imports numpy, which has no room yet"),
        (broken_walls, "gossip.wire.x", "importlib.import_module('gossip.cli')", "imports by a call"),
        (
            broken_transport_walls,
            "gossip.comm.x",
            "import gossip.transport.memory.network",
            "imports gossip.transport.memory.network",
        ),
        (broken_transport_walls, "gossip.comm.x", "import gossip.identity.mapper", "imports gossip.identity.mapper"),
        (
            broken_transport_walls,
            "gossip.cli.x",
            "import gossip.msp.pem, gossip.transport.tls.contexts",
            "transport and msp at once",
        ),
        (prints, "gossip.comm.x", "def f():\n    print(1)", "x:2 calls print"),
        (prints, "gossip.node.x", "sys.stdout.write('a')", "calls sys.stdout.write"),
        (impurities, "gossip.comm.handshake.machine", "import asyncio", "imports asyncio"),
        (impurities, "gossip.answers", "from asyncio import CancelledError, sleep", "imports asyncio.sleep"),
        (impurities, "gossip.identity.table", "from time import monotonic", "imports time.monotonic"),
        (impurities, "gossip.msp.x", "import socket", "imports socket"),
        (impurities, "gossip.wire.x", "now = datetime.datetime.now(UTC)", "reads the clock: datetime.datetime.now"),
        (impurities, "gossip.wire.x", "path.read_bytes()", "touches files: path.read_bytes"),
        (impurities, "gossip.api.x", "open('f')", "touches files: open"),
        (looks, "gossip.node.x", "(path / 'a').is_file()", "calls (path / 'a').is_file"),
    ],
)
def test_breach_is_found(rule: Rule, name: str, text: str, breach: str) -> None:
    found = list(rule(SourceFile(name, text)))
    assert len(found) == 1
    assert breach in found[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gossip.api.comm", "from gossip.messages import GossipMessage\nfrom gossip.wire.signed import SignedMessage"),
        (
            "gossip.comm.connections.x",
            "import asyncio\nfrom gossip.transport.base import Link\nfrom gossip.comm.subscriptions.feed import Feed",
        ),
        ("gossip.node.x", "import gossip.msp.pem, gossip.transport.tls.contexts"),
        ("gossip.cli.x", "import gossip\nprint(1)"),
        ("gossip.msp.config", "path.read_bytes()"),
        ("gossip.messages", "import gossip_protos.gossip"),
    ],
)
def test_what_is_allowed_is_no_breach(name: str, text: str) -> None:
    assert [breach for rule in RULES for breach in rule(SourceFile(name, text))] == []
