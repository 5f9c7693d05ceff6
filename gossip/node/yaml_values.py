"""A YAML file as Fabric's settings are looked up in it: by dotted key, in any case, with the line of each value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from gossip.errors import ConfigurationError
from gossip.msp.yaml_nodes import MAX_BYTES, MERGE_TAG, NULL_TAG, compose_yaml, is_text, line_of
from gossip.node.plain_scalar import float_text, read_plain

_CORE_TAGS = "tag:yaml.org,2002:"
_TEXT_TAG = f"{_CORE_TAGS}str"

Content = str | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class YamlValue:
    """A value or a list of them, as viper makes texts of them; a number that is no integer is still a number.

    ``line`` counts from 1.
    """

    content: Content
    line: int


class YamlFile:
    """One file, read once. JSON is YAML too."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigurationError: It cannot be read, or is not YAML; names the file, and the line where there is one.
        """
        self.path = path
        self._root = _compose(path)

    def find(self, key: str) -> YamlValue | None:
        """Look a value up, such as ``peer.gossip.dialTimeout``; None where it is absent or null.

        Raises:
            ConfigurationError: There is something else than text, number, truth value or a list of them; names the
                line.
        """
        node = self._search(_filled(self._root), "", key.split("."))
        return None if node is None else YamlValue(self._content(node, key), line_of(node))

    def entries(self, key: str) -> Iterator[str]:
        """The names right below ``key``, as they are written; none where it is absent or no mapping."""
        node: yaml.Node | None = self._root
        for name in key.split("."):
            node = _lookup(node, name)
        if isinstance(node, yaml.MappingNode):
            yield from (str(name.value) for name, _ in node.value if isinstance(name, yaml.ScalarNode))

    def check_section(self, key: str) -> None:
        """Return when ``key``, which stands below no other, is absent, null, or has keys below it.

        Raises:
            ConfigurationError: It is something else; names the line.
        """
        node = _filled(_lookup(self._root, key))
        if node is not None and not isinstance(node, yaml.MappingNode):
            what = f"{key}: expected a mapping, with a name before each entry"
            raise ConfigurationError(what, path=self.place(line_of(node)))

    def find_below(self, path: tuple[str, ...]) -> YamlValue | None:
        """Look a value up by names that may have dots in them; None where it is absent, null or no text."""
        node: yaml.Node | None = self._root
        for name in path:
            node = _lookup(node, name)
        if not isinstance(node, yaml.ScalarNode) or node.tag == NULL_TAG:
            return None
        return YamlValue(str(node.value), line_of(node))

    def find_null(self, path: Sequence[str]) -> int | None:
        """The line of a key below others that stands there and has nothing; None where it is absent or filled."""
        node: yaml.Node | None = self._root
        for name in path:
            node = _lookup(node, name)
        return line_of(node) if node is not None and node.tag == NULL_TAG else None

    def find_key(self, name: str) -> int | None:
        """The line of a key that stands below no other; None where it is absent."""
        pairs = self._root.value if isinstance(self._root, yaml.MappingNode) else []
        keys = (key for key, _ in pairs if isinstance(key, yaml.ScalarNode))
        return next((line_of(key) for key in keys if key.value.lower() == name.lower()), None)

    def repeated(self) -> Iterator[tuple[str, int, int]]:
        """Each key that stands in one mapping again, dotted, with its line there and the line before that it hides."""
        waiting: list[tuple[str, yaml.Node | None]] = [("", self._root)]
        seen = set[int]()
        while waiting:
            at, node = waiting.pop()
            if not isinstance(node, yaml.MappingNode) or id(node) in seen:
                continue
            seen.add(id(node))
            lines = dict[str, int]()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != MERGE_TAG:
                    hidden = lines.get(key.value.lower())
                    if hidden is not None:
                        yield f"{at}{key.value}", line_of(key), hidden
                    lines[key.value.lower()] = line_of(key)
                    waiting.append((f"{at}{key.value}.", value))

    def place(self, line: int) -> str:
        """File and line, for texts."""
        return f"{self.path}:{line}"

    def _search(self, node: yaml.Node | None, at: str, names: list[str]) -> yaml.Node | None:
        """What several names lead to, of which some may stand together as one key with dots: the longest comes first.

        A key that is all of them ends the search beside it, also where it is null.

        Mirrors: viper, searchMapWithPathPrefixes.
        """
        if not names or node is None:
            return node
        if not isinstance(node, yaml.MappingNode):
            what = f"{at}: expected keys below it" if at else f"expected keys, such as {names[0]}:"
            raise ConfigurationError(what, path=self.place(line_of(node)))
        for count in range(len(names), 0, -1):
            key = ".".join(names[:count])
            below = _lookup(node, key)
            if below is not None and count == len(names):
                return _filled(below)
            found = self._search(_filled(below), f"{at}.{key}".lstrip("."), names[count:])
            if found is not None:
                return found
        return None

    def _content(self, node: yaml.Node, key: str) -> Content:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, key)
        if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
            return tuple(self._item(item, key) for item in node.value)
        raise ConfigurationError(
            f"{key}: expected a value or a list of values, not keys below it", path=self.place(line_of(node))
        )

    def _item(self, node: yaml.ScalarNode, key: str) -> str:
        if node.tag == NULL_TAG:
            return ""
        content = self._scalar(node, key)
        return float_text(content) if isinstance(content, float) else content

    def _scalar(self, node: yaml.ScalarNode, key: str) -> str | float:
        if not is_text(node.value):
            raise ConfigurationError(f"{key}: {node.value!a} is no text", path=self.place(line_of(node)))
        if not node.style:
            return read_plain(node.value)
        if node.tag.startswith(_CORE_TAGS) and node.tag != _TEXT_TAG:
            kind = node.tag.removeprefix(_CORE_TAGS)
            raise ConfigurationError(
                f"{key}: no tag but !!str is read here, and not !!{kind}", path=self.place(line_of(node))
            )
        return str(node.value)


def _filled(node: yaml.Node | None) -> yaml.Node | None:
    """None for null."""
    return None if node is None or node.tag == NULL_TAG else node


def _lookup(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """The value of a key in any case, null included: of several the last, and ``<<`` stands for what it merges in.

    Of several mappings that one ``<<`` merges in, the first counts.

    Mirrors: gopkg.in/yaml.v2, decoder.mapping and merge.
    """
    waiting: list[yaml.Node | tuple[yaml.Node, yaml.Node] | None] = [node]
    seen = set[int]()
    while waiting:
        item = waiting.pop()
        if isinstance(item, yaml.MappingNode) and id(item) not in seen:  # an anchor may merge itself
            seen.add(id(item))
            waiting += item.value
        elif isinstance(item, tuple) and isinstance(item[0], yaml.ScalarNode):
            key, value = item
            if key.tag == MERGE_TAG:
                waiting += reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]
            elif key.value.lower() == name.lower():
                return value
    return None


def _compose(path: Path) -> yaml.Node | None:
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", path=str(path)) from error
    return compose_yaml(text, str(path), "is not JSON" if path.suffix.lower() == ".json" else "is not YAML")
