"""A study folder of millions of rated conversations, written straight to its tables, and what each analysis of it costs.

The conversations are of `over_time_population`, their texts two short turns; what analyses read (people, times, models,
thumbs, levels, markers, domains) is all there. Each stage is timed in one fresh process, whose peak memory is its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from over_time_population import World, simulate
from selfrule.analyses.sample import Sample
from selfrule.rubric import CONSTRUCTS, MARKERS, load
from selfrule.store.folder import LAYOUT, Folder, write_part
from selfrule.store.schemas import RATINGS, SCREENINGS, STORED
from selfrule.study.rating import Choices, plan

NAMES = ("factors", "trend", "change", "approval", "popularity", "compare", "people")
PART = 15_000  # conversations
BIG = World(
    people=200_000,
    exponent=1.82,
    most=1000,
    rate=0.02,
    drift=0.4,
    mix_end=(0.3, 0.2, 0.15, 0.13, 0.12, 0.1),
    factor=(0.0, 0.3, 0.6, 0.9),
    overlap=0.2,
    several=0.2,
    model=0.2,
    model_tilt=0.5,
    approval=0.3,
)


def write(path: Path, world: World = BIG, seed: int = 1, most: int = 1_500_000) -> int:
    """Write a study of a world's conversations, in order of time as logs are; returns how many conversations.

    Args:
        path: Of the study; made anew.
        world: What the conversations are of.
        seed: Of the population.
        most: Conversations at most; people are as drawn.
    """
    sample = simulate(world, seed)
    rng = np.random.default_rng(seed)
    rows = np.argsort(sample.at, kind="stable")
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
        rows = rows[np.argsort(sample.at[rows], kind="stable")]
    folder = Folder.create(path)
    where = plan(Choices())
    for number, start in enumerate(range(0, len(rows), PART)):
        name = f"000000-{number:06d}-{number:016x}"
        here = rows[start : start + PART]
        ids = [f"{i:032x}" for i in here]
        write_part(folder.part("conversations", name), _conversations(rng, sample, here, ids))
        write_part(folder.part("ratings", where.judge, name), _ratings(rng, sample, here, ids))
        write_part(folder.part("screenings", where.screen, name), _screenings(sample, here, ids))
    made = {"screen": where.screen, "judge": where.judge}
    entry = {"label": "embedded-simulated", "table": where.judge, "screen": where.screen, "spec": "embedded"}
    manifest = {"layout": LAYOUT, "inputs": [], "created": "2026-11-23T00:00:00+00:00", "tables": made}
    folder.write_manifest(manifest | {"judges": [entry | {"kind": "embedded", "choices": {}, "protocol": None}]})
    return len(rows)


def _conversations(rng: np.random.Generator, sample: Sample, rows: NDArray[np.int64], ids: list[str]) -> pa.Table:
    n = len(rows)
    assert sample.model is not None
    thumbs = pa.array(["down", "up"]).take(pa.array(np.maximum(sample.thumb[rows], 0)))
    thumbs = pc.if_else(pa.array(sample.thumb[rows] >= 0), thumbs, pa.scalar(None, pa.string()))
    models = [
        f"{sample.model.names[m]}-{v}" for m, v in zip(sample.model.codes[rows], rng.integers(1, 4, n), strict=True)
    ]
    answer = {"role": "assistant", "text": "An answer.", "at": None}
    turns = [[{"role": "user", "text": f"Question {i}.", "at": None}, answer] for i in ids]
    columns: dict[str, Any] = {
        "conversation_id": ids,
        "content_hash": ids,
        "source": ["simulated"] * n,
        "source_id": ids,
        "place": [f"line {r}" for r in rows],
        "person": [f"p{p:016x}" for p in sample.person[rows]],
        "started_at": sample.at[rows],
        "model": models,
        "product": rng.choice(["app", "web", "interface"], n, p=[0.5, 0.4, 0.1]).tolist(),
        "language": [None] * n,
        "country": [None] * n,
        "thumb": thumbs,
        "score": [None] * n,
        "tags": [[]] * n,
        "branches": [0] * n,
        "weight": np.ones(n),
        "turn_count": sample.turns[rows],
        "turns": turns,
        "own_id": [True] * n,
        **{name: rng.integers(0, 1 << 62, n) for name in ("content", "name", "who", "opening", "folded")},
        "sketch": [bytes(128)] * n,
    }
    return _table(columns, STORED)


def _ratings(rng: np.random.Generator, sample: Sample, rows: NDArray[np.int64], ids: list[str]) -> pa.Table:
    n = len(rows)
    known = list(load().domains)
    rated = sample.rated[rows]
    none = pa.array(~rated)
    levels = [pa.array(sample.column[c][rows], pa.int8(), mask=~rated) for c in CONSTRUCTS]
    said = pa.array(["no", "yes"], pa.string())
    marks = [pa.array(np.maximum(sample.column[f"actualized_{c}"][rows], 0)) for c in CONSTRUCTS[: len(MARKERS)]]
    markers = [pa.DictionaryArray.from_arrays(pa.array(m.to_numpy(), pa.int32(), mask=~rated), said) for m in marks]
    # each of the simulated domains is several of the rubric's, so that all of them are there
    count, wide = len(sample.domain_names), len(known)
    shift = count * rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    own = [(np.flatnonzero(row) + by) % wide for row, by in zip(sample.domains[rows], shift, strict=True)]
    columns: dict[str, Any] = {
        "conversation_id": ids,
        "content_hash": ids,
        "status": np.where(rated, "rated", "failed").tolist(),
        "judge": ["embedded-simulated"] * n,
        "rubric": [load().label] * n,
        "prompt": [None] * n,
        "levels": pa.StructArray.from_arrays(levels, fields=list(RATINGS.field("levels").type), mask=none),
        "probabilities": [None] * n,
        "evidence": [None] * n,
        "actualized": pa.StructArray.from_arrays(markers, fields=list(RATINGS.field("actualized").type), mask=none),
        "domains": [[known[d] for d in sorted(set(some))] if ok else None for some, ok in zip(own, rated, strict=True)],
        "language": rng.choice(["en", "de", "es"], n, p=[0.8, 0.1, 0.1]).tolist(),
        "inclusion": np.ones(n),
        "reason": [None] * n,
        "windows": [1] * n,
        "marks": [None] * n,
    }
    return _table(columns, RATINGS)


def _screenings(sample: Sample, rows: NDArray[np.int64], ids: list[str]) -> pa.Table:
    n = len(rows)
    columns = {
        "conversation_id": ids,
        "status": ["rated"] * n,
        "keep": sample.column["flagged"][rows] == 1,
        "score": np.zeros(n, np.float32),
        "screen": ["embedded-simulated/recall-0.98"] * n,
    }
    return _table(columns, SCREENINGS)


def _table(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    arrays = []
    for field in schema:
        values = columns[field.name]
        if pa.types.is_dictionary(field.type):
            made = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
            arrays.append(made.dictionary_encode().cast(field.type))
        else:
            arrays.append(values if isinstance(values, pa.StructArray) else pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def there() -> list[str]:
    """Which analyses exist, in the order of the report."""
    return [name for name in NAMES if importlib.util.find_spec(f"selfrule.analyses.{name}")]


def stages(study: Path, names: list[str]) -> Iterator[dict[str, Any]]:
    """Open a study and make every analysis: what each stage took, and the peak memory when it was done.

    Args:
        study: The folder.
        names: Analyses to make.
    """
    import selfrule
    from selfrule.analyses.sample import Sample as Made

    begun = _Stage()
    opened = selfrule.Study.open(study)
    sample: Made = opened.sample()
    yield begun.spent("sample")
    for name in names:
        module = importlib.import_module(f"selfrule.analyses.{name}")
        begun = _Stage()
        result = module.for_report(sample)
        yield begun.spent(name)
        if result is not None:
            begun = _Stage()
            importlib.import_module(f"selfrule.report.analyses.{name}").section(module.public(result, 10))
            yield begun.spent(f"{name}: gate and section")


class _Stage:
    """Seconds on the clock and of all cores since it was made, and the process's peak memory."""

    def __init__(self) -> None:
        self._begun, self._cpu = time.perf_counter(), time.process_time()

    def spent(self, stage: str) -> dict[str, Any]:
        seconds, cpu = time.perf_counter() - self._begun, time.process_time() - self._cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        return {"stage": stage, "seconds": round(seconds, 2), "cpu": round(cpu, 2), "peak_mb": round(peak)}


def measure(study: Path, names: list[str]) -> list[dict[str, Any]]:
    """`stages` in a fresh process, printed as they come."""
    code = f"""
import json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
import over_time_scale
for row in over_time_scale.stages(Path({str(study)!r}), {names!r}):
    print(json.dumps(row), flush=True)
"""
    found = []
    alone = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}  # as users run it
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=alone) as child:
        assert child.stdout is not None
        for line in child.stdout:
            found.append(json.loads(line))
            row = found[-1]
            spent = f"{row['seconds']:8.1f} s, of cores {row['cpu']:7.1f} s"
            print(f"{row['stage']:28} {spent}, peak so far {row['peak_mb']:,} MB", flush=True)
    if child.returncode:
        raise SystemExit(f"the analyses ended with {child.returncode}")
    return found
