"""Files with several PEM blocks, of which a peer reads only the first."""

from collections.abc import Iterator

from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import Folder

_PROBLEM = "holds several PEM blocks, of which a peer reads only the first"
_SAME_USE = (("cacerts", "intermediatecerts"), ("tlscacerts", "tlsintermediatecerts"), ("admincerts",))


def lint_blocks(folder: Folder) -> Iterator[Finding]:
    """What nobody reads does harm where it is in no other file.

    Mirrors: msp/mspimpl.go, getCertFromPem.
    """
    for file, behind in folder.unread.items():
        yield _judge(folder, file, behind)


def _judge(folder: Folder, file: str, behind: list[bytes]) -> Finding:
    place = file.partition("/")[0]
    if place == "signcerts":
        remedy = "leave only the peer's own certificate there: CAs belong into cacerts and intermediatecerts"
        return warning(file, "several-blocks", _PROBLEM, remedy)
    read = {entry.certificate.der for name in _read_with(place) for entry in folder.in_folder(name)}
    if read.issuperset(behind):
        problem = f"{_PROBLEM}; the others are in files of their own as well"
        return warning(file, "several-blocks", problem, "leave only the first there")
    return error(file, "several-blocks", _PROBLEM, "put each certificate into a file of its own")


def _read_with(place: str) -> tuple[str, ...]:
    """The folders that serve the same purpose as ``place``."""
    return next(names for names in _SAME_USE if place in names)
