"""The samples for clusters hold: their files are what Ray and Kubernetes take, their commands what `restore` takes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from pipelines.painting.device import DRIVERS
from restore.cli import main
from tests.made.archives import lines, reels
from tests.made.on_cluster import PATIENCE, free_ports
from tests.made.runs import Films

CLUSTER = Path(__file__).parents[2] / "samples" / "cluster"
JOB = {"entrypoint", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "rayClusterSpec"}
CLUSTER_SPEC = {"rayVersion", "enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"}
GROUP = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}
"""Of KubeRay's ray.io/v1, the fields in use."""


def load(name: str) -> Any:
    yaml = pytest.importorskip("yaml", reason="needs the extra ray")
    return yaml.safe_load((CLUSTER / name).read_text("utf-8"))


def commands() -> list[str]:
    """Every `restore archive` that a sample runs."""
    texts = [(CLUSTER / name).read_text("utf-8") for name in ("README.md", "rayjob.yaml")]
    return [found for text in texts for found in re.findall(r"(?:^|-- |entrypoint: )(restore archive .*)", text, re.M)]


def test_the_commands_are_ones_that_restore_takes() -> None:
    assert len(commands()) == 3
    for command in commands():
        name, *args = shlex.split(command)[1:]
        found = main.commands[name]
        context = found.make_context(name, args)
        assert isinstance(context, click.Context)
        assert context.params["gpus"] in (4, 8)


def test_the_clusters_have_the_gpus_that_the_commands_ask_for() -> None:
    gpu = load("cluster.yaml")["available_node_types"]["gpu"]
    assert gpu["min_workers"] * gpu["resources"]["GPU"] == 4
    groups = load("rayjob.yaml")["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    limits = [group["template"]["spec"]["containers"][0]["resources"]["limits"] for group in groups]
    gpus = [
        int(limit.get("nvidia.com/gpu", 0)) * group["minReplicas"] for limit, group in zip(limits, groups, strict=True)
    ]
    assert sum(gpus) == 4


def test_the_autoscaling_cluster_fits_rays_schema() -> None:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    import jsonschema

    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    config = load("cluster.yaml")
    jsonschema.validate(config, schema)
    types = config["available_node_types"]
    assert config["head_node_type"] in types
    assert sum(kind.get("max_workers", 0) for kind in types.values()) == config["max_workers"]


def test_the_rayjobs_fields_are_kuberays_and_its_pods_are_kubernetes() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="needs the extra dev")
    job = load("rayjob.yaml")
    cluster = job["spec"]["rayClusterSpec"]
    head, workers = cluster["headGroupSpec"], cluster["workerGroupSpecs"]
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert (job["spec"].keys(), cluster.keys()) == (JOB, CLUSTER_SPEC)
    for group in [head, *workers]:
        assert group.keys() <= GROUP
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        pod = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "a"}, "template": group["template"]}
        validate.validate(pod, validate.latest_version(), strict=True)
    for group in workers:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_all_machines_have_the_same_ray_and_the_same_image() -> None:
    base = re.search(r"^FROM rayproject/ray:([\d.]+)", (CLUSTER / "Dockerfile").read_text(), re.M)
    assert base is not None
    cluster = load("rayjob.yaml")["spec"]["rayClusterSpec"]
    assert cluster["rayVersion"] == base[1]
    images = set(
        re.findall(r"image: (\S+)", "".join((CLUSTER / n).read_text() for n in ("cluster.yaml", "rayjob.yaml")))
    )
    assert len(images) == 1


def test_pods_with_a_gpu_start_only_where_doctor_passes() -> None:
    groups = load("rayjob.yaml")["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    for container in (group["template"]["spec"]["containers"][0] for group in groups):
        has_gpu = "nvidia.com/gpu" in container["resources"]["limits"]
        assert ("startupProbe" in container) == has_gpu
        if has_gpu:
            assert container["startupProbe"]["exec"]["command"] == ["restore", "doctor"]


def test_the_image_asks_for_no_other_cuda_than_torch_brings() -> None:
    image = (CLUSTER / "Dockerfile").read_text()
    assert not re.search(r"^FROM .*cu\d+", image, re.M)
    assert re.search(r'^HEALTHCHECK .*CMD \["restore", "doctor"\]$', image, re.M)
    driver = re.search(r"their driver must be (\d+) or newer", image)
    assert driver is not None
    assert int(driver[1]) == DRIVERS[13]


@pytest.fixture
def head(tmp_path: Path) -> Iterator[str]:
    """Ray's head with its job server, on this machine; gives the server's address."""
    pytest.importorskip("ray", reason="needs the extra ray")
    pytest.importorskip("opencensus", reason="needs ray[default]")
    port, board, agent, grpc, client, metrics, environments = free_ports(7)
    folder = Path("/tmp") / f"ray-{os.getpid()}"  # a socket's path is at most 107 characters long
    command = [
        sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats",
        "--num-cpus=2", "--node-ip-address=127.0.0.1", f"--port={port}", f"--dashboard-port={board}",
        f"--dashboard-agent-listen-port={agent}", f"--dashboard-agent-grpc-port={grpc}",
        f"--ray-client-server-port={client}", f"--metrics-export-port={metrics}",
        f"--runtime-env-agent-port={environments}", f"--temp-dir={folder}", "--include-dashboard=true",
        f"--object-store-memory={100 << 20}",
    ]  # fmt: skip
    surroundings = os.environ | {"RAY_AUTH_MODE": "disabled"}
    with (tmp_path / "head.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=surroundings)
        try:
            for needed in (board, agent):  # a job that is posted before there is an agent fails
                wait_for(("127.0.0.1", needed), process, tmp_path / "head.log")
            yield f"http://127.0.0.1:{board}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def wait_for(address: tuple[str, int], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(address) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.mark.slow
def test_an_archive_runs_as_a_ray_job(films: Films, network: Path, tmp_path: Path, head: str) -> None:
    source, out = reels(films, tmp_path / "reels"), tmp_path / "out"
    restore = [sys.executable, "-c", "from restore.cli import main; main()"]
    command = [*restore, "archive", str(source), "--out", str(out), "--workers", "1", "--device", "cpu"]
    submit = [sys.executable, "-m", "ray.scripts.scripts", "job", "submit", "--address", head, "--"]
    job = subprocess.run(
        [*submit, *command, "--network", str(network)], capture_output=True, text=True, timeout=PATIENCE, check=False,
        env=os.environ | {"RAY_AUTH_MODE": "disabled"},
    )  # fmt: skip
    assert job.returncode == 0, job.stdout + job.stderr
    assert "3 restored, 0 failed" in job.stdout
    assert [row["status"] for row in lines(out)] == ["done"] * 3
