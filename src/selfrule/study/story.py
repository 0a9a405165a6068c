"""For private reports of one person's own conversations: whose they are, and the moments that stood out."""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.analyses.sample import Sample
from selfrule.analyses.story import KINDS, story_of
from selfrule.analyses.story_records import Story
from selfrule.estimate.frame import NO_TIME
from selfrule.records import Turn
from selfrule.report.context import Moment, QuotedTurn, StoryFacts
from selfrule.report.story_words import PRODUCTS
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, MARKERS, PRIMITIVES
from selfrule.store.folder import Folder
from selfrule.store.schemas import turns_of
from selfrule.store.text import all_words_of
from selfrule.study.importing import done_pieces
from selfrule.study.rating import Plan
from selfrule.study.tables import as_records, rating_rows

MOST = 60  # moments in a page
MOST_TURNS = 8  # of a moment
MOST_OF_KIND = 3  # turns of one construct
MOST_TEXT = 1500  # characters of a turn
_PIECE = re.compile(r"conversations([-_]?\d+)?\.json", re.IGNORECASE)  # what exports cut a long history into


def of_one_person(folder: Folder, narrow: pa.Table) -> bool:
    """Whether a study holds the conversations of one person alone, as far as its input tells.

    It does where every conversation is of one known person, or where nobody, or only one, is known and all came from one
    export of a person's own (ChatGPT, Claude.ai).
    """
    if not narrow.num_rows:
        return False
    known = [p for p in pc.unique(narrow["person"]).to_pylist() if p is not None]
    if len(known) > 1:
        return False
    if known and not narrow["person"].null_count:
        return True
    return _exports(folder) is not None and _one_export(folder)


def _used(folder: Folder) -> list[dict[str, Any]]:
    """The inputs that gave conversations."""
    gave = {piece.number for piece in done_pieces(folder) if piece.conversations}
    return [i for i in folder.manifest()["inputs"] if i["number"] in gave]


def _exports(folder: Folder) -> str | None:
    """The reader of personal exports that read every input; None where another did, or several."""
    readers = {i["reader"] for i in _used(folder)}
    return readers.pop() if len(readers) == 1 and readers <= set(PRODUCTS) else None


def _one_export(folder: Folder) -> bool:
    """Whether the inputs are one file, or the numbered files of one export."""
    paths = [PurePosixPath(i["label"].replace("\\", "/")) for i in _used(folder)]
    if len(paths) == 1:
        return True
    return len({p.parent for p in paths}) == 1 and all(_PIECE.fullmatch(p.name) for p in paths)


def figures(sample: Sample, narrow: pa.Table) -> Story:
    """The story in figures, of a study's sample and its narrow table, which has what the screen set aside too."""
    times = pc.cast(pc.cast(narrow["started_at"], pa.timestamp("ms", "UTC")), pa.int64())
    return story_of(sample, np.asarray(times.fill_null(NO_TIME)))


def _strength(row: dict[str, Any]) -> float:
    """Orders moments: by the highest level reached, then by how probable the judge holds such levels to be."""
    levels, probabilities = row["levels"], row["probabilities"]
    top = max(levels.get(c) or 0 for c in KINDS)
    return float(100 * top + sum(sum(probabilities.get(c, [0.0])[FLAGGED_FROM:]) for c in KINDS))


def _stood_out(row: dict[str, Any]) -> bool:
    return row["status"] == "rated" and any((row["levels"].get(c) or 0) >= FLAGGED_FROM for c in KINDS)


def moments(folder: Folder, plan: Plan) -> tuple[list[Moment], int]:
    """Conversations that stood out, strongest first, at most `MOST`; and how many there are."""
    found = 0
    best: list[tuple[float, str, int, dict[str, Any]]] = []
    stems = [p.stem for p in folder.parts("conversations") if folder.part("ratings", plan.judge, p.stem).exists()]
    for stem, table in zip(stems, rating_rows(folder, plan), strict=True):
        for number, row in enumerate(as_records(table)):
            if _stood_out(row):
                found += 1
                heapq.heappush(best, (_strength(row), stem, number, row))
                if len(best) > MOST:
                    heapq.heappop(best)
    made: list[tuple[float, str, int, Moment]] = []
    for stem in sorted({stem for _, stem, _, _ in best}):
        table = pq.read_table(folder.part("conversations", stem), columns=["turns"])
        made += [(s, t, n, _moment(row, table.slice(n, 1))) for s, t, n, row in best if t == stem]
    made.sort(key=lambda m: (-m[0], m[1], m[2]))
    return [m for *_, m in made], found


def _moment(row: dict[str, Any], turns: pa.Table) -> Moment:
    levels = row["levels"]
    cited = {c: row["evidence"].get(c, []) for c in KINDS if (levels.get(c) or 0) >= 1}
    clear = [c for c in cited if (levels.get(c) or 0) >= FLAGGED_FROM]
    texts = next(turns_of(turns)) if all_words_of(turns) else []
    wanted = [t for c in clear for t in cited[c][:MOST_OF_KIND]]
    wanted += [t for c in cited for t in cited[c][:MOST_OF_KIND]]
    shown = sorted(_with_questions(list(dict.fromkeys(t for t in wanted if 0 <= t < len(texts)))[:MOST_TURNS], texts))
    return Moment(
        source_id=row["source_id"],
        date=row["started_at"][:10] if row["started_at"] else None,
        levels={c: levels.get(c) for c in CONSTRUCTS},
        cited=cited,
        turns=[
            QuotedTurn(
                index=t,
                role=texts[t].role,
                text=texts[t].text[:MOST_TEXT] + ("…" if len(texts[t].text) > MOST_TEXT else ""),
            )
            for t in shown
        ],
        domains=row["domains"],
        actualized=[p for p, m in zip(PRIMITIVES, MARKERS, strict=True) if row["actualized"].get(m) == "yes"],
    )


def _with_questions(cited: list[int], texts: Sequence[Turn]) -> list[int]:
    """Turns with what the person said just before each of the assistant's, as far as there is room."""
    found = list(cited)
    for t in cited:
        asked = t - 1
        answers = asked >= 0 and texts[t].role == "assistant" and texts[asked].role == "user"
        if answers and asked not in found and len(found) < MOST_TURNS:
            found.append(asked)
    return found


def story(folder: Folder, plan: Plan, sample: Sample, narrow: pa.Table) -> StoryFacts | None:
    """What the private report of one person's conversations opens with; None where they are of several, or it is not sure."""
    if not of_one_person(folder, narrow):
        return None
    shown, found = moments(folder, plan)
    return StoryFacts(
        figures=figures(sample, narrow),
        moments=shown,
        moments_of=found,
        assistant=PRODUCTS.get(_exports(folder) or ""),
        folder=folder.root.resolve().name,
    )
