"""Everything that a study says: the product's commands are run over planted input, and what comes out is gathered.

Commands run as a person runs them, in processes of their own, with a home and a folder for temporary files that hold nothing
else, so that what is left behind is seen too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

Audience = Literal["shareable", "terminal", "names", "left", "stored"]
"""Who may see it: anybody; the user at their terminal; who lists the study's folder; who finds what a run left elsewhere; who
has the study itself."""

RELEASED = ("report.html", "patterns-released.json")
TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Surface:
    """Some bytes that somebody may see, where they came from, and who that is."""

    name: str
    audience: Audience
    data: bytes


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: bytes
    err: bytes


Runner = Callable[[Sequence[str]], Ran]


@dataclass(frozen=True)
class Processes:
    """Runs `selfrule` in processes of their own.

    Attributes:
        home: Empty folder that serves as home and for temporary files.
        environ: More of the environment, such as the address of a stand-in server.
    """

    home: Path
    environ: Mapping[str, str] | None = None

    def __call__(self, arguments: Sequence[str]) -> Ran:
        """Run one command."""
        there = {
            name: str(self.home / name.lower())
            for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        }
        for path in there.values():
            Path(path).mkdir(parents=True, exist_ok=True)
        made = subprocess.run(  # noqa: S603 - our own program, arguments of our own
            [sys.executable, "-m", "selfrule", *arguments],
            env={**os.environ, **there, "COLUMNS": "100", **(self.environ or {})},
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ran(made.returncode, made.stdout, made.stderr)


SHARED: tuple[tuple[str, ...], ...] = (
    *(("estimates", "--format", form) for form in ("table", "json", "csv")),
    *((name, "--format", form) for name in ("factors", "approval", "popularity", "people") for form in ("table", "json")),
    ("trend", "--format", "table"),
    *(("trend", "--by", by, "--format", "json") for by in ("domain", "model", "product")),
    ("trend", "--every", "week", "--format", "json"),
    *(("compare", "--by", by, "--format", form) for by, form in
      (("model", "table"), ("model", "json"), ("product", "json"), ("language", "json"))),
    ("change", "--models", "assistant-small", "assistant-large", "--format", "table"),
    ("change", "--between", "2025-01..2025-02", "--and", "2025-03..2025-04", "--format", "json"),
    *(("patterns", "--format", form) for form in ("table", "json")),
    *(("coding", "--format", form) for form in ("table", "json")),
)  # fmt: skip
"""What is run with --shareable: every command that has it; a test compares the list with the program's own help."""

QUICK: tuple[tuple[str, ...], ...] = (
    ("estimates", "--format", "json"),
    ("trend", "--by", "model", "--format", "json"),
    ("compare", "--by", "product", "--format", "json"),
    ("people", "--format", "json"),
    ("patterns", "--format", "table"),
    ("coding", "--format", "json"),
)
"""The same for a check in a minute."""

TOLD: tuple[tuple[str, ...], ...] = (("doctor",), ("labels",), ("agreement",), ("plan",), ("compare", "--by", "model"))
"""Commands of the user's own whose words on standard error, and at these whole, are for their terminal."""


def said(run: Runner, study: Path, commands: Sequence[tuple[str, ...]], more: Sequence[str] = ()) -> Iterator[Surface]:
    """What commands with --shareable say: on standard output to anybody, on standard error to the user."""
    for name, *options in commands:
        ran = run([name, str(study), *options, "--shareable", *more])
        title = " ".join([name, *options])
        yield Surface(title, "shareable", ran.out)
        yield Surface(f"{title}, standard error", "terminal", ran.err)


def provoked(run: Runner, study: Path, bad: Sequence[Path]) -> Iterator[Surface]:
    """Errors provoked on purpose: files that cannot be used, whose insides no message may tell."""
    elsewhere = study.parent / "elsewhere"
    for path in bad:
        asked = [["audit", str(path), "-o", str(elsewhere / path.name)]]
        if path.name.startswith("labels"):
            asked = [["labels", str(study), "import", str(path)]]
        elif path.name.startswith("map"):
            continue  # written by the user: a message may name what is in it
        elif path.name.startswith("prices"):
            continue
        elif path.suffix in {".csv", ".tsv"}:
            asked.append(["audit", str(path), "-o", str(elsewhere / f"map-{path.name}"), "--map", "text=a,role=b"])
        for arguments in asked:
            ran = run(arguments)
            yield Surface(f"{arguments[0]} {path.name}", "terminal", ran.out + b"\n" + ran.err)


def files(study: Path) -> Iterator[Surface]:
    """The files that are to be shared, the names of all, and, to look for raw ids of persons, what is in all."""
    for name in RELEASED:
        if (study / name).exists():
            yield Surface(name, "shareable", (study / name).read_bytes())
    every = sorted(path for path in study.rglob("*") if path.is_file())
    yield Surface("names of files", "names", "\n".join(str(p.relative_to(study)) for p in every).encode())
    for path in every:
        yield Surface(f"stored {path.relative_to(study)}", "stored", _opened(path))


def left(home: Path) -> Iterator[Surface]:
    """What runs left in the home and among temporary files: names, and what is in them."""
    every = sorted(path for path in home.rglob("*") if path.is_file())
    yield Surface("names of what was left", "left", "\n".join(str(p.relative_to(home)) for p in every).encode())
    for path in every:
        yield Surface(f"left {path.name}", "left", _opened(path))


def _opened(path: Path) -> bytes:
    """A file's bytes; of a Parquet part its values, for they are packed."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    try:
        table: pa.Table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return path.read_bytes()
    plain: list[dict[str, Any]] = table.to_pylist()
    return msgspec.json.encode(plain, enc_hook=repr)
