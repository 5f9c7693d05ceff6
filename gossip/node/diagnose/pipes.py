"""TLS CAs that come through pipes, as with ``--tls-ca <(...)``: they can be read once, and a diagnosis reads often."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.msp.config import MAX_FILE_BYTES
from gossip.node.settings import PeerSettings, tls_files_of
from gossip.paths import is_fifo


@contextmanager
def without_pipes(settings: PeerSettings) -> Iterator[PeerSettings]:
    """The same settings with what comes through pipes in files that go at the end of the block."""
    roots = {root for files in tls_files_of(settings) for root in files.roots}
    pipes = sorted(filter(_is_pipe, roots))
    if not pipes:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="gossip-diagnose-") as folder:
        copies = {pipe: _copy(pipe, Path(folder) / f"{number}.pem") for number, pipe in enumerate(pipes)}
        dial = replace(settings.dial, tls=_with_copies(settings.dial.tls, copies))
        yield replace(settings, tls=_with_copies(settings.tls, copies), dial=dial)


def _is_pipe(path: Path) -> bool:
    try:
        return is_fifo(path)
    except OSError:
        return False


def _copy(pipe: Path, file: Path) -> Path:
    with pipe.open("rb") as stream:
        file.write_bytes(stream.read(MAX_FILE_BYTES))
    return file


def _with_copies(files: TlsFiles | None, copies: dict[Path, Path]) -> TlsFiles | None:
    return files and replace(files, roots=tuple(copies.get(root, root) for root in files.roots))
