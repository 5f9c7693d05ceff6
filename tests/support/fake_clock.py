"""A wall clock that stands still until a test moves it; for code that asks what time it is and does not wait."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Shows ``start`` and whatever it was moved by."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Refuse: nobody would ever be woken."""
        raise AssertionError(f"this clock stands still, so that {seconds} s never pass; use a VirtualClock")

    def move(self, by: timedelta) -> None:
        """Set the clock forward or back."""
        self._now += by
