"""By how much of a line it is known again."""

import logging

from gossip.node.logs.repeats import RepeatFilter


def is_said(repeats: RepeatFilter, text: str) -> bool:
    return repeats.filter(logging.LogRecord("gossip", logging.WARNING, __file__, 1, text, None, None))


def test_what_begins_with_the_same_512_characters_is_the_same() -> None:
    """A peer may fill a thousand keys with texts of its own."""
    repeats = RepeatFilter()
    assert is_said(repeats, "x" * 512)
    assert not is_said(repeats, "x" * 512 + "and on")
    assert is_said(repeats, "x" * 511)


def test_what_cannot_be_put_into_words_ends_nobody_who_logs_it() -> None:
    """Whoever writes it tells of it."""
    repeats = RepeatFilter()
    for _ in range(2):
        assert repeats.filter(logging.LogRecord("gossip", logging.WARNING, __file__, 1, "%d", ("three",), None))
