"""Draws the chart of docs/performance.md: rates of streams, one group of bars a message size."""

from collections.abc import Sequence
from math import ceil, log10

from bench.figures import Figure

CASE, RATE = "stream", "per s"
COLOURS = {
    "ours": "#0b6e4f",
    "ours, uvloop": "#16a077",
    "ours, objects read": "#8fcfb4",
    "grpclib + betterproto": "#c0392b",
    "grpc.aio + protobuf": "#e08e45",
    "asyncio TLS, batched": "#9aa5b1",
}
WIDTH, HEIGHT = 720, 360
LEFT, TOP, BOTTOM = 70, 50, 300
BAR, GAP = 30, 34
LOWEST = 100.0


def draw(figures: Sequence[Figure]) -> str:
    """The SVG; the scale is logarithmic."""
    rates = {(figure.work, figure.who): figure.values[RATE] for figure in figures if figure.case == CASE}
    works = list(dict.fromkeys(work for work, _ in rates))
    highest = 10.0 ** ceil(log10(max(rates.values())))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15">Messages a second at the subscriber, mutual TLS (logarithmic)</text>',
    ]
    for exponent in range(int(log10(LOWEST)), int(log10(highest)) + 1):
        y = _height(10.0**exponent, highest)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.0f}" y2="{y:.0f}" stroke="#dde2e7"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{10**exponent:,}</text>')
    x = LEFT + GAP / 2
    for work in works:
        middle = x + BAR * len(COLOURS) / 2
        parts.append(f'<text x="{middle:.0f}" y="{BOTTOM + 16}" text-anchor="middle">{work}</text>')
        for who, colour in COLOURS.items():
            rate = rates.get((work, who))
            if rate:
                y = _height(rate, highest)
                parts.append(
                    f'<rect x="{x:.0f}" y="{y:.0f}" width="{BAR - 3}" height="{BOTTOM - y:.0f}" fill="{colour}">'
                    f"<title>{who}, {work}: {rate:,.0f} a second</title></rect>"
                )
            x += BAR
        x += GAP
    for number, (who, colour) in enumerate(COLOURS.items()):
        column, row = number % 3, number // 3
        at, y = LEFT + column * 210, BOTTOM + 32 + row * 18
        parts.append(f'<rect x="{at}" y="{y - 10}" width="11" height="11" fill="{colour}"/>')
        parts.append(f'<text x="{at + 16}" y="{y}">{who}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _height(rate: float, highest: float) -> float:
    share = (log10(max(rate, LOWEST)) - log10(LOWEST)) / (log10(highest) - log10(LOWEST))
    return BOTTOM - share * (BOTTOM - TOP)
