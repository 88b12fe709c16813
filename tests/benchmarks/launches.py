"""Launches, copies and waits that a batch of anchors costs on a GPU: `python tests/benchmarks/launches.py`.

Prints, for a batch of four anchors of 192 x 352 with each network, launches, copies to the device and back, and times
that the CPU waits, counted on a simulated device (tests/made/simulated_device.py); and the operations launched most.
Random weights, the instances' boxes are drawn. The first batch of a size, which makes what is kept, is not counted.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.made.launches import CASES, count


def main() -> None:
    """Counts and prints."""
    print(f"{'a batch of four':<24}{'launches':>9}{'to GPU':>8}{'to CPU':>8}{'waits':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            counts, _ = count(case, Path(folder))
            numbers = (counts.launches, counts.to_device, counts.to_cpu, counts.waits)
            most = ", ".join(f"{number} {name}" for name, number in counts.operations.most_common(5))
            print(f"{case:<24}{numbers[0]:>9}{numbers[1]:>8}{numbers[2]:>8}{numbers[3]:>7}   {most}")


if __name__ == "__main__":
    main()
