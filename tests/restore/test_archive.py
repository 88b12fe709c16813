"""`restore archive` as a person types it."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restore.cli import main
from tests.made.archives import BAD, GOOD, kept, lines, reels, results, small
from tests.made.runs import Films


@pytest.fixture
def source(films: Films, tmp_path: Path) -> Path:
    return reels(films, tmp_path / "reels", bad=True)


def archive(network: Path, *args: str | Path) -> Result:
    options = ("--network", str(network), "--device", "cpu", "--steady", "0")
    return CliRunner().invoke(main, ["archive", *map(str, args), *options])


def test_it_restores_reports_and_exits_1_where_a_film_failed(source: Path, network: Path, tmp_path: Path) -> None:
    result = archive(network, source, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert len(results(tmp_path / "out")) == len(GOOD)
    assert len(re.findall(r"^failed: ", result.stderr, re.MULTILINE)) == len(BAD)
    assert "done: a.mp4 -> a.restored.mp4, 24 frames" in result.stdout
    assert result.stdout.splitlines()[-1] == f"3 restored, {len(BAD)} failed; {tmp_path}/out/report.html"
    again = archive(network, source, "--out", tmp_path / "out")
    assert again.exit_code == 1
    assert again.stdout.startswith(
        f"0 to restore, 3 done already, {len(BAD)} failed before (--retry-failed tries them again)"
    )


def test_it_exits_0_where_every_film_is_restored(source: Path, network: Path, tmp_path: Path) -> None:
    result = archive(network, source / "a.mp4", source / "b" / "c.mkv", "--out", tmp_path / "out", "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_it_says_how_many_films_are_left_out_as_results(source: Path, network: Path, tmp_path: Path) -> None:
    (source / "a.mp4").rename(source / "a.restored.mp4")
    result = archive(network, source, "--out", tmp_path / "out", "--dry-run")
    assert result.stdout.splitlines()[0].endswith(" to restore, 1 left out, named *.restored.* as results are")


def test_a_dry_run_tells_size_length_and_time_and_writes_nothing(source: Path, network: Path, tmp_path: Path) -> None:
    before = kept(tmp_path)
    result = archive(network, source, "--out", tmp_path / "out", "--dry-run", "--rate", "3600")
    assert result.exit_code == 1
    assert kept(tmp_path) == before
    assert not (tmp_path / "out").exists()
    *told, total = result.stdout.splitlines()[1:]
    films = [line for line in told if " kB  " in line]
    sizes = [float(line.split()[0]) for line in films]
    assert sizes == sorted(sizes, reverse=True)
    at = next(n for n, line in enumerate(told) if re.search(r"kB  00:00:01\.000  about 00:\d\d:\d\d  a\.mp4$", line))
    assert re.fullmatch(r" +-> a\.restored\.mp4: h264 8 bits in mp4, about \d+ kB", told[at + 1])
    assert any("would fail: b/empty.mp4: the file is empty; copy it again" in line for line in films)
    failing = sum("about" not in line for line in films)
    assert failing > 1
    assert re.fullmatch(
        rf"{len(GOOD) + len(BAD) - failing} films, 0\.00 GB, 00:00:0\d\.\d{{3}} of film, "
        r"about 00:\d\d:\d\d on this machine \(\d\.\d\d machine hours, [\d.]+ at 3600 an hour\), "
        rf"results about 0\.00 GB; {failing} would fail",
        total,
    ), total


def test_a_dry_run_says_what_the_run_does_then(source: Path, network: Path, tmp_path: Path) -> None:
    """Damage away from a film's middle aside, which is found where all is decoded."""
    result = archive(network, source, "--out", tmp_path / "out", "--dry-run", "--json")
    (plan,) = map(json.loads, result.stdout.splitlines())
    foretold = {film["place"]: film["out"] for film in plan["todo"]}
    archive(network, source, "--out", tmp_path / "out")
    rows = {row["place"]: row for row in lines(tmp_path / "out")}
    assert {place for place, out in foretold.items() if out is None} == BAD.keys() - {"short.mpg"}
    for place in GOOD:
        assert rows[place]["out"] == foretold[place]
    again = archive(network, source, "--out", tmp_path / "out", "--dry-run")
    assert again.exit_code == 1
    assert again.stdout.count("failed before: ") == len(BAD)


def test_a_dry_run_tells_of_a_span_with_nothing_in_it(films: Films, network: Path, tmp_path: Path) -> None:
    source = reels(films, tmp_path / "reels")
    result = archive(network, source, "--out", tmp_path / "out", "--dry-run", "--start", "5")
    assert "--start 00:00:05.000 lies after the film's end (00:00:01.500); choose an earlier time" in result.stdout
    assert result.exit_code == 1, result.output
    told = "; choose an earlier time"
    assert result.stdout.count(told) == len(GOOD)
    assert result.stdout.splitlines()[-1].startswith("0 films, ")
    assert result.stdout.endswith(f"; {len(GOOD)} would fail\n")
    assert archive(network, source, "--out", tmp_path / "out", "--start", "5").stderr.count(told) == len(GOOD)


def test_a_dry_run_tells_of_a_file_in_a_results_place_as_the_run_does(
    films: Films, network: Path, tmp_path: Path
) -> None:
    source, out = reels(films, tmp_path / "reels"), tmp_path / "out"
    (out / "b").mkdir(parents=True)
    (out / "a.restored.mp4").write_bytes(b"mine")
    (out / "b" / "c.restored.mp4").write_bytes(b"of none of them: the film is a .mkv")
    told = "a.restored.mp4 exists already, and no record tells how it was made; --overwrite replaces it, "
    foretold = archive(network, source, "--out", out, "--dry-run").stdout
    assert f"  would fail: a.mp4: {told}" in foretold
    assert (foretold.count("exists already"), foretold.count("  about 00:")) == (1, len(GOOD) - 1)
    assert "exists already" not in archive(network, source, "--out", out, "--dry-run", "--overwrite").stdout
    assert f"failed: a.mp4: {told}" in archive(network, source, "--out", out).stderr


def test_json_tells_each_step_in_a_line(source: Path, network: Path, tmp_path: Path) -> None:
    result = archive(network, source, "--out", tmp_path / "out", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    kinds = [event["event"] for event in events if event["event"] != "progress"]
    assert (kinds[0], kinds[-1]) == ("start", "done")
    begun = len(GOOD) + 2  # two of the bad ones are damaged further on
    assert (kinds.count("film"), kinds.count("ended")) == (begun, len(GOOD) + len(BAD))
    assert {event["what"] for event in events if event.get("status") == "failed"} >= {"the file is empty"}
    assert (events[-1]["restored"], events[-1]["failed"]) == (3, len(BAD))


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("lost", "--out", "out"), "lost: no such file or folder"),
        (("reels/a.mp4", "reels/a.mp4", "--out", "out"), "would both be a.mp4"),
        (("reels", "--out", "out", "--crf", "99"), "crf of keep must be 0 to 51"),
        (("reels", "--out", "out", "--columns", "crf"), "--columns: crf is not a column of your own"),
        (("reels", "--out", "out", "--include", "*.ogv"), "--include and --exclude: leave none of 13 films"),
        (("reels",), "Missing option '--out'"),
        (("reels", "--out", ""), "--out: names no folder; give one"),
        (("reels", "--out", "reels/a.mp4"), "reels/a.mp4: is no folder: "),
        (("reels", "--out", "reels/a.mp4/out"), "reels/a.mp4 is none; name another folder with --out"),
        (("reels", "--out", "reels/gone.mov"), "is no folder: "),
        (("--out", "out"), "Missing argument 'IN...'"),
    ],
)
def test_wrong_usage_is_reported_before_anything_is_done(
    source: Path, network: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], what: str
) -> None:
    monkeypatch.chdir(source.parent)
    result = archive(network, *args)
    assert result.exit_code == 2
    assert what in result.stderr
    assert not Path("out").exists()


def test_a_network_that_is_not_there_is_reported_before_anything_is_done(source: Path, tmp_path: Path) -> None:
    result = archive(tmp_path / "lost.safetensors", source, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "lost.safetensors" in result.stderr
    assert not (tmp_path / "out").exists()


def test_without_ray_a_pool_is_refused_in_one_line(
    source: Path, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pipelines.on_ray.cluster", None)  # importing it fails
    for dry in ([], ["--dry-run"]):
        result = archive(network, source, "--out", tmp_path / "out", "--workers", "2", *dry)
        assert (result.exit_code, result.output.splitlines()[-1].rpartition("; ")[2]) == (2, "pip install ray")


@pytest.mark.parametrize("folder", [".", "link"])
def test_a_result_never_takes_the_place_of_a_film_of_the_run(
    source: Path, network: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(source)
    Path("link").symlink_to(".", target_is_directory=True)
    Path("wanted.csv").write_text(f"film,out\na.mp4,{folder}/b/c.mkv\nb/c.mkv,b/other.mkv\n")
    before = kept(source)
    result = archive(network, "wanted.csv", "--out", ".", "--overwrite")
    assert result.exit_code == 2
    assert "a.mp4: its result would be " in result.stderr
    assert "and that is a film of this run (b/c.mkv)" in result.stderr
    assert kept(source) == before


@pytest.mark.parametrize(
    ("first", "second"),
    [("x.mp4", "x.mp4"), ("x.mp4", "./x.mp4"), ("", "a.restored.mp4"), ("x.mp4", "link/x.mp4")],
)
def test_two_films_that_would_have_one_result_are_refused(
    source: Path, network: Path, tmp_path: Path, first: str, second: str
) -> None:
    out, manifest = tmp_path / "out", tmp_path / "wanted.csv"
    out.mkdir()
    (out / "link").symlink_to(out, target_is_directory=True)
    manifest.write_text(f"film,out\nreels/a.mp4,{first}\nreels/b/d.mov,{second}\n")
    result = archive(network, manifest, "--out", out)
    assert result.exit_code == 2
    assert re.search(r"reels/a\.mp4 and \S+reels/b/d\.mov: would both become \S+\.mp4; name `out`", result.stderr)
    assert not (out / ".restore").exists() or not list((out / ".restore").rglob("*.json"))


@pytest.mark.parametrize(
    ("second", "named", "what"),
    [
        ("A.mp4", False, "reels/A.mp4 and reels/a.mp4: differ only in the case of letters, which out ignores; rename"),
        ("A.mp4", True, "reels/A.mp4 and reels/a.mp4: differ only in the case of letters, which out ignores; rename"),
        ("x.mp4", True, "reels/a.mp4 and reels/x.mp4: would both become out/one.mp4; name `out`"),
        ("A.mov", False, ""),
    ],
)
def test_two_films_whose_names_are_one_where_results_go_are_refused(
    source: Path, network: Path, monkeypatch: pytest.MonkeyPatch, second: str, named: bool, what: str
) -> None:
    monkeypatch.chdir(source.parent)
    small(Path("reels", second))
    films = sorted(("a.mp4", second))
    rows = (f"reels/{film},{name if named else ''}\n" for film, name in zip(films, ("One.mp4", "one.mp4"), strict=True))
    Path("wanted.csv").write_text("film,out\n" + "".join(rows))
    Path("out", ".restore").mkdir(parents=True)
    result = archive(network, "wanted.csv", "--out", "out", "--dry-run")
    assert result.exit_code == 0  # the names are two on this file system
    Path("out", ".RESTORE").symlink_to(".restore")  # as one looks that ignores case
    result = archive(network, "wanted.csv", "--out", "out")
    assert (result.exit_code, what in result.stderr) == (2 if what else 0, True)
    assert what or results(Path("out")) == ["A.mov.restored.mov", "a.mp4.restored.mp4"]


def test_a_film_whose_name_leaves_no_room_for_its_results_stops_no_other(network: Path, tmp_path: Path) -> None:
    source, long = tmp_path / "reels", f"{'f' * 250}.mp4"
    source.mkdir()
    small(source / "good.mp4")
    small(source / long, frames=48)
    for reason in ("its name is too long; --out or a manifest's `out` names another", "1 failed before"):
        result = archive(network, source, "--out", tmp_path / "out")
        assert result.exit_code == 1
        assert reason in result.output
    assert [(row["place"], row["status"]) for row in lines(tmp_path / "out")] == [
        (long, "failed"),
        ("good.mp4", "done"),
    ]


def test_what_to_do_about_a_result_that_is_a_folder_names_options_that_there_are(
    source: Path, network: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / "a.restored.mp4").mkdir(parents=True)
    result = archive(network, source / "a.mp4", "--out", tmp_path / "out")
    assert "a.mp4: is a folder; name a file with --out or a manifest's `out`\n" in result.stderr


@pytest.mark.parametrize("is_film", [True, False])
def test_a_film_whose_name_is_not_utf8_is_one_like_others(network: Path, tmp_path: Path, is_film: bool) -> None:
    source, out = tmp_path / "reels", tmp_path / "out"
    name = os.fsdecode(b"bad\xff.mp4")
    source.mkdir()
    small(source / "good.mp4")
    if is_film:
        small(source / name)
    else:
        (source / name).write_bytes(b"")
    for options in ((), ("--json",)):
        result = archive(network, source, "--out", out, *options)
        assert result.exit_code == (0 if is_film else 1), result.output
    assert (out / os.fsdecode(b"bad\xff.restored.mp4")).exists() == is_film
    assert (out / "good.restored.mp4").exists()
    assert {row["place"] for row in lines(out)} == {"good.mp4", name}
    assert "bad?.mp4" in (out / "report.html").read_text("utf-8")
