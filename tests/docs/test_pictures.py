"""The pictures of the pages: there, small, and complete in themselves."""

import re

import pytest

from tests.support.documents import pages
from tests.support.source import ROOT

MAX_BYTES = 100_000
PICTURES = sorted({path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.svg")})


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_and_loads_nothing(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert len(text.encode()) < MAX_BYTES
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "").replace("https://www.textualize.io", "")
    assert "/tmp/" not in text


def test_every_picture_is_shown_and_every_one_shown_is_there() -> None:
    shown = {
        (ROOT / name).parent.joinpath(target).resolve().relative_to(ROOT).as_posix()
        for name, text in pages().items()
        for target in re.findall(r"!\[[^]]+\]\((\S+\.svg)\)", text)
    }
    assert shown == set(PICTURES)
