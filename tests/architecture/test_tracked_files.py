"""What `.gitignore` leaves out is in no commit."""

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="an unpacked archive has no index to look at")
def test_no_ignored_file_is_tracked() -> None:
    listed = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    tracked = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()
    assert tracked == [], "take it out with `git rm -r --cached`"
