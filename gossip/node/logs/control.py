"""Puts logging together, and changes it while a peer runs."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from gossip.api.peer import PeerIdentityInfo
from gossip.node.logs.handler import LineHandler, Lines
from gossip.node.logs.lines import JsonLines, PlainLines
from gossip.node.logs.names import PeerNames
from gossip.node.logs.repeats import RepeatFilter
from gossip.node.logs.spec import VARIABLE, LogSpec, parse_log_spec

ROOT = "root"
"""The name of the logger above all others, which no level of its own may silence."""
ANY = "\0"
"""No logger's name, and so like any other below one that is named."""


class LogControl:
    """The logging of a process, as :func:`logging_to` set it up."""

    def __init__(self, spec: LogSpec, formatter: PlainLines | JsonLines, handler: LineHandler) -> None:
        self._formatter = formatter
        self._handler = handler
        self._before: dict[str, int] = {}
        self._apply(spec)

    @property
    def spec(self) -> str:
        """The specification in force, as Fabric writes it."""
        return str(self._spec)

    def set_spec(self, text: str) -> None:
        """Log by another specification from now on.

        Raises:
            ConfigurationError: It is none; the old one stays.
        """
        self._apply(parse_log_spec(text))

    @contextmanager
    def writing_to(self, lines: Lines) -> Iterator[None]:
        """Write the log elsewhere until the end of the block."""
        former = self._handler.setStream(lines)
        try:
            yield
        finally:
            if former is not None:
                self._handler.setStream(former)

    def line(self, logger: str, level: int, text: str, *args: object) -> str:
        """What the log says about itself, for whoever writes it; see :meth:`LineHandler.line`."""
        return self._handler.line(logger, level, text, *args)

    def know(self, list_identities: Callable[[], Iterable[PeerIdentityInfo]]) -> None:
        """Write names behind the PKI-IDs of these identities, which are asked for when a line names one."""
        self._formatter.names = PeerNames(list_identities)

    def is_wanted(self, record: logging.LogRecord) -> bool:
        """Whether the specification lets a record through; loggers alone cannot tell a name with a dot from one."""
        return record.levelno >= self._spec.level_of(record.name)

    def restore(self) -> None:
        """Set every logger back to the level that it had before."""
        for name, level in self._before.items():
            logging.getLogger(name).setLevel(level)
        self._before.clear()

    def _apply(self, spec: LogSpec) -> None:
        self.restore()
        self._spec = spec
        self._set_level("", min(spec.default, spec.level_of(ROOT)))
        for name in {name.removesuffix(".") for name in spec.levels} - {ROOT}:
            # What those below it may say goes through it, too; what it may not say itself, the filter knows.
            self._set_level(name, min(spec.level_of(name), spec.level_of(f"{name}.{ANY}")))

    def _set_level(self, name: str, level: int) -> None:
        logger = logging.getLogger(name)
        self._before[name] = logger.level
        logger.setLevel(level)


@contextmanager
def logging_to(stream: Lines, spec: str = "", *, as_json: bool = False) -> Iterator[LogControl]:
    """Write the process's log to a stream, one line a record, until the end of the block.

    Args:
        stream: Where to.
        spec: Levels, as in ``FABRIC_LOGGING_SPEC``; empty is info.
        as_json: An object a line, instead of text.

    Raises:
        ConfigurationError: The specification is none; nothing was changed.
    """
    parsed = parse_log_spec(spec, source=VARIABLE)
    formatter = JsonLines() if as_json else PlainLines()
    handler = LineHandler(stream)
    handler.setFormatter(formatter)
    control = LogControl(parsed, formatter, handler)
    handler.addFilter(control.is_wanted)
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield control
    finally:
        root.removeHandler(handler)
        control.restore()
