"""Standard input as a file: spooled into the study while it is read, gone afterwards."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def spooled(inputs: Sequence[Path], study: Path) -> Iterator[list[Path]]:
    """The inputs with `-` replaced by a file that holds standard input."""
    if Path("-") not in inputs:
        yield list(inputs)
        return
    spool = study / ".stdin" / "stdin"
    spool.parent.mkdir(exist_ok=True)
    try:
        with spool.open("wb") as handle:
            shutil.copyfileobj(sys.stdin.buffer, handle, 1 << 20)
        yield [spool if path == Path("-") else path for path in inputs]
    finally:
        shutil.rmtree(spool.parent, ignore_errors=True)
