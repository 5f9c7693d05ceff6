"""What users build on does not change unnoticed."""

import ast
import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gossip
from gossip import errors

API = Path(__file__).parent / "public_api.txt"
WRITE = "GOSSIP_WRITE_API"

FROZEN = {
    "gossip.node.peer": ("open_peer", "Peer"),
    "gossip.node.node": ("Node",),
    "gossip.node.settings": ("PeerSettings",),
    "gossip.node.core_yaml": ("load_core_yaml",),
    "gossip.node.core_settings": ("CoreSettings",),
    "gossip.node.setting_layers": ("Given",),
    "gossip.api.options": ("TlsFiles", "DialOptions"),
    "gossip.comm.config": ("CommConfig",),
    "gossip.comm.engine": ("CommEngine",),
    "gossip.comm.stages": ("Stage", "Stages"),
    "gossip.comm.handshake.initiator": ("Accepted",),
    "gossip.comm.handshake.trust": ("Trust",),
    "gossip.identity.mapper": ("IdentityMapper",),
    "gossip.identity.entry": ("PurgeReason",),
    "gossip.transport.base": ("Link",),
    "gossip.transport.memory.network": ("MemoryNetwork",),
    "gossip.transport.limits": ("ServerLimits", "ConnectionLimits", "FrameBudgets"),
    "gossip.api.comm": ("Comm", "ReceivedMessage", "Subscription"),
    "gossip.api.mapper": ("Mapper",),
    "gossip.api.crypto": ("MessageCryptoService", "BlockVerifier"),
    "gossip.api.security": ("SecurityAdvisor",),
    "gossip.api.peer": ("RemotePeer", "ConnectionInfo", "AuthInfo", "PeerIdentityInfo", "PeerIdentitySet"),
    "gossip.api.results": ("SendResult", "AggregatedSendResults"),
    "gossip.metrics": ("Metrics", "Outcome"),
    "gossip.comm.observer": ("Observer",),
    "gossip.wire.signed": (
        "noop_sign",
        "sign_message",
        "sign_secret",
        "check_signature",
        "internal_endpoint",
        "SignedMessage",
    ),
    "gossip.wire.envelope": ("parse_envelope",),
    "gossip.wire.kinds": ("MessageKind", "kind_of", "pull_msg_type"),
    "gossip.wire.tags": ("find_tag_fault", "is_channel_restricted", "is_org_restricted"),
    "gossip.wire.fabric_text": ("fabric_text",),
    "gossip.wire.comparator": ("InvalidationResult", "compare_messages"),
    "gossip.messages": ("PullMsg", "Tag"),
    "gossip.clock": ("Clock", "SystemClock"),
    "gossip.msp.config": ("load_msp_config", "load_signing_identity"),
    "gossip.msp.signing": ("SigningIdentity",),
    "gossip.msp.membership": ("Msp", "Member"),
    "gossip.msp.msp_set": ("Standing",),
    "gossip.msp.fabric_text": ("identity_text",),
    "gossip.msp.registry": ("MspRegistry",),
    "gossip.msp.service": ("MspCryptoService", "MspSecurityAdvisor"),
}


def signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A function's first line, with what makes it a property or a context manager."""
    decorators = "".join(f"@{name} " for name in map(ast.unparse, function.decorator_list) if name != "abstractmethod")
    kind = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(function.returns)}" if function.returns is not None else ""
    return f"{decorators}{kind} {function.name}({ast.unparse(function.args)}){returns}"


def members(found: ast.ClassDef) -> Iterator[str]:
    """The fields and methods of a class that are public, and how it is made, as the source has them."""
    for node in found.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == "__init__" or not node.name.startswith("_"):
                yield signature(node)
        elif isinstance(node, ast.AnnAssign | ast.Assign) and not ast.unparse(node).startswith("_"):
            yield ast.unparse(node)


def error_tree(error: type[Exception], depth: int = 0) -> Iterator[str]:
    """An error and those below it."""
    yield f"{'  ' * depth}{error.__name__}"
    for below in sorted(error.__subclasses__(), key=lambda each: each.__name__):
        if below.__module__ == errors.__name__:
            yield from error_tree(below, depth + 1)


def describe() -> Iterator[str]:
    """The public API, one thing a line."""
    yield f"gossip: {', '.join(sorted(gossip.__all__))}"
    for module, names in FROZEN.items():
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
        found = {getattr(node, "name", None): node for node in tree.body}
        for name in names:
            node = found[name]
            yield ""
            if isinstance(node, ast.ClassDef):
                yield f"{module}.{name}({', '.join(map(ast.unparse, node.bases))})"
                yield from (f"    {member}" for member in members(node))
            else:
                assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                yield f"{module}: {signature(node)}"
    yield ""
    yield from error_tree(errors.GossipError)


def test_the_public_api_is_the_one_that_was_written_down() -> None:
    now = "\n".join(describe()) + "\n"
    if os.environ.get(WRITE):
        API.write_text(now, encoding="utf-8")
    assert now == API.read_text(encoding="utf-8"), (
        f"the public API changed; where that is meant, say so in CHANGELOG.md and write it down:"
        f" {WRITE}=1 python -m pytest tests/typing/test_public_api.py"
    )


def test_every_public_name_is_there() -> None:
    assert [name for name in gossip.__all__ if getattr(gossip, name, None) is None] == []


def test_every_public_name_is_listed_before_it_is_used() -> None:
    lists_names = "import gossip; print([name for name in gossip.__all__ if name not in dir(gossip)])"
    listed = subprocess.run([sys.executable, "-c", lists_names], capture_output=True, text=True, check=True)
    assert listed.stdout == "[]\n"


def test_what_mypy_takes_for_imported_is_there() -> None:
    program = "import gossip; print(gossip.errors.GossipError.__name__, gossip.messages.GossipMessage.__name__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "GossipError GossipMessage\n"


def test_the_package_runs_as_its_command() -> None:
    done = subprocess.run([sys.executable, "-m", "gossip", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"gossip {gossip.__version__}\n"
