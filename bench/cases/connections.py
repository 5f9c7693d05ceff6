"""Five hundred peers on one listener: what an idle one holds in memory, and what a message from few or many costs."""

from collections.abc import Iterator

from bench import crowd, traffic
from bench.cases.stream import as_figure
from bench.contenders.entries import OURS
from bench.figures import Figure
from bench.material import Material
from bench.sides import Side

CASE = "connections"
PEERS = 500
ROUNDS = 1
IDLE = (1, 100, 500)
SENDING = (1, 50, 500)
DELIVERIES = 50_000


def measure(material: Material) -> Iterator[Figure]:
    """Memory while they come, then messages."""
    with Side() as receiver, Side() as sender:
        (endpoint,) = receiver.call(traffic.serve, OURS.contender, material, 1, False)
        receiver.call(traffic.begin)
        sender.call(crowd.join, material, endpoint, 1)
        first_bytes = receiver.call(crowd.resident_bytes)
        for count in IDLE:
            sender.call(crowd.join, material, endpoint, count)
            receiver.call(traffic.finish, count)  # each says something, which must not be counted below
            held_bytes = receiver.call(crowd.resident_bytes)
            each = {"kB each": (held_bytes - first_bytes) / (count - 1) / 1e3} if count > 1 else {}
            yield Figure(CASE, f"{count} idle", OURS.label, {"MB": held_bytes / 1e6} | each)
        for count in SENDING:
            receiver.call(traffic.begin)
            sent = sender.call(crowd.send_in_turn, count, DELIVERIES)
            received = receiver.call(traffic.finish, sent.deliveries - sent.dropped)
            yield as_figure(CASE, f"1 KiB from {count} of {IDLE[-1]}", OURS, sent, received)
