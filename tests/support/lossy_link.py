"""A link between this machine and a network namespace of its own that loses, delays and reorders packets as told.

Both ends are TUN devices of the kernel; what travels between them passes through this process. Needs root and Linux.
"""

import fcntl
import heapq
import os
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x1001
MTU = 1500


@dataclass
class Weather:
    """What happens to packets from now on; probabilities from 0 to 1."""

    is_cut: bool = False
    loss: float = 0.0
    delay_s: float = 0.0
    reordered: float = 0.0
    """How many arrive up to ``delay_s`` later than others."""


class LossyLink:
    """A running link; change its ``weather`` at any time."""

    def __init__(self, namespace: str, here: str, there: str, ends: tuple[int, int], seed: int) -> None:
        self.namespace = namespace
        self.here = here
        self.there = there
        self.weather = Weather()
        self.lost = 0
        self._ends = ends
        self._random = Random(seed)
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="lossy link")
        self._thread.start()

    def command(self, *arguments: str) -> list[str]:
        """A command that runs at the other end."""
        return ["ip", "netns", "exec", self.namespace, *arguments]

    def stop(self) -> None:
        """Carry nothing more."""
        os.write(self._stop_write, b"x")
        self._thread.join()
        for end in (*self._ends, self._stop_read, self._stop_write):
            os.close(end)

    def _carry(self) -> None:
        waiting: list[tuple[float, int, int, bytes]] = []
        number = 0
        while True:
            due_s = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            readable, _, _ = select.select([*self._ends, self._stop_read], [], [], due_s)
            if self._stop_read in readable:
                return
            for end in readable:
                packet = os.read(end, MTU + 4)
                if self._random.random() < self.weather.loss or self.weather.is_cut:
                    self.lost += 1
                    continue
                late_s = self.weather.delay_s
                if self._random.random() < self.weather.reordered:
                    late_s += self._random.uniform(0, self.weather.delay_s)
                other = self._ends[1] if end == self._ends[0] else self._ends[0]
                number += 1
                heapq.heappush(waiting, (time.monotonic() + late_s, number, other, packet))
            while waiting and waiting[0][0] <= time.monotonic():
                with suppress(OSError):  # a packet into a device that is going down is lost like any other
                    os.write(waiting[0][2], waiting[0][3])
                heapq.heappop(waiting)


def why_not() -> str | None:
    """Why there can be no such link here; None where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    try:
        with lossy_link():
            return None
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespace can be made: {error}"


@contextmanager
def lossy_link(seed: int = 1) -> Iterator[LossyLink]:
    """Make a link, and take it away again."""
    name = f"gossip-{os.getpid()}"
    net = f"10.{os.getpid() % 199 + 50}.77"
    here, there = f"{net}.1", f"{net}.2"
    _ip("netns", "add", name)
    try:
        ends = (_tun(f"gl{os.getpid()}"), _tun(f"gr{os.getpid()}"))
        _ip("addr", "add", here, "peer", there, "dev", f"gl{os.getpid()}")
        _ip("link", "set", f"gl{os.getpid()}", "up", "mtu", str(MTU))
        _ip("link", "set", f"gr{os.getpid()}", "netns", name)
        _ip("-n", name, "addr", "add", there, "peer", here, "dev", f"gr{os.getpid()}")
        _ip("-n", name, "link", "set", f"gr{os.getpid()}", "up", "mtu", str(MTU))
        _ip("-n", name, "link", "set", "lo", "up")
        link = LossyLink(name, here, there, ends, seed)
        try:
            yield link
        finally:
            link.stop()
    finally:
        _ip("netns", "del", name)


def _tun(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN_WITHOUT_HEADER))
    except OSError:
        os.close(device)
        raise
    return device


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)
