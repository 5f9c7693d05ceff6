"""The last rule: what a peer itself says when it starts with the folder, for whatever no other rule names."""

from collections.abc import Iterator
from pathlib import Path

from gossip.errors import ConfigurationError, IdentityError
from gossip.msp.config import load_msp_config
from gossip.msp.lint.finding import Finding, error
from gossip.msp.lint.folder import Folder
from gossip.msp.membership import Msp


def lint_as_loaded(folder: Folder, mspid: str) -> Iterator[Finding]:
    """The folder makes an MSP, and the peer's own certificate is a member of it."""
    try:
        msp = Msp(load_msp_config(folder.path, mspid))
    except ConfigurationError as refusal:
        problem = str(refusal).removeprefix(f"{refusal.path}: ")
        yield error(_relative(refusal.path, folder.path), "refused", problem, "correct it; no peer starts with it")
        return
    own = folder.own()
    if own is None:
        return
    try:
        msp.check_identity(msp.place(own.certificate))
    except IdentityError as refusal:
        yield error(own.file, "refused", str(refusal), "correct it; other peers refuse this identity")


def _relative(path: str | None, folder: Path) -> str:
    return str(path or folder).removeprefix(f"{folder}/")
