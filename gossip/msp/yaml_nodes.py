"""YAML as nodes that know their lines, read in bounded time."""

from typing import Final

import yaml

from gossip.errors import ConfigurationError

MAX_BYTES: Final = 1024 * 1024
"""PyYAML needs some seconds for as much; files of settings have some thousands."""

MAX_OPEN_BRACKETS: Final = 100
"""PyYAML looks at each open bracket again at every token."""


class _Loader(yaml.SafeLoader):
    """PyYAML's, but for what it would read forever."""

    def fetch_flow_collection_start(self, TokenClass: type[yaml.Token]) -> None:  # noqa: N803  # PyYAML's name
        if self.flow_level >= MAX_OPEN_BRACKETS:
            raise yaml.MarkedYAMLError(
                problem=f"more than {MAX_OPEN_BRACKETS} open brackets", problem_mark=self.get_mark()
            )
        super().fetch_flow_collection_start(TokenClass)


def compose_yaml(text: bytes, path: str, complaint: str) -> yaml.Node | None:
    """Read one document; None where the file has none.

    Args:
        text: The whole file. JSON is YAML too.
        path: Names it in errors.
        complaint: What errors say before the reason.

    Raises:
        ConfigurationError: It is not YAML, or too much of it; ``path`` names file and, where known, line.
    """
    if len(text) > MAX_BYTES:
        raise ConfigurationError(f"{complaint}: larger than {MAX_BYTES} bytes", path=path)
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        place = f"{path}:{error.problem_mark.line + 1}" if error.problem_mark else path
        raise ConfigurationError(f"{complaint}: {error.problem}", path=place) from error
    except RecursionError as error:
        raise ConfigurationError(f"{complaint}: nested too deeply", path=path) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets the last two through
        raise ConfigurationError(f"{complaint}: {error}", path=path) from error
