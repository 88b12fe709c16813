"""A run of its own, to be killed: python child_run.py FILM OUT SETTINGS, the settings pickled."""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

from pipelines.film import Listener
from tests.made.runs import restore_heard

FRAME_SECONDS = 0.01
"""Waited at each frame, so that there is time to be killed in."""

if __name__ == "__main__":
    film, out, settings = map(Path, sys.argv[1:])
    slow = Listener(on_frame=lambda pts: time.sleep(FRAME_SECONDS))
    restore_heard(film, out, pickle.loads(settings.read_bytes()), listener=slow)
