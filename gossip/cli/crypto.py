"""``gossip crypto``: throw-away organisations as folders."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gossip.cli.report import Json, reporting
from gossip.errors import ConfigurationError
from gossip.paths import exists

_ORGANIZATION = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?::(?P<peers>[0-9]{1,3}))?")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_MAX_COMMON_NAME_CHARACTERS = 64
"""What X.509 allows."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    mspid: str
    domain: str
    peers: int


def crypto(
    out: Annotated[Path, typer.Option(readable=False, help="The folder to write into; created if it is missing.")],
    org: Annotated[list[str], typer.Option(metavar="NAME[:PEERS]", help="An organisation; give one option each.")],
    domain: Annotated[str, typer.Option(help="The domain under which the organisations' domains lie.")] = "example.com",
    as_json: Json = False,
) -> None:
    """Make throw-away organisations in cryptogen's layout.

    Org1:2 becomes the MSP Org1MSP with peer0.org1.example.com,
    peer1.org1.example.com, an admin and a client, each with an msp and a tls
    folder. For tests and demonstrations only: the CAs' private keys lie in the
    same tree.
    """
    wanted = _parse_organizations(org, domain)
    with reporting(as_json) as report:
        report.table("organisations", _write(out, wanted))


def _parse_organizations(specifications: Sequence[str], domain: str) -> list[_Wanted]:
    if not _DOMAIN.fullmatch(domain):
        raise typer.BadParameter(f"{domain!r} is not a domain name", param_hint="--domain")
    wanted: dict[str, _Wanted] = {}
    for specification in specifications:
        match = _ORGANIZATION.fullmatch(specification)
        if match is None:
            raise typer.BadParameter(
                f"{specification!r} is not NAME or NAME:PEERS, with a name of letters, digits and hyphens "
                "and at most 999 peers",
                param_hint="--org",
            )
        full_domain = f"{match['name']}.{domain}".lower()
        if full_domain in wanted:
            raise typer.BadParameter(f"{specification!r}: {full_domain} is asked for twice", param_hint="--org")
        if len(f"peer999.{full_domain}") > _MAX_COMMON_NAME_CHARACTERS:
            raise typer.BadParameter(
                f"{specification!r}: {full_domain} is too long for a certificate's common name", param_hint="--org"
            )
        wanted[full_domain] = _Wanted(f"{match['name']}MSP", full_domain, int(match["peers"] or 1))
    return list(wanted.values())


def _write(out: Path, wanted: Sequence[_Wanted]) -> list[dict[str, object]]:
    """Write every organisation, or none.

    Raises:
        ConfigurationError: One of them is there already.
        OSError: The folder cannot be written to.
    """
    target = out / "peerOrganizations"
    for organization in wanted:
        if exists(target / organization.domain):
            raise ConfigurationError(
                "already exists and is not overwritten; remove it, or choose another --out",
                path=str(target / organization.domain),
            )
    target.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".gossip-crypto-", dir=out))
    try:
        rows = [_write_one(staging, target, organization) for organization in wanted]
        for organization in wanted:
            (staging / "peerOrganizations" / organization.domain).rename(target / organization.domain)
    finally:
        shutil.rmtree(staging)
    return rows


def _write_one(staging: Path, target: Path, wanted: _Wanted) -> dict[str, object]:
    from gossip.msp.authority import Organization, write_peer_organization

    organization = Organization.create(wanted.mspid, wanted.domain, now=datetime.now(UTC))
    peers = [organization.issue_peer(f"peer{index}") for index in range(wanted.peers)]
    users = [organization.issue_admin(), organization.issue_client()]
    write_peer_organization(staging, organization, [*peers, *users])
    return {
        "mspid": wanted.mspid,
        "folder": target / wanted.domain,
        "peers": [peer.name for peer in peers],
        "users": [user.name for user in users],
        "not_after": organization.validity.not_after_at,
    }
