"""YAML as nodes that know their lines, read in bounded time."""

from typing import Any, Final

import yaml
from yaml.reader import ReaderError

from gossip.errors import ConfigurationError

MAX_BYTES: Final = 256 * 1024
"""PyYAML needs one to two seconds for as much, and eight for a MiB; files of settings have some ten thousands."""

MAX_DEPTH: Final = 100
"""PyYAML calls itself for each level, and looks at each open bracket again at every token."""

NULL_TAG: Final = "tag:yaml.org,2002:null"
MERGE_TAG: Final = "tag:yaml.org,2002:merge"

_QUOTED: Final = "while scanning a quoted scalar"
"""PyYAML's words for where it was when a file ended in quotes."""

_LINE_BREAKS: Final = "\r\n\x85\u2028\u2029"


class _Loader(yaml.SafeLoader):
    """PyYAML's, but for nodes that lie too deep, since Python's own limit may be any, and where Go's yaml.v2 differs.

    Mirrors: gopkg.in/yaml.v2, scannerc.go and parserc.go.
    """

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self._depth = 0

    def scan_to_next_token(self) -> None:
        """Step over tabs too, but for those that would indent."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()

    def scan_plain_spaces(self, indent: int, start_mark: Any) -> Any:
        """What stands between two words of a text without quotes, or behind it."""
        length = 0
        while self.peek(length) in " \t":
            length += 1
        blanks = self.prefix(length)
        self.forward(length)
        if self.peek() in _LINE_BREAKS:
            return super().scan_plain_spaces(indent, start_mark)
        return [blanks] if blanks else []

    def scan_directive(self) -> Any:
        """Only ``%YAML 1.1`` and ``%TAG`` are known."""
        token = super().scan_directive()
        if token.name not in ("YAML", "TAG") or (token.name == "YAML" and token.value != (1, 1)):
            raise yaml.MarkedYAMLError(problem="found an unknown directive", problem_mark=token.start_mark)
        return token

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)  # a later one of the same name takes its place
        if self._depth == MAX_DEPTH:
            mark = event.start_mark
            raise yaml.MarkedYAMLError(problem=f"nested more than {MAX_DEPTH} deep", problem_mark=mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """What has a tag is what the tag says and not what it looks like: it counts as quoted."""
        is_tagged = self.peek_event().tag is not None  # type: ignore[no-untyped-call]  # as above
        node = super().compose_scalar_node(anchor)
        if is_tagged:
            node.style = node.style or "'"
        return node


def compose_yaml(text: bytes, path: str, complaint: str) -> yaml.Node | None:
    """Read one document; None where the file has none.

    Args:
        text: The whole file. JSON is YAML too.
        path: Names it in errors.
        complaint: What errors say before the reason.

    Raises:
        ConfigurationError: It is not YAML, or too much of it; ``path`` names file and, where known, line.
    """
    if len(text) > MAX_BYTES:
        raise ConfigurationError(f"{complaint}: larger than {MAX_BYTES} bytes", path=path)
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark, what = error.problem_mark, error.problem
        if error.context == _QUOTED and error.context_mark is not None:  # it was opened far before it was missed
            mark, what = error.context_mark, f"{what}: the quote that opens here is not closed"
        raise ConfigurationError(f"{complaint}: {what}", path=f"{path}:{mark.line + 1}" if mark else path) from error
    except ReaderError as error:
        line, what = _explain(error, text)
        raise ConfigurationError(f"{complaint}: {what}", path=f"{path}:{line}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets the last two through
        raise ConfigurationError(f"{complaint}: {error}", path=path) from error


def line_of(node: yaml.Node) -> int:
    """The line that a node begins in, from 1."""
    return int(node.start_mark.line) + 1


def is_text(scalar: str) -> bool:
    """False for what escapes in double quotes can write and no name or path can hold: lone surrogates and NUL."""
    return "\0" not in scalar and scalar == scalar.encode(errors="ignore").decode()


def _explain(error: ReaderError, text: bytes) -> tuple[int, str]:
    """The line of what cannot be read, and what that is; PyYAML counts bytes, or characters once it has those."""
    if error.encoding == "unicode":
        before = text.decode(errors="replace")[: error.position]
        return before.count("\n") + 1, f"the character U+{error.character:04X} may not stand in YAML"
    before_it = text[: error.position]
    return before_it.count(b"\n") + 1, f"the byte 0x{error.character:02x} is not {error.encoding.upper()} here"
