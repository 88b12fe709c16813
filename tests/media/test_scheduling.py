"""An encoder leaves the scheduling of the process as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.media import scheduling

ROOT = Path(__file__).parents[2]

PRIORITIES = """
import os, pathlib, sys
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
sys.path.insert(0, ".")
from tests.made.encoding import encoded, made, smooth
form = made("av1")
def watched():
    for coloured in smooth(form, 2):
        print({os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")})
        yield coloured
encoded(form, watched(), pathlib.Path(sys.argv[1]))
print({os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")})
"""


@pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="scheduling is Linux's")
def test_the_encoder_of_av1_leaves_scheduling_as_it_was(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PRIORITIES, str(tmp_path / "segment")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:3] == [str({os.SCHED_OTHER})] * 3


@pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="scheduling is Linux's")
def test_threads_that_end_meanwhile_are_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / str(2**22 + 1)).mkdir()  # more than the number of any thread
    (tmp_path / str(os.getpid())).mkdir()
    monkeypatch.setattr(scheduling, "THREADS", tmp_path)
    before = os.sched_getscheduler(0)
    with scheduling.kept_scheduling():
        pass
    assert os.sched_getscheduler(0) == before
