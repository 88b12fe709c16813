"""Interlaced film comes out of x264 with the same bytes, whatever the memory held before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.made import child_interlaced


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="MALLOC_PERTURB_ is glibc's")
def test_what_memory_held_before_changes_no_byte_of_interlaced_h264(tmp_path: Path) -> None:
    root, digests = Path(child_interlaced.__file__).parents[2], set()
    for fill in ("0", "85", "170", "200"):
        command = [sys.executable, child_interlaced.__file__, str(tmp_path / f"{fill}.mp4")]
        surroundings = os.environ | {"PYTHONPATH": str(root), "MALLOC_PERTURB_": fill}
        digests.add(subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True).stdout)
    assert len(digests) == 1
