"""Files for OpenSSL, which takes some things from files alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile


@contextmanager
def passing_file(content: bytes) -> Iterator[Path]:
    """A file with ``content``, for as long as the context lasts; in memory where the system can, so that none is left.

    Raises:
        OSError: There is no place for it.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("gossip")
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(content)
            yield Path(f"/proc/self/fd/{descriptor}")
    else:
        with NamedTemporaryFile(buffering=0) as named:
            named.write(content)
            yield Path(named.name)
