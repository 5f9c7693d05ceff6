"""``gossip identity``: what stands in an identity, and what a peer would say of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.cli.options import MspDir, Mspid, Orgs, parse_orgs
from gossip.cli.report import ExitCode, Json, reporting
from gossip.errors import ConfigurationError
from gossip.paths import is_dir

if TYPE_CHECKING:
    from gossip.msp.registry import MspRegistry

app = typer.Typer(help="Look at identities.", no_args_is_help=True)


@app.command()
def show(
    target: Annotated[
        Path, typer.Argument(readable=False, metavar="FILE-OR-MSP-DIR", help="A certificate, an identity or a folder.")
    ],
    mspid: Mspid = None,
    as_json: Json = False,
) -> None:
    """Show what is in an identity, without judging it.

    Takes a certificate in PEM, a marshalled SerializedIdentity, or an MSP folder,
    of which it shows the certificate in signcerts. The PKI-ID of a certificate
    depends on --mspid.
    """
    from gossip.msp.facts import describe_identity, encode_identity_for, find_serialized_identity, read_own_certificate

    with reporting(as_json, about=target) as report:
        content = read_own_certificate(target) if is_dir(target) else _read(target)
        serialized = find_serialized_identity(content)
        if serialized is None and mspid is not None:
            content = encode_identity_for(mspid, content)
        elif serialized is not None and mspid not in {None, serialized.mspid}:
            raise ConfigurationError(f"claims {serialized.mspid}, not {mspid}", path=str(target))
        facts = describe_identity(content)
        report.record(
            {
                "mspid": facts.mspid,
                "pki_id": facts.pki_id,
                "subject": facts.subject,
                "issuer": facts.issuer,
                "organizational_units": facts.organizational_units,
                "not_before": facts.not_before_at,
                "not_after": facts.not_after_at,
                "serial_number": f"{facts.serial_number:x}",
                "key": facts.key,
            }
        )


@app.command()
def check(
    file: Annotated[
        Path,
        typer.Argument(readable=False, metavar="FILE", help="A marshalled SerializedIdentity or a certificate in PEM."),
    ],
    msp_dir: MspDir = None,
    mspid: Mspid = None,
    org: Orgs = None,
    as_json: Json = False,
) -> None:
    """Judge an identity as a peer with these MSPs would, and say why it is refused.

    Our own MSP is --msp-dir with --mspid, or else the first --org. A certificate
    in PEM names no MSP, and is taken for a member of our own.
    """
    from gossip.msp.facts import encode_identity_as_member, find_serialized_identity
    from gossip.msp.verdict import judge_identity
    from gossip.types import PeerIdentityType

    known = _known_msps(msp_dir, mspid, parse_orgs(org))
    with reporting(as_json, about=file) as report:
        content = _read(file)
        registry = _registry(known)
        serialized = find_serialized_identity(content)
        identity = PeerIdentityType(content) if serialized else encode_identity_as_member(registry.local, content)
        verdict = judge_identity(registry, identity, now=datetime.now(UTC))
        report.record(
            {
                "ok": verdict.ok,
                "mspid": serialized.mspid if serialized else registry.local.mspid,
                "mspid_assumed": serialized is None,
                "valid": verdict.valid,
                "storable": verdict.storable,
                "verifiable": verdict.verifiable,
                "org": verdict.org,
                "pki_id": verdict.pki_id,
                "expires_at": verdict.expires_at,
                "reason": verdict.reason,
            }
        )
    if not verdict.ok:
        raise typer.Exit(ExitCode.REFUSED)


def _read(file: Path) -> bytes:
    """Read a certificate or an identity; a device may have no end.

    Raises:
        ConfigurationError: It is longer than any.
        OSError: The file cannot be read.
    """
    from gossip.msp.config import MAX_FILE_BYTES

    with file.open("rb") as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ConfigurationError(f"larger than {MAX_FILE_BYTES} bytes", path=str(file))
    return content


def _known_msps(msp_dir: Path | None, mspid: str | None, orgs: dict[str, Path]) -> dict[str, Path]:
    if msp_dir is None and mspid is None and orgs:
        return orgs
    if msp_dir is None or mspid is None:
        raise typer.BadParameter("give --msp-dir and --mspid together, or at least one --org MSPID=DIR")
    return {mspid: msp_dir} | {name: folder for name, folder in orgs.items() if name != mspid}


def _registry(known: dict[str, Path]) -> "MspRegistry":
    from gossip.msp.config import load_msp_config
    from gossip.msp.membership import Msp
    from gossip.msp.registry import MspRegistry
    from gossip.types import ChannelId

    msps = [Msp(load_msp_config(folder, mspid)) for mspid, folder in known.items()]
    return MspRegistry(msps[0], {ChannelId(b"every organisation"): msps})
