"""What others wrote, as it may stand on a screen."""

import pytest

from gossip.errors import ConfigurationError, GossipError, InvalidArgumentError
from gossip.shown import one_line, shown_text, without_keys

KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAgEGCCqGSM49+/w==\n-----END PRIVATE KEY-----\n"
SHORT = "-----BEGIN PRIVATE KEY-----..."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"before: {KEY!r}: after", f"before: '{SHORT}\\n': after"),
        (repr(KEY[:60]), f"'{SHORT}"),
        (KEY.strip().replace("M", "\t\0M"), SHORT),
        (KEY[:-1] + KEY[:-1], SHORT + SHORT),
        ("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIGH", "-----BEGIN EC PRIVATE KEY-----..."),
        ("no -----BEGIN of it", "no -----BEGIN of it"),
    ],
)
def test_what_is_in_pem_is_not_shown(text: str, shown: str) -> None:
    assert without_keys(text) == shown
    assert one_line(text) == shown


def test_no_error_shows_a_key_that_was_given_in_place_of_its_file() -> None:
    errors = (ConfigurationError("no such file", path=KEY), InvalidArgumentError("key", KEY), GossipError(KEY))
    for error in errors:
        assert "MIGH" not in str(error)
    assert errors[0].path == SHORT + "\n"
    assert "MIGH" not in shown_text(KEY)
