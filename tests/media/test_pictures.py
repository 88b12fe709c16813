"""Training pictures are read alike from folders, zip files and shards; what is wrong with one is told in one line."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch.utils.data import ConcatDataset, DataLoader

from pipelines.media.pictures import Picture, Pictures, read_boxes

Write = Callable[[Path, Mapping[str, bytes]], Path]


def drawn(seed: int, height: int = 12, width: int = 16) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(picture: Picture, suffix: str = ".png") -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, Image.registered_extensions()[suffix])
    return file.getvalue()


def folder(path: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def archive(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path.with_suffix(".zip")


def shard(path: Path, files: Mapping[str, bytes], mode: str = "w", suffix: str = ".tar") -> Path:
    with tarfile.open(path.with_suffix(suffix), mode) as out:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return path.with_suffix(suffix)


SOURCES = (folder, archive, shard)
NAMES = ("000000.png", "000001.png", "more/000002.png")
FILES = {name: encoded(drawn(seed)) for seed, name in enumerate(NAMES)}


@pytest.mark.parametrize("write", SOURCES)
def test_gives_the_pictures_in_order_of_their_names(write: Write, tmp_path: Path) -> None:
    source = write(tmp_path / "train", dict(reversed(FILES.items())) | {"000000.json": b"{}", "about.txt": b""})
    pictures = Pictures([source])
    assert pictures.keys == [(source, name) for name in NAMES]
    assert len(pictures) == 3
    for seed, picture in enumerate(pictures):
        assert np.array_equal(picture, drawn(seed))


def test_sources_follow_each_other(tmp_path: Path) -> None:
    sources = [write(tmp_path / "train", FILES) for write in SOURCES]
    pictures = Pictures(sources)
    assert [path for path, _ in pictures.keys[::3]] == sources
    assert all(np.array_equal(pictures[i], pictures[i % 3]) for i in range(9))


def test_keys_can_be_chosen_from(tmp_path: Path) -> None:
    pictures = Pictures([shard(tmp_path / "train", FILES)])
    pictures.keys = pictures.keys[1:2]
    assert len(pictures) == 1
    assert np.array_equal(pictures[0], drawn(1))


@pytest.mark.parametrize("suffix", [".avif", ".jpg", ".webp", ".tiff", ".bmp"])
def test_reads_other_formats(suffix: str, tmp_path: Path) -> None:
    smooth = np.linspace(0, 255, 32 * 48 * 3).reshape(32, 48, 3).astype(np.uint8)
    picture = Pictures([folder(tmp_path, {"picture" + suffix.upper(): encoded(smooth, suffix)})])[0]
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(float) - smooth).mean() < 5


def test_gray_and_transparent_pictures_become_rgb(tmp_path: Path) -> None:
    for mode in ("L", "P", "LA", "RGBA", "1"):
        Image.new(mode, (5, 4)).save(tmp_path / f"{mode}.png")
    assert {picture.shape for picture in Pictures([tmp_path])} == {(4, 5, 3)}


def test_masks_in_a_shard_are_no_pictures(tmp_path: Path) -> None:
    masks = {name.replace(".png", ".mask.png"): data for name, data in FILES.items()}
    assert len(Pictures([shard(tmp_path / "train", FILES | masks)])) == 3


@pytest.mark.parametrize("write", SOURCES)
def test_worker_processes_read_what_this_process_reads(write: Write, tmp_path: Path) -> None:
    pictures = Pictures([write(tmp_path / "train", {f"{i:06d}.png": encoded(drawn(i)) for i in range(24)})])
    here = list(pictures)  # opens what the workers then inherit
    loader: DataLoader[Picture] = DataLoader(ConcatDataset([pictures, pictures]), batch_size=None, num_workers=2)  # type: ignore[list-item]
    for i, picture in enumerate(loader):
        assert np.array_equal(picture, here[i % 24])


def refusal(source: Path) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        list(Pictures([source]))
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert message.startswith(str(source))
    return message


@pytest.mark.parametrize("write", SOURCES)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".avif", ".webp", ".tiff", ".bmp"])
def test_damaged_picture_is_named(write: Write, suffix: str, tmp_path: Path) -> None:
    whole = encoded(drawn(0, 40, 40), suffix)
    for kind, data in {"empty": b"", "cut": whole[: len(whole) // 2], "noise": b"noise" * 100}.items():
        source = write(tmp_path / kind, {"000000.png": FILES[NAMES[0]], f"000001{suffix}": data})
        assert f", 000001{suffix}: " in refusal(source)


def test_damage_in_a_zip_file_is_named(tmp_path: Path) -> None:
    source = archive(tmp_path / "train", FILES)
    data = bytearray(source.read_bytes())
    data[200:300] = bytes(100)
    source.write_bytes(data)
    assert ", 000000.png: " in refusal(source)


@pytest.mark.parametrize("write", SOURCES)
def test_source_without_pictures_is_refused(write: Write, tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    assert "no pictures in it; it must hold .avif, " in refusal(write(tmp_path / "train", {"about.txt": b""}))


def test_missing_source_is_refused(tmp_path: Path) -> None:
    assert "no such file or folder" in refusal(tmp_path / "train.zip")


@pytest.mark.parametrize("data", [b"", b"text", FILES[NAMES[0]]], ids=["empty", "text", "picture"])
def test_other_files_are_refused(data: bytes, tmp_path: Path) -> None:
    source = tmp_path / "train.tar"
    source.write_bytes(data)
    assert "give a folder, a zip file or an uncompressed tar file of pictures" in refusal(source)


def test_compressed_shard_is_refused(tmp_path: Path) -> None:
    assert "an uncompressed tar file" in refusal(shard(tmp_path / "train", FILES, "w:gz", ".tar.gz"))


def test_shard_cut_short_is_refused(tmp_path: Path) -> None:
    source = shard(tmp_path / "train", FILES | {"000000.png": encoded(drawn(0, 200, 200))})
    source.write_bytes(source.read_bytes()[:100_000])
    refusal(source)


# Boxes


def boxes_file(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_reads_boxes_by_key(tmp_path: Path) -> None:
    rows = [[0.25, 0, 1, 0.5, 16, 0.75], [0, 0.125, 0.5, 1, 0, 1]]
    lines = [json.dumps({"key": "000007", "boxes": rows}), json.dumps({"key": "000009", "boxes": []})]
    boxes = read_boxes(boxes_file(tmp_path / "boxes.jsonl", *lines))
    assert list(boxes) == ["000007", "000009"]
    assert boxes["000007"].tolist() == rows
    assert {(found.dtype, found.shape) for found in boxes.values()} == {
        (np.dtype(np.float32), (2, 6)),
        (np.dtype(np.float32), (0, 6)),
    }


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        '{"key": "000001"}',
        '{"boxes": []}',
        '{"key": 1, "boxes": []}',
        '{"key": "000000", "boxes": []}',
        '{"key": "000001", "boxes": 3}',
        '{"key": "000001", "boxes": {"person": 1}}',
        '{"key": "000001", "boxes": [[0, 0, 1, 1, 0]]}',
        '{"key": "000001", "boxes": [[0, 0, 1, 1, 0], [0, 0, 1, 1, 0, 1, 1]]}',
        '{"key": "000001", "boxes": [[0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1], []]}',
        '{"key": "000001", "boxes": [[0, 0, 1, 1, "person", 1]]}',
        '{"key": "000001", "boxes": [[0, 0, 320, 240, 0, 1]]}',
        '{"key": "000001", "boxes": [[0.5, 0, 0.5, 1, 0, 1]]}',
        '{"key": "000001", "boxes": [[0, NaN, 1, 1, 0, 1]]}',
        '{"key": "000001", "boxes": [[0, 0, 1, 1, 0.5, 1]]}',
        '{"key": "000001", "boxes": [[0, 0, 1, 1, 0, 90]]}',
    ],
)
def test_wrong_line_of_boxes_is_named(line: str, tmp_path: Path) -> None:
    path = boxes_file(tmp_path / "boxes.jsonl", '{"key": "000000", "boxes": []}', line)
    with pytest.raises(ValueError, match="line 2: ") as caught:
        read_boxes(path)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert message.startswith(f"{path}, line 2: ")
