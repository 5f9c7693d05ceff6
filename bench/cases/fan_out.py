"""One message to several peers at once, counted by deliveries."""

from collections.abc import Iterator

from bench import traffic
from bench.cases.stream import as_figure, run_traffic
from bench.contenders import entries
from bench.contenders.entries import two_processes
from bench.figures import Figure
from bench.material import Material

CASE = "fan-out"
PEERS = 32
ROUNDS = 2
RECEIVERS = (1, 2, 8, 32)
SIZE_BYTES = 1024
WARM_UP_S, MEASURE_S = 0.3, 0.6

ENTRIES = (entries.OURS, entries.OURS_UVLOOP, entries.GRPC_AIO, entries.TLS_LIMIT)


def measure(material: Material) -> Iterator[Figure]:
    """One round."""
    for entry in ENTRIES:
        for receivers in RECEIVERS:
            with two_processes(entry, material, receivers) as (sender, receiver, _):
                sender.call(traffic.load, SIZE_BYTES, 200)
                run_traffic(sender, receiver, WARM_UP_S)
                yield as_figure(CASE, f"to {receivers}", entry, *run_traffic(sender, receiver, MEASURE_S))
