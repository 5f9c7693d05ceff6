"""One log record as one line, for people or for programs."""

import json
import logging
from datetime import UTC, datetime

from gossip.node.logs.names import PeerNames
from gossip.node.logs.spec import level_name
from gossip.shown import one_line, without_keys
from gossip.throttle import and_more


class PlainLines(logging.Formatter):
    """``2026-11-22 12:00:00.000 UTC WARN [gossip.comm] text``, a traceback below it, indented, where there is one.

    What others have put into either cannot pass for a line of its own: control characters are written out.
    """

    names: PeerNames | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Write it out."""
        at = datetime.fromtimestamp(record.created, UTC)
        text = one_line(message_of(record))
        if self.names is not None:
            text = self.names.spell_out(text)
        when = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} UTC"
        line = f"{when} {level_name(record.levelno).upper()} [{record.name}] {text}"
        traceback = without_keys(self.formatException(record.exc_info)).split("\n") if record.exc_info else ()
        return "\n    ".join((line, *map(one_line, traceback)))


class JsonLines(logging.Formatter):
    """One object a line: ``level``, ``ts`` (seconds since 1970), ``name``, ``msg`` as Fabric's JSON format has them.

    Where the text names peers that are known, ``peers`` has their ``pki_id``, ``common_name`` and ``mspid``; a
    traceback is in ``stacktrace``.
    """

    names: PeerNames | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Write it out."""
        text = without_keys(message_of(record))
        facts: dict[str, object] = {
            "level": level_name(record.levelno),
            "ts": round(record.created, 6),
            "name": record.name,
            "msg": text,
        }
        peers = [
            {"pki_id": name.pki_id, "common_name": name.common_name, "mspid": name.mspid}
            for name in (self.names.named_in(text) if self.names is not None else ())
        ]
        if peers:
            facts["peers"] = peers
        if record.exc_info:
            facts["stacktrace"] = without_keys(self.formatException(record.exc_info))
        return json.dumps(facts)


def message_of(record: logging.LogRecord) -> str:
    """The text of a record, and how many like it were not written."""
    more = and_more(getattr(record, "unsaid", 0))
    return f"{record.getMessage()}{more}"
