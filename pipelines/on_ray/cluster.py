"""The cluster that this process works with, and how its answers are read."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayError, RayTaskError

from pipelines.errors import SettingsError


@contextmanager
def cluster(address: str = "", *, log_to_driver: bool = False) -> Iterator[None]:
    """Ray, for as long as it is needed: the cluster at `address`, or one of this machine alone, which ends with it.

    Where this process is in a cluster already, that is the one.

    Args:
        address: HOST:PORT; empty or "local": this machine alone.
        log_to_driver: whether this process prints what others print, and what Ray says of them.

    Raises:
        SettingsError: no cluster answers there, or Ray does not start here.
    """
    if ray.is_initialized():
        yield
        return
    with ExitStack() as stack:
        if not log_to_driver:
            stack.enter_context(_worker_deaths_left_to_the_logs())
        _join("" if address == "local" else address, log_to_driver)
        stack.callback(ray.shutdown)
        yield


def _join(address: str, log_to_driver: bool) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    how: dict[str, Any] = {"address": address} if address else {"address": "local", "include_dashboard": False}
    level = logging.INFO if log_to_driver else logging.ERROR
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what Ray will change
        try:
            ray.init(**how, log_to_driver=log_to_driver, logging_level=level)
        except Exception as error:  # a bare one where Ray's own processes do not start in time
            raise _not_there(address, error) from error


@contextmanager
def _worker_deaths_left_to_the_logs() -> Iterator[None]:
    """Keeps Ray from printing on stdout, amid the progress, that a worker died; it has no option for that."""
    prints = ray._private.worker.print_to_stdstream
    ray._private.worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        ray._private.worker.print_to_stdstream = prints


def _not_there(address: str, error: Exception) -> SettingsError:
    if address:
        what = f"no Ray cluster answers at {address} ({reason_of(error)})"
        return SettingsError("--address or RAY_ADDRESS", what, "start one with `ray start --head`, or leave it out")
    what = f"Ray did not start on this machine ({reason_of(error)})"
    return SettingsError("--gpus, --workers", what, "try again when it is less busy, or leave them out")


def in_cluster(resource: str) -> int:
    """How many "CPU" or "GPU" the cluster has."""
    return int(ray.cluster_resources().get(resource, 0))  # type: ignore[no-untyped-call]


def machines() -> int:
    """How many machines the cluster has now."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return sum(bool(node["Alive"]) for node in nodes)


def get(result: Any) -> Any:
    """The result of a remote call.

    Raises:
        Exception: the very error that the call raised.
    """
    try:
        return ray.get(result)
    except RayTaskError as error:
        # each would hold the other, and with them this process's frames and the pool in these
        cause, error.cause = error.cause, None
        try:
            raise cause from error.with_traceback(None)
        finally:
            del cause
    except RayError as error:
        # Ray's frames hold the error that holds them, and with them ours and the results these hold: until Python looks
        # for such circles, which it does not in a process that has nothing more to do
        raise error.with_traceback(None) from None


def answered(results: list[Any]) -> set[Any]:
    """Those of the results that are there, or will never be."""
    return set(ray.wait(results, num_returns=len(results), timeout=0, fetch_local=False)[0]) if results else set()


def reason_of(error: Exception) -> str:
    """Ray's own words, in one line: the last says most of an error in a constructor, else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return (lines[-1] if isinstance(error, ActorDiedError) else lines[0]).rstrip(".")
