"""Options that several commands share, and how their values are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer


def take_text(value: str | None) -> str | None:
    """Take a text that messages can carry.

    Raises:
        typer.BadParameter: It was not given in the encoding of the command line.
    """
    if value is not None and not value.isascii() and value != value.encode(errors="ignore").decode():
        raise typer.BadParameter(f"{value!a} is not text: it contains bytes that are not characters")
    return value


Mspid = Annotated[str | None, typer.Option(callback=take_text, help="The MSP-ID, such as Org1MSP; no file holds it.")]
MspDir = Annotated[Path | None, typer.Option(readable=False, help="Our own organisation's MSP folder.")]
Orgs = Annotated[
    list[str] | None, typer.Option("--org", metavar="MSPID=DIR", help="Another organisation's MSP folder; repeatable.")
]


def parse_orgs(specifications: Sequence[str] | None) -> dict[str, Path]:
    """Read ``--org MSPID=DIR`` options.

    Raises:
        typer.BadParameter: One of them has another form, or an MSP-ID comes twice.
    """
    orgs: dict[str, Path] = {}
    for specification in specifications or ():
        mspid, equals, folder = specification.partition("=")
        if not (mspid and equals and folder):
            raise typer.BadParameter(f"{specification!r} is not MSPID=DIR", param_hint="--org")
        take_text(mspid)
        if mspid != mspid.strip():
            raise typer.BadParameter(f"{mspid!r}: an MSP-ID must not begin or end with blanks", param_hint="--org")
        if mspid in orgs:
            raise typer.BadParameter(f"{mspid} is given twice", param_hint="--org")
        orgs[mspid] = Path(folder)
    return orgs
