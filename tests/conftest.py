"""What the tests of whole runs share."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import hypothesis
import pytest
import torch
from xdist.scheduler import LoadGroupScheduling

from pipelines.errors import FilmError
from pipelines.settings import Settings
from pipelines.training.examples import Sources
from restore.api import restore_film
from tests.made import training
from tests.made.evaluated import save_classifier, save_pictures
from tests.made.on_cluster import Nodes
from tests.made.runs import Films, Refuse, listing, save_random_network, small_settings

hypothesis.settings.register_profile("busy", deadline=None)  # a machine may stand still within any example
hypothesis.settings.load_profile("busy")


class ByFile(LoadGroupScheduling):  # type: ignore[misc]
    """Gives whole files to the processes of `-n`, since fixtures are a file's; groups stay together."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return group.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Of `-n`."""
    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that join the tests' cluster, so that `-m 'not ray'` starts no Ray.

    All tests with Ray run in one process: two clusters would find each other.
    """
    for item in items:
        if {"nodes", "head"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("ray")
        if item.get_closest_marker("ray"):
            item.add_marker(pytest.mark.xdist_group("ray"))


@pytest.fixture(autouse=True)
def _keep_signals() -> Iterator[None]:
    """A command takes SIGTERM for itself; the tests after it do not want that."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session", autouse=True)
def one_core() -> None:
    """Threads that wait for each other cost small pictures five times what they save."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that colour wildly and always the same."""
    return save_random_network(tmp_path_factory.mktemp("network") / "random.safetensors")


@pytest.fixture(scope="session")
def settings(network: Path) -> Settings:
    """The defaults, but small."""
    return small_settings(network)


@pytest.fixture
def small(network: Path) -> list[str]:
    """Options of a network that takes little time, on few anchors."""
    return ["--network", str(network), "--device", "cpu", "--anchors", "1"]


@pytest.fixture(scope="session")
def lossless(network: Path) -> Settings:
    """Small settings with a codec that changes no sample."""
    return small_settings(network, "ffv1")


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    """Drawn films and their results."""
    return Films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five pictures in colour, to measure networks on."""
    return save_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a classifier that knows nothing."""
    return save_classifier(tmp_path_factory.mktemp("classifier") / "classifier.safetensors")


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Drawn pictures with boxes, to learn from."""
    return training.draw_sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training runs are as small as can be."""
    training.narrow(monkeypatch)


@pytest.fixture
def refusal(settings: Settings, tmp_path: Path) -> Refuse:
    """Runs a film that must be refused with an error of just this kind, and gives the message."""

    def run(kind: type[FilmError], film: Path, out: Path | None = None, chosen: Settings | None = None) -> str:
        before = listing(tmp_path)
        with pytest.raises(FilmError) as caught:
            restore_film(film, out, chosen or settings)
        message = str(caught.value)
        assert type(caught.value) is kind, message
        assert message.splitlines() == [message]
        assert film.stem in message or (out is not None and out.name in message)
        assert listing(tmp_path) == before
        return message

    return run


@pytest.fixture(scope="session")
def nodes() -> Iterator[Nodes]:
    """A small cluster, for all tests that need one."""
    pytest.importorskip("ray", reason="needs the extra ray")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own
        cluster = Nodes()
    yield cluster
    cluster.close()
