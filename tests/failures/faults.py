"""Every failure that is tried."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.failures.links import (
    link_cut,
    link_cut_shortly,
    link_cut_while_we_send,
    packets_lost_late_and_out_of_order,
)
from tests.failures.machines import disk_full, out_of_files
from tests.failures.processes import peer_killed, peer_renewed, peer_stopped
from tests.failures.rig import Row
from tests.failures.times import certificate_ends, clock_set_back, clock_set_forward

Fault = Callable[[Path], Awaitable[Row]]

ON_LINKS: tuple[Fault, ...] = (link_cut, link_cut_while_we_send, link_cut_shortly, packets_lost_late_and_out_of_order)
ELSEWHERE: tuple[Fault, ...] = (
    peer_stopped,
    peer_killed,
    peer_renewed,
    disk_full,
    out_of_files,
    clock_set_forward,
    clock_set_back,
    certificate_ends,
)
