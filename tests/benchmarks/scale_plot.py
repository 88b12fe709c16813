"""Draws what `scale.py segments` has measured: `python tests/benchmarks/scale_plot.py FIGURES.jsonl docs/scale.svg`."""

import json
import math
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, BASE = 640, 300, 60, 250
MOST_WORKERS = 64


def across(workers: float) -> float:
    """Where so many workers lie, on a scale of doublings."""
    return LEFT + (WIDTH - LEFT - 30) * math.log2(workers) / math.log2(MOST_WORKERS)


def up(efficiency: float) -> float:
    """Where an efficiency lies, from 0 to 1."""
    return BASE - (BASE - 30) * efficiency


def drawn(rows: list[dict[str, float]]) -> str:
    """A picture of efficiency by workers, in SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for level in (0, 0.25, 0.5, 0.75, 1):
        parts.append(f'<path d="M{LEFT} {up(level):.0f}H{WIDTH - 30}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{up(level) + 4:.0f}" text-anchor="end">{level:g}</text>')
    for workers in (1, 2, 4, 8, 16, 32, 64):
        parts.append(f'<text x="{across(workers):.0f}" y="{BASE + 20}" text-anchor="middle">{workers}</text>')
    points = [(across(row["workers"]), up(row["efficiency"])) for row in rows]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#1565c0" stroke-width="2"/>')
    for (x, y), row in zip(points, rows, strict=True):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1565c0"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{row["efficiency"]:.2f}</text>')
    said = "simulated workers; efficiency, 1 is linear"
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{said}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main(figures: Path, to: Path) -> None:
    """Draws the valid rows."""
    rows = [json.loads(line) for line in figures.read_text("utf-8").splitlines() if line.startswith("{")]
    to.write_text(drawn([row for row in rows if row["what"] == "segments" and row["is valid"]]), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
