"""Of SETTINGS, h2 sees what there is a meaning for."""

import pytest
from h2.exceptions import DenialOfServiceError
from hyperframe.frame import SettingsFrame

from gossip.transport.http2.settings_frame import known_settings

MAX_ENTRIES = 32


def settings(entries: dict[int, int]) -> bytes:
    return SettingsFrame(0, settings=entries).serialize()


@pytest.mark.parametrize("entries", [{}, {4: 65_535}, {number: number for number in range(1, 7)}])
def test_what_is_known_stays_as_it_is(entries: dict[int, int]) -> None:
    assert known_settings(settings(entries)) == settings(entries)


def test_what_nobody_knows_is_left_out() -> None:
    entries = {4: 1, 7: 2, 8: 3, 5: 16_384, 0x0A0A: 4, 0xFFFF: 5}
    assert known_settings(settings(entries)) == settings({4: 1, 5: 16_384})


@pytest.mark.parametrize("body", [b"", b"\xff\xff\0\0\0\0"])
def test_an_acknowledgement_stays_as_it_is(body: bytes) -> None:
    """One that says something is a breach, which h2 could not see any more."""
    frame = bytes([0, 0, len(body), 4, 1, 0, 0, 0, 0]) + body
    assert known_settings(frame) == frame


def test_more_than_anybody_needs_is_refused() -> None:
    numbers = range(100, 100 + MAX_ENTRIES)
    assert known_settings(settings(dict.fromkeys(numbers, 0))) == settings({})
    with pytest.raises(DenialOfServiceError, match="SETTINGS of more than 32 entries"):
        known_settings(settings(dict.fromkeys(range(100, 101 + MAX_ENTRIES), 0)))


def test_half_an_entry_is_left_to_h2() -> None:
    frame = b"\0\0\7\4\0\0\0\0\0" + bytes(7)
    assert known_settings(frame) == frame
