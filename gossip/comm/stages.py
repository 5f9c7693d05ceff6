"""Which stage of reaching a peer is under way, and how long each took."""

import time
from enum import StrEnum


class Stage(StrEnum):
    """What has to succeed, in order; a dial is TCP and TLS, and tells of both when it is over."""

    DIAL = "dial"
    TCP = "tcp"
    TLS = "tls"
    PING = "ping"
    EXCHANGE = "exchange"
    VERDICT = "verdict"


class Stages:
    """Filled in as an attempt goes on, so that it tells where one that failed stopped."""

    def __init__(self) -> None:
        self.current = Stage.DIAL
        self.took_s: dict[Stage, float] = {}
        self._since_s = time.perf_counter()

    def enter(self, stage: Stage) -> None:
        """End the stage under way and begin the next."""
        self.end()
        self.current = stage

    def end(self) -> None:
        """End the stage under way."""
        now_s = time.perf_counter()
        self.took_s[self.current] = now_s - self._since_s
        self._since_s = now_s
