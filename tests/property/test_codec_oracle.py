"""The codec against Google's protobuf, on messages that were broken or bent on purpose."""

import pytest

from tests.support.codec_fuzz import compare, corpus, run


def test_the_corpus_itself_is_accepted() -> None:
    verdicts = {compare(name, data, with_json=True) for name, data in corpus() if len(data) < 100_000}

    # 50 levels of n-out-of are 101 messages below the envelope that holds the rule.
    assert verdicts == {"accepted", "nested deeper than 100"}


@pytest.mark.parametrize("seed", [1, 2])
def test_mutants_get_google_s_verdict(seed: int) -> None:
    met = run(30_000, seed)

    assert met.total() == 30_000
    # Every rule was put to the test, and neither outcome was rare.
    assert met["accepted"] > 10_000
    assert met.total() - met["accepted"] > 10_000
    assert set(met) == {
        "accepted",
        "accepted, and not by upb",
        "end of a group that was not started",
        "end of another group than the one that is open",
        "field number 0",
        "field number above 2**29 - 1",
        "invalid UTF-8",
        "nested deeper than 100",
        "truncated",
        "truncated in a varint",
        "varint of more than 10 bytes",
        "varint of more than 64 bits",
        "wire type 6 does not exist",
        "wire type 7 does not exist",
    }
