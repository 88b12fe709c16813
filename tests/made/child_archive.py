"""An archive run of its own, to be killed: python child_archive.py FILMS OUT SETTINGS, the settings pickled."""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

from pipelines.archive.run import ArchiveListener
from tests.made.runs import archive_heard

FRAME_SECONDS = 0.01
"""Waited at each frame, so that there is time to be killed in."""

if __name__ == "__main__":
    films, out, settings = map(Path, sys.argv[1:])
    slow = ArchiveListener(on_frame=lambda task, pts: time.sleep(FRAME_SECONDS))
    archive_heard([films], out, pickle.loads(settings.read_bytes()), listener=slow)
