"""Settings in layers, as Fabric has them: options over environment over file over default, each read by its type."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gossip.checks import check_kind
from gossip.errors import ConfigurationError
from gossip.msp.yaml_nodes import is_text
from gossip.node.go_duration import parse_go_duration
from gossip.node.plain_scalar import find_go_integer, float_text
from gossip.node.yaml_values import Content, YamlFile
from gossip.shown import PEM_BEGIN

logger = logging.getLogger("peer.gossip")

T = TypeVar("T")

DEFAULT = "default"
_MAX_DIGITS = 11
_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


@dataclass(frozen=True, slots=True)
class Given:
    """A value that somebody set: ``place`` names the file and line, the variable or the option.

    Relative paths are relative to ``folder``; without one, they are as they are for everyone who runs a command.
    """

    content: Content
    place: str
    folder: Path | None = None

    def path(self, text: str) -> Path:
        """A path that the value names; ``..`` in one below ``folder`` is taken out as text, whatever is a link.

        Mirrors: core/config, TranslatePath.
        """
        if self.folder is None or text.startswith("/"):
            return Path(text)
        return Path(os.path.normpath(self.folder / text))


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting for people: Fabric's key, the value that holds, and where it came from."""

    key: str
    value: str
    source: str


def environment_variable(key: str) -> str:
    """``CORE_PEER_GOSSIP_DIALTIMEOUT`` for ``peer.gossip.dialTimeout``."""
    return f"CORE_{key.upper().replace('.', '_')}"


class Layers:
    """Looks settings up by key, and notes each that was asked for.

    Every method that reads one raises ConfigurationError for a value that is not what it must be, which names key and
    place. Blanks around a value, such as the end of a line from Windows, are warned of, and left out.

    Mirrors: viper as core/peer sets it up: prefix ``CORE``, dots as underscores, an empty variable is none.
    """

    def __init__(self, file: YamlFile | None, environ: Mapping[str, str], options: Mapping[str, Given]) -> None:
        for key, option in options.items():
            check_kind(f"options[{key!r}]", option, Given)
        self._file = file
        self._environ = environ
        self._options = options
        self._folder = file.path.parent if file is not None else Path()
        self.asked_for: list[InForce] = []

    def text(self, key: str) -> str | None:
        """A text; None where nobody sets it, or sets it to nothing."""
        return self._read(key, lambda content: _text(_one(content)) or None, None)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list, or a text with blanks between its items."""
        return self._read(key, _several, ())

    def path(self, key: str) -> Path | None:
        """A file or folder."""
        given = self._find(key)
        text = "" if given is None else self._parse(key, given, _one)
        return self._note(key, given.path(text) if given is not None and text else None, given)

    def paths(self, key: str) -> tuple[Path, ...]:
        """Several files or folders."""
        given = self._find(key)
        if given is None:
            return self._note(key, (), None)
        return self._note(key, tuple(map(given.path, self._parse(key, given, _paths))), given)

    def flag(self, key: str) -> bool:
        """True or false, as Go reads them; false where nobody says."""
        return self._read(key, _parse_flag, False)

    def count(self, key: str, default: int) -> int:
        """A number of things; 0, or an empty text, means the default."""
        return self._read(key, _parse_count, 0, default)

    def duration_s(self, key: str, default_s: float) -> float:
        """A duration of Go's, in seconds; 0, or an empty text, means the default."""
        return self._read(key, lambda content: parse_go_duration(_one(content) or "0"), 0.0, default_s)

    def _read(self, key: str, parse: Callable[[Content], T], unset: T, default: T | None = None) -> T:
        given = self._find(key)
        value = unset if given is None else self._parse(key, given, parse)
        if value == unset and default is not None:
            return self._note(key, default, None)
        return self._note(key, value, given)

    def _find(self, key: str) -> Given | None:
        given = self._look_up(key)
        if given is not None and PEM_BEGIN in str(given.content):
            what = f"{key}: holds a key or a certificate itself, where the name of its file belongs"
            raise ConfigurationError(what, path=given.place)
        return given

    def _look_up(self, key: str) -> Given | None:
        if key in self._options:
            return self._options[key]
        variable = environment_variable(key)
        if self._environ.get(variable):
            return Given(self._environ[variable], variable, self._folder)
        value = self._file.find(key) if self._file is not None else None
        if value is None or self._file is None:
            return None
        self._check_no_section_is_set(key)
        return Given(value.content, self._file.place(value.line), self._folder)

    def _check_no_section_is_set(self, key: str) -> None:
        """Refuse a variable of a whole section: for viper it hides everything that the file has below, unread."""
        names = key.split(".")
        for section in (".".join(names[:count]) for count in range(1, len(names))):
            variable = environment_variable(section)
            if self._environ.get(variable):
                what = f"{section}: expected no value for the section, which hides {key} of the file from a Fabric peer"
                raise ConfigurationError(what, path=variable)

    @staticmethod
    def _parse(key: str, given: Given, parse: Callable[[Content], T]) -> T:
        try:
            return parse(given.content)
        except ValueError as error:
            raise ConfigurationError(f"{key}: {error}", path=given.place) from error

    def _note(self, key: str, value: T, given: Given | None) -> T:
        if given is not None and isinstance(given.content, str) and given.content != given.content.strip():
            logger.warning("%s: %s has blanks around it, which a Fabric peer would not leave out", given.place, key)
        self.asked_for.append(InForce(key, _shown(value), given.place if given is not None else DEFAULT))
        return value


def _one(content: Content) -> str:
    if isinstance(content, tuple):
        raise ValueError("expected one value, not a list")  # noqa: TRY004  # what was read is wrong, not the call
    return float_text(content) if isinstance(content, float) else content.strip()


def _text(content: str) -> str:
    if not is_text(content):
        raise ValueError(f"{content[:64]!a} is not text: it contains bytes that are not characters")
    return content


def _several(content: Content) -> tuple[str, ...]:
    return content if isinstance(content, tuple) else tuple(_one(content).split())


def _paths(content: Content) -> tuple[str, ...]:
    paths = _several(content)
    if not all(paths):
        raise ValueError("expected paths, and one is empty")
    return paths


def _parse_flag(content: Content) -> bool:
    if isinstance(content, float):
        raise ValueError("expected true or false, not a number with a point or an exponent")  # noqa: TRY004  # as above
    text = _one(content)
    if text in _TRUE:
        return True
    if text in _FALSE or not text:
        return False
    raise ValueError(f"expected true or false, not {text[:64]!r}")


def _parse_count(content: Content) -> int:
    text = _one(content) or "0"
    number = find_go_integer(text) if len(text) <= _MAX_DIGITS else None
    if number is None or number < 0:
        raise ValueError(f"expected a whole number, 0 or more, not {text[:64]!r}")
    return number


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}s"
        case tuple():
            return " ".join(map(str, value))
        case _:
            return str(value)
