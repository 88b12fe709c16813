"""The promises and speeds of a GPU, on one: `python -m tests.benchmarks.gpu [--budget 440] [--out FOLDER] [PART...]`.

Made for a machine that is lent for minutes: parts that would begin too late are left out, and each figure is printed
and appended to OUT/gpu.jsonl as soon as it is there. `--device cpu` rehearses all of it on the CPU, with small twins of
large networks; what only CUDA has is reported as skipped, and errors are injected in place of its own. The exit code is
1 where a promise does not hold. Parts, in this order:

- machine: card, driver, versions; what `restore doctor` says.
- equal: colours against the CPU's, as shipped (bf16) and in float32.
- same: the same bytes for a batch done twice, an anchor alone and in each place, whatever its neighbours, in another
  process, and with little memory left.
- memory: the limit lowered step by step: what is raised, and whether a batch is split once and then kept so.
- fault: a failed assertion on the device: the line that a user gets, and the run after it.
- speed: anchors a second by network, batch and precision; kernels that are launched, and how long the GPU is busy.
- film: frames a second of 1080p and how busy the GPU is: in this process, with `--gpus 1` and with `--workers`.
- encoders: x264 beside NVENC.
- feeding: the cores that feed this GPU with each network: anchors a second, times frames to an anchor, times CPU
  seconds of a frame; the film part measures the last two, else `restore.feeding` does.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

PARTS = ("machine", "equal", "same", "memory", "fault", "speed", "film", "encoders", "feeding")


def main() -> int:
    """Runs the parts that were asked for, and prints what they find."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when PyTorch is loaded
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="all, in this order: " + ", ".join(PARTS))
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu rehearses")
    parser.add_argument("--budget", type=float, default=440, help="seconds; what would begin later is left out")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "gpu")), help="folder of gpu.jsonl")
    parser.add_argument("--short", action="store_true", help="fewer networks, rounds and frames")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    from pipelines.painting.device import missing_cuda

    missing = missing_cuda() if asked.device == "cuda" else None
    if missing:
        parser.error(f"{missing}; --device cpu rehearses")
    return _run(asked)


def _run(asked: argparse.Namespace) -> int:
    from tests.benchmarks.gpu import colours, faults, films, speeds
    from tests.benchmarks.gpu.bench import Bench

    parts = {
        "machine": films.machine,
        "equal": colours.equal,
        "same": colours.same,
        "memory": faults.memory,
        "fault": faults.fault,
        "speed": speeds.speed,
        "film": films.film,
        "encoders": films.encoders,
        "feeding": speeds.feeding,
    }
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(asked.device, asked.budget, asked.out, Path(folder), asked.short, not asked.parts)
        for name in asked.parts or PARTS:
            bench.run(name, parts[name])
        bench.tell("end", failed=bench.failed)
    return bool(bench.failed)


if __name__ == "__main__":
    sys.exit(main())
