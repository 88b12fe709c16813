"""Classes of pictures come from folders or a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.media.labels import classes_by_folder, labels_of, read_classes
from tests.made.pictures import striped_pictures


def test_classes_come_from_folders_or_a_table(tmp_path: Path) -> None:
    found = classes_by_folder([striped_pictures(tmp_path / "p")])
    assert found["along3"] == "along"
    assert labels_of(found)["across1"] == 0
    with pytest.raises(ValueError, match="all pictures lie in one folder"):
        classes_by_folder([tmp_path / "p" / "along"])
    table = tmp_path / "classes.tsv"
    for header in ("", "key\tclass\n"):
        table.write_text(f"{header}along3\tstripes\nacross1\tbars\n")
        assert read_classes(table) == {"along3": "stripes", "across1": "bars"}
    table.write_text("along3\tstripes\nacross1\n")
    with pytest.raises(ValueError, match="line 2: a line must be a key and a class"):
        read_classes(table)
