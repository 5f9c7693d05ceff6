"""The options of every command that acts as a peer, written once, and the settings that they make."""

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec, TypeVar

import typer

from gossip.cli.options import Orgs, parse_orgs
from gossip.cli.report import reporting

if TYPE_CHECKING:
    from gossip.node.core_settings import CoreSettings
    from gossip.node.setting_layers import Given
    from gossip.node.settings import PeerSettings

P = ParamSpec("P")
T = TypeVar("T")

MAX_TIMEOUT_S = 86_400.0

Endpoint = Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the other peer listens.")]
Config = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="FILE",
        help="A peer's core.yaml; CORE_... variables override it.",
        show_default="that of FABRIC_CFG_PATH",
    ),
]
OwnMspDir = Annotated[
    Path | None, typer.Option(readable=False, help="Our local MSP folder, with signcerts and keystore.")
]
TlsCert = Annotated[Path | None, typer.Option(readable=False, help="Our TLS certificate in PEM; without it, no TLS.")]
TlsKey = Annotated[Path | None, typer.Option(readable=False, help="The key of --tls-cert.")]
TlsCas = Annotated[
    list[Path] | None,
    typer.Option(readable=False, help="A TLS CA, or a folder of them; those of --org count too; repeatable."),
]
"""Files are opened by who needs them: typer's own check would fail in words that programs cannot read."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the options, and the core.yaml that they name, say together."""

    core: "CoreSettings"
    organizations: dict[str, Path]

    def peer_settings(self) -> "PeerSettings":
        """The settings of the peer that the command acts as.

        Raises:
            ConfigurationError: One is missing.
        """
        return self.core.peer_settings(self.organizations)


def choose(
    config: Config = None,
    msp_dir: OwnMspDir = None,
    mspid: Annotated[str | None, typer.Option(help="Our organisation's MSP-ID, such as Org1MSP.")] = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_ca: TlsCas = None,
    org: Orgs = None,
    dial_timeout: Annotated[
        float | None,
        typer.Option(min=0.01, max=MAX_TIMEOUT_S, help="Seconds allowed for connecting.", show_default="3"),
    ] = None,
    conn_timeout: Annotated[
        float | None,
        typer.Option(min=0.01, max=MAX_TIMEOUT_S, help="Seconds allowed for each answer of a peer.", show_default="2"),
    ] = None,
) -> Chosen:
    """Put options and file together; the signature is what the command line shows.

    Raises:
        typer.BadParameter: There is no file, and options are missing; or an organisation is not MSPID=DIR.
        ConfigurationError: The file cannot be used.
    """
    from gossip.node.core_yaml import find_core_yaml, load_core_yaml

    file = config or find_core_yaml(os.environ)
    tls = {"--tls-cert": tls_cert, "--tls-key": tls_key, "--tls-ca": tls_ca}
    missing = [name for name, given in tls.items() if not given]
    has_tls = len(missing) < len(tls)
    if file is None and (msp_dir is None or mspid is None):
        hints = _empty_folder() + _variables_without_file()
        raise typer.BadParameter(f"give --msp-dir and --mspid, or a core.yaml with --config{hints}")
    if file is None and has_tls and missing:
        raise typer.BadParameter(f"{', '.join(tls)} go together; not given: {', '.join(missing)}")
    options = _layer(
        ("peer.mspConfigPath", "--msp-dir", msp_dir),
        ("peer.localMspId", "--mspid", mspid),
        ("peer.tls.enabled", "--tls-...", "true" if has_tls else None),
        ("peer.tls.cert.file", "--tls-cert", tls_cert),
        ("peer.tls.key.file", "--tls-key", tls_key),
        ("peer.tls.clientRootCAs.files", "--tls-ca", tls_ca),
        ("peer.gossip.dialTimeout", "--dial-timeout", dial_timeout),
        ("peer.gossip.connTimeout", "--conn-timeout", conn_timeout),
    )
    environ = os.environ if file is not None else {}
    return Chosen(load_core_yaml(file, environ, options), parse_orgs(org))


def _empty_folder() -> str:
    from gossip.node.core_yaml import CONFIG_FILE, CONFIG_FOLDER_VARIABLE

    folder = os.environ.get(CONFIG_FOLDER_VARIABLE)
    return f"; there is no {CONFIG_FILE} in {folder}, which {CONFIG_FOLDER_VARIABLE} names" if folder else ""


def _variables_without_file() -> str:
    is_set = any(name.startswith("CORE_PEER_") for name in os.environ)
    return "; CORE_PEER_... variables, which are set here, count only beside a core.yaml" if is_set else ""


def _layer(*options: tuple[str, str, object]) -> "dict[str, Given]":
    from gossip.node.setting_layers import Given

    given = {}
    for key, option, value in options:
        match value:
            case None:
                continue
            case list():
                content: str | tuple[str, ...] = tuple(map(str, value))
            case float():
                content = f"{value:f}s"
            case _:
                content = str(value)
        given[key] = Given(content, option)
    return given


def acts_as_peer(command: "Callable[Concatenate[PeerSettings, P], None]") -> Callable[..., None]:
    """Add the options of :func:`choose` to a command, which gets the settings of a peer that only dials."""
    return _with_options(command, lambda chosen: replace(chosen.peer_settings(), listen=None))


def listens_as_peer(command: "Callable[Concatenate[PeerSettings, P], None]") -> Callable[..., None]:
    """The same for a command whose peer listens, at the file's address unless the command gives one."""
    return _with_options(command, Chosen.peer_settings)


def reads_settings(command: Callable[Concatenate[Chosen, P], None]) -> Callable[..., None]:
    """Add the options of :func:`choose` to a command, which gets what they say, be it enough for a peer or not."""
    return _with_options(command, lambda chosen: chosen)


def _with_options(command: Callable[Concatenate[T, P], None], prepare: Callable[[Chosen], T]) -> Callable[..., None]:
    shared = inspect.signature(choose).parameters.values()
    own = list(inspect.signature(command).parameters.values())[1:]

    @functools.wraps(command)
    def run(**arguments: object) -> None:
        with reporting(arguments.get("as_json") is True):
            options = {parameter.name: arguments.pop(parameter.name) for parameter in shared}
            prepared = prepare(choose(**options))  # type: ignore[arg-type]  # typer has checked them by signature
        command(prepared, **arguments)  # type: ignore[arg-type, call-arg]  # as above

    parameters = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in (*own, *shared)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
