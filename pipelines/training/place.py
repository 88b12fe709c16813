"""The place of a training run: never over its sources or another run's weights, and one run at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import OutputError
from pipelines.places import check_place, only_run
from pipelines.training.examples import Sources

SUFFIX = ".safetensors"


def checkpoint_of(out: Path) -> Path:
    """The checkpoint of the run that writes the weights `out`."""
    return out.with_suffix(".checkpoint")


def held_out_of(out: Path) -> Path:
    """The list of the pictures that this run holds out."""
    return out.with_suffix(".held-out")


@contextmanager
def own_place(out: Path, sources: Sources, start: Path | None, overwrite: bool) -> Iterator[None]:
    """Keeps the weights `out`, and what lies beside them, for the run in the block.

    Args:
        out: the weights; if they exist, a checkpoint beside them shows that a run goes on.
        sources: the pictures of the run.
        start: the weights that it starts from.
        overwrite: whether weights without a checkpoint are replaced.

    Raises:
        OutputError: the run cannot write there, or another one does.
    """
    if out.suffix.lower() != SUFFIX:  # with others two results would share a checkpoint
        raise OutputError(out, f"weights are {SUFFIX} files", f"name it {out.name}{SUFFIX} with -o")
    read = [path for paths in sources.paths.values() for path in paths] + ([start] if start else [])
    for written in (out, checkpoint_of(out), held_out_of(out)):
        if written.exists() and any(path.exists() and written.samefile(path) for path in read):
            raise OutputError(written, "is what the run reads, which is never written to", "name another file with -o")
    check_place(out, next(iter(read), out.parent), overwrite or checkpoint_of(out).exists())
    with only_run(out.with_name(f".{out.name}.lock"), out):
        yield
