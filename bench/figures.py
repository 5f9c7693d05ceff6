"""What a case reports, and the middle of several rounds."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One row of a table: what was done, by whom, and the values by the name of their column, unit included."""

    case: str
    work: str
    who: str
    values: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """For the result file."""
        return asdict(self)


def middle(rounds: Iterable[Figure]) -> list[Figure]:
    """One figure for each row that was measured several times, with the median of each value; order stays."""
    rows: dict[tuple[str, str, str], list[Figure]] = {}
    for figure in rounds:
        rows.setdefault((figure.case, figure.work, figure.who), []).append(figure)
    return [
        Figure(*key, {name: median(figure.values[name] for figure in figures) for name in figures[0].values})
        for key, figures in rows.items()
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """The value that ``share`` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
