"""Every link of a page leads somewhere."""

import re

import pytest

from tests.support.documents import FENCE, pages
from tests.support.source import ROOT

PAGES = pages()
LINK = re.compile(r"\]\((?!https?://)([^)\s#]*)(?:#([^)\s]+))?\)")


def anchors(page: str) -> set[str]:
    """What headings are called in links."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    here = ROOT / name
    for target, anchor in LINK.findall(FENCE.sub("", PAGES[name])):
        there = here.parent / target if target else here
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), f"{target}#{anchor}"


def test_pages_of_the_site_stay_within_it() -> None:
    """What MkDocs copies is ``docs`` alone."""
    for name, page in PAGES.items():
        if name.startswith("docs/"):
            for target, _ in LINK.findall(FENCE.sub("", page)):
                assert (ROOT / name).parent.joinpath(target).resolve().is_relative_to(ROOT / "docs"), (
                    f"{name}: {target}"
                )
