"""The short form of ``make fuzz``: each target once, from a seed, with the outcomes that show that it tries things."""

from contextlib import closing

import pytest

from tests.fuzz.target import FoundError, run_cases
from tests.fuzz.targets import TARGETS

SHORT = {
    "codec": (2000, {"accepted", "truncated", "nested deeper than 100", "invalid UTF-8"}),
    "handshake": (1500, {"new", "sent", "proven", "probed", "refused"}),
    "identity": (400, {"valid", "refused"}),
    "config.yaml": (400, {"read", "refused"}),
    "core.yaml": (150, {"read", "refused"}),
    "http2-server": (60, {"goaway 1", "stays open"}),
    "http2-client": (60, {"StreamBrokenError", "waits"}),
}


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found(name: str) -> None:
    count, expected = SHORT[name]
    with closing(TARGETS[name]()) as target:
        outcomes = run_cases(name, target, count, seed=1)

    assert outcomes.total() == count
    assert expected <= set(outcomes)


def test_a_case_that_fails_is_named() -> None:
    class Broken:
        def try_one(self, random: object) -> str:
            raise AssertionError("found")

        def close(self) -> None: ...

    with pytest.raises(FoundError, match="broken: case 0 of seed 7 failed"):
        run_cases("broken", Broken(), 3, seed=7)
