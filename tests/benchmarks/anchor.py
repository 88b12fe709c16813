"""CPU seconds and memory that an anchor takes: `OMP_NUM_THREADS=1 python tests/benchmarks/anchor.py NETWORK`.

Prints a line and writes nothing. One thread, random weights, at the network's own size and batch; the second of two
calls counts. A process for each network, as memory is its peak.
"""

import argparse
import resource
import time

import torch

from models.compact.fold import can_fold, folded
from models.kind import Kind
from models.network_input import NetworkInput
from models.networks import NETWORKS
from models.paint import paint
from pipelines.process import keep_freed_memory
from pipelines.settings import PaintSettings


def _made(kind: Kind) -> torch.nn.Module:
    with torch.device("meta"):
        network = kind.make({})
    network = network.to_empty(device="cpu")
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_(0, 0.01)
        else:
            tensor.zero_()
    network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return folded(network) if kind.is_folded and kind.in_bf16 and can_fold() else network


def _peak() -> float:
    """MiB that this process has taken at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@torch.inference_mode()
def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("network", choices=NETWORKS)
    name = parser.parse_args().network
    keep_freed_memory()
    torch.set_num_threads(1)
    kind, before = NETWORKS[name], _peak()
    batch, rows, none = kind.batch or PaintSettings.batch, kind.sees.rows, torch.zeros(0, 5)
    network, loaded = _made(kind), _peak()
    lightness = (torch.rand(batch, 1, rows, rows) * 100).to(memory_format=torch.channels_last)
    owners, classes = (torch.zeros(count, dtype=torch.int64) for count in (0, batch))
    inputs = NetworkInput(lightness, rows, none[:, :4], owners, none, 1.0, classes)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind.in_bf16):
        paint(kind, network, inputs)
        began = time.process_time()
        paint(kind, network, inputs)
    taken = (time.process_time() - began) / batch
    memory = f"{loaded - before:.0f} MiB loaded and {(_peak() - loaded) / batch:.0f} for each anchor of {batch}"
    print(f"{name}, {rows} rows: {taken:.2f} s of CPU an anchor, {memory}")


if __name__ == "__main__":
    main()
