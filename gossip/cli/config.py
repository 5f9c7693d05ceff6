"""``gossip config``: which settings are in force, and who set them."""

import typer

from gossip.cli.peer_options import Chosen, reads_settings
from gossip.cli.report import Json, reporting

app = typer.Typer(help="Look at settings.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """Look at settings."""


@app.command()
@reads_settings
def show(chosen: Chosen, as_json: Json = False) -> None:
    """Print every setting in force, and where it came from: default, file and line, variable or option."""
    with reporting(as_json) as report:
        rows = [
            {"key": setting.key, "value": setting.value, "from": setting.source} for setting in chosen.core.in_force
        ]
        report.table("settings", rows)
