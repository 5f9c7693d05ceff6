"""Every command by name, one line each; what a command does is in the file, or the folder, of the same name.

Those files import what takes time (cryptography, the generated messages, the transport) inside the command, so that
``gossip --help`` answers at once.
"""

from typing import Annotated

import typer

from gossip._version import __version__
from gossip.cli import config, crypto, handshake, identity, message, misbehave, msp, probe
from gossip.cli.demo import command as demo
from gossip.cli.diagnose import command as diagnose
from gossip.cli.send import command as send
from gossip.cli.serve import command as serve

app = typer.Typer(
    name="gossip",
    help="Hyperledger Fabric's gossip communication layer.",
    epilog="Exit codes: 0 fine, 1 refused, 2 usage or configuration, 3 network, 70 a bug, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("crypto")(crypto.crypto)
app.command("probe")(probe.probe)
app.command("handshake")(handshake.handshake)
app.command("send")(send.send)
app.command("diagnose")(diagnose.diagnose)
app.command("misbehave")(misbehave.misbehave)
app.command("serve")(serve.serve)
app.add_typer(config.app, name="config")
app.add_typer(identity.app, name="identity")
app.add_typer(message.app, name="message")
app.add_typer(msp.app, name="msp")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gossip {__version__}")
        raise typer.Exit


@app.callback()
def gossip(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hyperledger Fabric's gossip communication layer."""
