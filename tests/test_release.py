"""A release: what it is made of, and the files that others' machines read to make and to run it."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DOCKERFILES = ("Dockerfile", "samples/cluster/Dockerfile")
SCHEMAS = {
    "github-workflows": sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    "github-issue-forms": [ROOT / ".github" / "ISSUE_TEMPLATE" / name for name in ("film-fails.yml", "idea.yml")],
    "github-issue-config": [ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml"],
    "citation-file-format": [ROOT / "CITATION.cff"],
}
"""Schemas that check-jsonschema brings, and the files that must fit them."""


def ran(*command: str | Path) -> str:
    """What a command prints; it must end well."""
    run = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, the wheel made of it, and in `direct` the wheel made of the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation")
    ran(*build, "--outdir", folder)
    ran(*build, "--outdir", folder / "direct", "--wheel")
    return folder


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
def test_the_sdist_gives_the_wheel_that_the_checkout_gives(built: Path) -> None:
    assert wheel_in(built).read_bytes() == wheel_in(built / "direct").read_bytes()


@pytest.mark.slow
def test_the_wheel_has_the_network_and_neither_tests_nor_samples(built: Path) -> None:
    with zipfile.ZipFile(wheel_in(built)) as wheel:
        names = wheel.namelist()
    info = f"restore_film-{PROJECT['version']}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"models", "pipelines", "restore", info}
    assert "models/weights/compact.safetensors" in names


@pytest.mark.slow
def test_the_sdist_has_all_that_its_tests_read(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/test_release.py", ".github/workflows/test.yml", ".ci/check_sample.py", *DOCKERFILES} <= names


@pytest.mark.slow
def test_the_index_would_take_both(built: Path) -> None:
    ran(sys.executable, "-m", "twine", "check", "--strict", *built.glob("*.*"))


def test_the_version_stands_in_one_place() -> None:
    version = re.escape(PROJECT["version"])
    places = [ROOT / "CITATION.cff", ROOT / "Dockerfile", ROOT / "README.md", *(ROOT / ".github").rglob("*.yml")]
    places += [path for room in ("restore", "pipelines", "models") for path in (ROOT / room).rglob("*.py")]
    assert [path for path in places if re.search(rf"(?<![\d.]){version}(?![\d.])", path.read_text("utf-8"))] == []


def test_the_papers_that_documents_name_can_be_cited() -> None:
    science = (ROOT / "docs" / "science.md").read_text("utf-8")
    section = science.partition("\n## Four papers\n")[2].partition("\n## ")[0]
    named = re.findall(r"\n### .*\n\n.*\[arXiv ([\d.]+)\]", section)
    references = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["references"]
    cited = [number["value"].removeprefix("arXiv:") for each in references for number in each["identifiers"]]
    assert cited == named
    assert len(named) == 4


def test_samples_name_the_image_of_this_version() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "samples" / "cluster").iterdir()]
    assert set(re.findall(r"registry\.example\.org/restore:(\S+)", "".join(texts))) == {PROJECT["version"]}


@pytest.mark.slow
@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_for_github_fit_its_schemas(schema: str) -> None:
    assert SCHEMAS[schema]
    ran(TOOLS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *SCHEMAS[schema])


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_dockerfiles_pass_hadolint(dockerfile: str) -> None:
    hadolint = TOOLS / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint comes with the extra dev on Linux alone")
    ran(hadolint, dockerfile)


def test_workflows_run_the_commands_that_there_are() -> None:
    """Paths in commands of workflows lie in the project."""
    text = "".join(path.read_text("utf-8") for path in SCHEMAS["github-workflows"])
    named = set(re.findall(r"(?:source/)?((?:\.ci|samples)/[\w./]+)", text))
    assert named == {".ci/run", ".ci/check_sample.py", "samples/newsreel.mp4"}
    assert [name for name in named if not (ROOT / name).exists()] == []
