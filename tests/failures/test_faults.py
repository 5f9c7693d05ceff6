"""Each failure: what is announced, that only unacknowledged messages are lost, that it heals."""

from pathlib import Path

import pytest

from tests.failures.faults import ELSEWHERE, ON_LINKS, Fault
from tests.support.bounded import run_bounded
from tests.support.lossy_link import why_not

NO_LINK = why_not()


def play(fault: Fault, folder: Path) -> None:
    """What it asserts is what is tested."""

    async def main() -> None:
        await fault(folder)

    run_bounded(main, 60)


@pytest.mark.skipif(NO_LINK is not None, reason=str(NO_LINK))
@pytest.mark.parametrize("fault", ON_LINKS, ids=lambda fault: fault.__name__)
def test_link(fault: Fault, tmp_path: Path) -> None:
    play(fault, tmp_path)


@pytest.mark.parametrize("fault", ELSEWHERE, ids=lambda fault: fault.__name__)
def test_fault(fault: Fault, tmp_path: Path) -> None:
    play(fault, tmp_path)
