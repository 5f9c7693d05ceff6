"""The records in tests/vectors: what Fabric's own code says about each case."""

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent.parent / "vectors"

Record = dict[str, Any]


def load_vectors(name: str) -> list[Record]:
    """All records of one file, such as ``messages.json`` or ``captures/org1-peer2.jsonl``."""
    path = VECTORS / name
    text = path.read_text(encoding="utf-8")
    records: list[Record] = (
        [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)
    )
    assert records, f"{path} is empty"
    return records


def names_of(records: list[Record]) -> list[str]:
    """The records' names, as ids of parametrized tests."""
    return [str(record["name"]) for record in records]
