"""The page on settings lists the keys that are read, with their defaults, and the loggers that there are."""

import re
from pathlib import Path

from gossip.node.core_yaml import load_core_yaml
from tests.support.source import read_source

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()


def test_every_key_is_there_with_its_default(tmp_path: Path) -> None:
    empty = tmp_path / "core.yaml"
    empty.touch()

    listed = dict(re.findall(r"^\| `(peer\.[A-Za-z.]+)` \| ([^|]*?) ?\| ", PAGE.partition("## Logs")[0], re.MULTILINE))

    assert listed == {setting.key: setting.value for setting in load_core_yaml(empty, {}).in_force}


def test_every_logger_of_fabrics_name_is_there() -> None:
    listed = set(re.findall(r"^\| `([a-z.]+)` \|", PAGE.partition("## Logs")[2], re.MULTILINE))
    used = {
        name
        for file in read_source()
        for name in re.findall(r'getLogger\("((?:gossip\.|peer\.|operations)[a-z.]*)"\)', file.text)
    }

    assert used - {"gossip.misbehave"} == listed
