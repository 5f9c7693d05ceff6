"""Who may use our private keys."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gossip.msp.lint.open_mode import find_open_mode, mode_remedy
from gossip.node.settings import PeerSettings, tls_files_of
from gossip.paths import is_file

logger = logging.getLogger("peer.gossip")


def warn_of_open_keys(settings: PeerSettings) -> None:
    """Log a warning for each private key that others than its owner may use; a Fabric peer takes it without a word."""
    for path in _keys(settings):
        with suppress(OSError):  # who needs the file complains of it
            mode = find_open_mode(path)
            if mode is not None:
                text = "%s is a private key that users other than its owner may use (mode %04o): %s"
                logger.warning(text, path, mode, mode_remedy(path))


def _keys(settings: PeerSettings) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(path for path in (settings.msp_dir / "keystore").iterdir() if is_file(path))
    yield from sorted({files.key for files in tls_files_of(settings)})
