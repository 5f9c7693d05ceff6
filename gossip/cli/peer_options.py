"""The options of every command that acts as a peer, written once, and the settings that they make."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec

import typer

from gossip.cli.options import Orgs, parse_orgs

if TYPE_CHECKING:
    from gossip.node.settings import PeerSettings

P = ParamSpec("P")

Endpoint = Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the other peer listens.")]


def peer_settings(
    msp_dir: Annotated[Path, typer.Option(help="Our local MSP folder, with signcerts and keystore.")],
    mspid: Annotated[str, typer.Option(help="Our organisation's MSP-ID, such as Org1MSP.")],
    tls_cert: Annotated[Path | None, typer.Option(help="Our TLS certificate in PEM; without it, no TLS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The key of --tls-cert.")] = None,
    tls_ca: Annotated[
        list[Path] | None, typer.Option(help="A TLS CA, or a folder of them, of any organisation; repeatable.")
    ] = None,
    org: Orgs = None,
    dial_timeout: Annotated[float, typer.Option(min=0.01, help="Seconds that a connection may take.")] = 3.0,
    conn_timeout: Annotated[float, typer.Option(min=0.01, help="Seconds that each answer of a peer may take.")] = 2.0,
) -> "PeerSettings":
    """Put the options together; the signature is what the command line shows.

    Raises:
        typer.BadParameter: Some of the three TLS options are missing, or an organisation is not MSPID=DIR.
    """
    from gossip.api.options import DialOptions, TlsFiles
    from gossip.comm.config import CommConfig
    from gossip.node.settings import PeerSettings

    tls: TlsFiles | None = None
    if tls_cert is not None and tls_key is not None and tls_ca:
        tls = TlsFiles(certificate=tls_cert, key=tls_key, roots=tuple(tls_ca))
    elif tls_cert is not None or tls_key is not None or tls_ca:
        raise typer.BadParameter("--tls-cert, --tls-key and --tls-ca go together")
    return PeerSettings(
        mspid=mspid,
        msp_dir=msp_dir,
        tls=tls,
        organizations=parse_orgs(org),
        dial=DialOptions(dial_timeout_s=dial_timeout, ping_timeout_s=conn_timeout),
        comm=CommConfig(conn_timeout_s=conn_timeout),
    )


def acts_as_peer(command: "Callable[Concatenate[PeerSettings, P], None]") -> Callable[..., None]:
    """Add the options of :func:`peer_settings` to a command, which gets the settings as its first argument."""
    shared = inspect.signature(peer_settings).parameters.values()
    own = list(inspect.signature(command).parameters.values())[1:]

    @functools.wraps(command)
    def run(**arguments: object) -> None:
        chosen = {parameter.name: arguments.pop(parameter.name) for parameter in shared}
        command(peer_settings(**chosen), **arguments)  # type: ignore[arg-type, call-arg]  # typer has checked them by signature

    parameters = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in (*own, *shared)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
