"""Measure, and write what came of it: ``python -m bench``, or with the names of cases."""

import argparse
import sys
import time
from pathlib import Path

from bench import chart, machine, report
from bench.cases import acks, codec, connections, fan_out, handshakes, identities, identity_store, start_up, stream
from bench.figures import Figure, middle
from bench.material import throw_away_material

CASES = {
    "stream": stream,
    "fan-out": fan_out,
    "acks": acks,
    "handshakes": handshakes,
    "codec": codec,
    "identities": identities,
    "start-up": start_up,
    "identity-store": identity_store,
    "connections": connections,
}
RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
CHART = PAGE.with_suffix(".svg")


def main() -> None:
    """Run the cases, all of them in each round before the next round, and take the middle."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], metavar="case", help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, help="at most so many rounds")
    arguments = parser.parse_args()
    chosen = {name: CASES[name] for name in arguments.cases or CASES}
    started_s = time.monotonic()
    figures: list[Figure] = []
    with throw_away_material(max(case.PEERS for case in chosen.values())) as material:
        for name, case in chosen.items():
            rounds = min(case.ROUNDS, arguments.rounds or case.ROUNDS)
            measured = [figure for _ in range(rounds) for figure in case.measure(material)]
            figures += middle(measured)
            print(f"{time.monotonic() - started_s:5.0f} s  {name}", file=sys.stderr, flush=True)
    text = report.as_markdown(figures, machine.describe(), time.monotonic() - started_s)
    print(text)
    if not arguments.cases:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "latest.json").write_text(report.as_json(figures, machine.describe()))
        report.put_into(PAGE, text)
        CHART.write_text(chart.draw(figures))


if __name__ == "__main__":
    main()
