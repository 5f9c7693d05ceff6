"""Figures as JSON, and as Markdown tables with ratios."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.figures import Figure

RATE = "per s"
OURS = ("ours", "ours, uvloop")


def as_json(figures: Sequence[Figure], machine: Mapping[str, str]) -> str:
    """Everything, for programs."""
    return json.dumps({"machine": machine, "figures": [figure.as_json() for figure in figures]}, indent=1) + "\n"


def as_markdown(figures: Sequence[Figure], machine: Mapping[str, str], took_s: float) -> str:
    """One table a case, ratios of ours to the others behind those that have rates."""
    parts = [f"- {name}: {text}" for name, text in machine.items()]
    parts += [f"- Measured in {took_s:.0f} s; the median of the rounds, loopback, mutual TLS.", ""]
    for case in dict.fromkeys(figure.case for figure in figures):
        rows = [figure for figure in figures if figure.case == case]
        parts += [f"### {case}", "", *_table(rows), ""]
        if RATE in rows[0].values and any(row.who not in OURS for row in rows):
            parts += ["Ratio of the rates:", "", *_ratios(rows), ""]
    return "\n".join(parts)


def put_into(page: Path, text: str) -> None:
    """Put the tables between the marks of the page."""
    begin, end = "<!-- figures -->\n", "<!-- end of figures -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{page} lacks its marks")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def _table(rows: Sequence[Figure]) -> list[str]:
    columns = list(dict.fromkeys(name for row in rows for name in row.values))
    lines = [_line("", "", *columns), _line("---", "---", *("---:" for _ in columns))]
    previous = ""
    for row in rows:
        values = (_shown(row.values[name]) if name in row.values else "" for name in columns)
        lines.append(_line(row.work if row.work != previous else "", row.who, *values))
        previous = row.work
    return lines


def _ratios(rows: Sequence[Figure]) -> list[str]:
    rates = {(row.work, row.who): row.values[RATE] for row in rows}
    others = [who for who in dict.fromkeys(row.who for row in rows) if not who.startswith("ours")]
    ours = [who for who in dict.fromkeys(row.who for row in rows) if who.startswith("ours")]
    lines = [_line("", "", *(f"to {other}" for other in others)), _line("---", "---", *("---:" for _ in others))]
    for work in dict.fromkeys(row.work for row in rows):
        lines += [_line(work, who, *(_ratio(rates, work, who, other) for other in others)) for who in ours]
    return lines


def _ratio(rates: Mapping[tuple[str, str], float], work: str, who: str, other: str) -> str:
    theirs = rates.get((work, other))
    return f"{rates[work, who] / theirs:.2f}" if theirs else ""


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _shown(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100 or value == 0:
        return f"{value:.0f}"
    return f"{value:.3g}"
