"""``FABRIC_LOGGING_SPEC``: which logger says how much, such as ``gossip.comm=debug:info``."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gossip.errors import ConfigurationError

VARIABLE = "FABRIC_LOGGING_SPEC"
MAX_LENGTH = 10_000

PAYLOAD = logging.DEBUG // 2
"""Fabric's level below debug, at which nothing here logs."""

_LEVELS = {
    "payload": PAYLOAD,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.ERROR,
    "dpanic": logging.CRITICAL,
    "panic": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}
_NAMES = {
    PAYLOAD: "payload",
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warn",
    logging.ERROR: "error",
    logging.CRITICAL: "fatal",
}
MAX_NAME_LENGTH, MAX_NAME_PARTS = 128, 10
"""Python keeps a logger for each part of each name, for good."""
_LOGGER = re.compile(r"[A-Za-z0-9_#:-]+(\.[A-Za-z0-9_#:-]+)*\.?")


def level_name(level: int) -> str:
    """Fabric's name of a level."""
    return _NAMES.get(level, str(level))


@dataclass(frozen=True, slots=True)
class LogSpec:
    """Levels by logger; a name that ends in a dot is that logger alone, any other those below it too.

    Mirrors: common/flogging/loggerlevels.go.
    """

    default: int = logging.INFO
    levels: Mapping[str, int] = field(default_factory=dict)

    def level_of(self, logger: str) -> int:
        """The least that ``logger`` says: by its own name with a dot, its own, then those above it."""
        name = f"{logger}."
        while name:
            if name in self.levels:
                return self.levels[name]
            name = name[:-1] if name.endswith(".") else name.rpartition(".")[0]
        return self.default

    def __str__(self) -> str:
        """The specification as Fabric writes it: loggers in order, the default last."""
        segments = [f"{logger}={level_name(level)}" for logger, level in self.levels.items()]
        return ":".join([*sorted(segments), level_name(self.default)])


def parse_log_spec(text: str, *, source: str | None = None) -> LogSpec:
    """Read a specification: segments with colons between them, each a level, or loggers with commas, ``=`` and a level.

    Of several levels without a logger the last counts; an empty segment, as in ``debug:``, is one of them, and is info.

    Args:
        text: The specification.
        source: Who said so, for errors.

    Raises:
        ConfigurationError: A segment is neither; it is named.

    Mirrors: common/flogging/loggerlevels.go, ActivateSpec.
    """
    if len(text) > MAX_LENGTH:
        raise _invalid(source, f"{text[:64]}...", f"is longer than {MAX_LENGTH} characters")
    default, levels = logging.INFO, {}
    for segment in text.split(":"):
        loggers, equals, level_text = segment.rpartition("=")
        if equals and not loggers:
            raise _invalid(source, text, f"no logger specified in segment '{segment}'")
        level = _find_level(level_text) if segment else logging.INFO
        if level is None or "=" in loggers:
            raise _invalid(source, text, f"bad segment '{segment}'")
        if not equals:
            default = level
            continue
        for logger in loggers.split(","):
            is_short = len(logger) <= MAX_NAME_LENGTH and logger.count(".") <= MAX_NAME_PARTS
            if not is_short or not _LOGGER.fullmatch(logger):
                raise _invalid(source, text, f"bad logger name '{logger[:MAX_NAME_LENGTH]}'")
            levels[logger] = level
    return LogSpec(default, levels)


def _find_level(name: str) -> int | None:
    """The level of that name, all in small letters or all in capitals; no other form starts a Fabric peer."""
    return _LEVELS.get(name.lower()) if name.islower() or name.isupper() else None


def _invalid(source: str | None, text: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"invalid logging specification '{text}': {why}", path=source)
