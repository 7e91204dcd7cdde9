"""Where the programs that come with the `embedded` extra lie."""

import shutil
import sys
from pathlib import Path


class Missing(Exception):
    """A program of the embedded stack is not installed."""


def locate(program: str) -> Path:
    """Find a program beside this Python, else on the PATH; raise Missing with what to install."""
    beside = Path(sys.executable).parent / program
    if beside.exists():
        return beside
    if found := shutil.which(program):
        return Path(found)
    raise Missing(f"{program} is not installed; install it with: pip install 'holdfast[embedded]'")
