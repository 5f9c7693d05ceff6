"""mypy tells a class that forgets a method, or gets one wrong, from what a Protocol asks for, and names the method."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mypy.api
import pytest

from gossip.api.comm import Comm, ReceivedMessage, Subscription
from gossip.api.crypto import BlockVerifier, MessageCryptoService
from gossip.api.mapper import Mapper
from gossip.api.security import SecurityAdvisor
from gossip.clock import Clock
from gossip.metrics import Metrics
from gossip.transport.base import Channel, Dialer, FrameStream, Listener
from tests.support.source import ROOT

TEXT = (Path(__file__).parent / "users_classes.py").read_text(encoding="utf-8")
PROTOCOLS = (Mapper, MessageCryptoService, SecurityAdvisor, Comm, Clock, Dialer, Channel, Listener)

WRONG_METHODS = {
    ("MyMapper", "put"): "def put(self, identity: PeerIdentityType, pki_id: PkiId) -> None: ...",
    ("MyMessageCryptoService", "expiration"): "def expiration(self, identity: PeerIdentityType) -> float | None: ...",
    ("MyComm", "probe"): "def probe(self, peer: RemotePeer) -> None: ...",
    ("MyClock", "now"): "async def now(self) -> datetime: raise NotImplementedError",
}


@dataclass(frozen=True)
class Flaw:
    """users_classes.py with one member of a class changed, and what mypy must say of it, as patterns."""

    text: str
    patterns: tuple[str, ...]


def changed(class_name: str, position: int, replacement: ast.stmt) -> str:
    """The file with one member of a class replaced."""
    tree = ast.parse(TEXT)
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    found.body[position] = replacement
    return ast.unparse(tree)


def flaws() -> Iterator[tuple[str, Flaw]]:
    """Each member of each class missing in turn, and some of the wrong type."""
    for cls in ast.parse(TEXT).body:
        if not isinstance(cls, ast.ClassDef):
            continue
        protocol = cls.name.removeprefix("My")
        for position, member in enumerate(cls.body):
            name = member.name if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) else _target_of(member)
            patterns = (f'note: "{cls.name}" is missing following "{protocol}" protocol member:', rf"note: +{name}$")
            # mypy has no word on what is missing when that is everything.
            text = changed(cls.name, position, ast.Pass())
            yield f"{cls.name}_without_{name}", Flaw(text, patterns if len(cls.body) > 1 else ())
            if (cls.name, name) in WRONG_METHODS:
                text = changed(cls.name, position, ast.parse(WRONG_METHODS[cls.name, name]).body[0])
                patterns = (f'Following member.s. of "{cls.name}" have conflicts:', rf"note: +(async )?def {name}\(")
                yield f"{cls.name}_with_wrong_{name}", Flaw(text, patterns)


def _target_of(member: ast.stmt) -> str:
    assert isinstance(member, ast.AnnAssign)
    return ast.unparse(member.target)


FLAWS = dict(flaws())


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of each flawed file and of the flawless one, from one run over all."""
    folder = tmp_path_factory.mktemp("typing")
    texts = {name: flaw.text for name, flaw in FLAWS.items()} | {"flawless": TEXT}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    options = [f"--config-file={ROOT / 'pyproject.toml'}", f"--cache-dir={folder / 'cache'}", "--no-error-summary"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        out, err, _ = mypy.api.run([*options, *(str(folder / f"{name}.py") for name in texts)])
    assert err == ""
    reports: dict[str, list[str]] = {name: [] for name in texts}
    for line in out.splitlines():
        path, _, said = line.partition(":")
        reports[Path(path).stem].append(said)
    return reports


def test_classes_with_the_right_members_are_taken(reports: dict[str, list[str]]) -> None:
    assert reports["flawless"] == []


@pytest.mark.parametrize("name", FLAWS)
def test_flaw_is_found_and_named(reports: dict[str, list[str]], name: str) -> None:
    mine = name.split("_")[0]
    errors = [said for said in reports[name] if " error: " in said]
    assert len(errors) == 1
    assert f'(got "{mine}", expected "{mine.removeprefix("My")}")  [return-value]' in errors[0]
    for pattern in FLAWS[name].patterns:
        assert any(re.search(pattern, said) for said in reports[name]), reports[name]


def test_every_member_of_every_protocol_is_missed_once() -> None:
    expected = {
        f"My{protocol.__name__}_without_{member}"
        for protocol in PROTOCOLS
        for member in vars(protocol)
        if not member.startswith("_")
    }
    assert {name for name in FLAWS if "_without_" in name} == expected
    assert {name for name in FLAWS if "_with_wrong_" in name} == {
        f"{cls}_with_wrong_{method}" for cls, method in WRONG_METHODS
    }


@pytest.mark.parametrize(
    "protocol",
    [*PROTOCOLS, BlockVerifier, ReceivedMessage, Subscription, Metrics, FrameStream],
    ids=lambda each: each.__name__,
)
def test_who_names_a_protocol_as_its_base_inherits_none_of_its_methods(protocol: type) -> None:
    """Inherited, a method that answers None would be a verdict: that a signature holds, say."""
    tree = ast.parse(inspect.getsource(protocol))
    assert isinstance(tree.body[0], ast.ClassDef)
    methods = {node.name for node in tree.body[0].body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert methods
    for method in methods:
        incomplete = type("Incomplete", (protocol,), dict.fromkeys(methods - {method}))
        with pytest.raises(TypeError, match=rf"abstract.* '?{method}'?$"):
            incomplete()
