"""What was delivered and what was acknowledged, kept so that it outlives a process that is killed."""

import os
from pathlib import Path


class Ledger:
    """Appends lines with one write each: what was written before a SIGKILL is in the file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def delivered(self, name: str) -> None:
        """A message arrived; to be called before it is acknowledged."""
        os.write(self._file, f"D {name}\n".encode())

    def acknowledged(self, name: str) -> None:
        """Its sender was told so."""
        os.write(self._file, f"A {name}\n".encode())

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def read_ledgers(folder: Path) -> tuple[list[str], list[str]]:
    """Everything that was delivered and that was acknowledged, in all ledgers below ``folder``."""
    lines = [line for path in sorted(folder.glob("*.ledger")) for line in path.read_text().splitlines()]
    return [line[2:] for line in lines if line[0] == "D"], [line[2:] for line in lines if line[0] == "A"]
