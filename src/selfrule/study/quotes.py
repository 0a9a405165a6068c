"""For private reports alone: the flagged conversations, with the turns that their ratings rest on."""

from __future__ import annotations

import heapq
from typing import Any

import pyarrow.parquet as pq

from selfrule.report.context import QuotedConversation, QuotedTurn
from selfrule.rubric import CONSTRUCTS, LEVELS, PRIMITIVES, is_flagged, load
from selfrule.store.folder import Folder
from selfrule.store.schemas import turns_of
from selfrule.store.text import NOT_KEPT, all_words_of
from selfrule.study.rating import Plan
from selfrule.study.tables import as_records, rating_rows

MOST = 50  # conversations quoted; the rest is in `selfrule ratings`
MOST_TURNS = 8
MOST_TEXT = 1500  # characters of one turn


def _weight(row: dict[str, Any]) -> float:
    """Orders flagged conversations: by level reached, then by how probable the judge holds it to be."""
    levels, probabilities = row["levels"], row["probabilities"]
    top = max(levels[p] or 0 for p in PRIMITIVES)
    return float(sum(sum(probabilities.get(p, [0.0])[2:]) for p in PRIMITIVES) + 10 * top)


def _why(row: dict[str, Any]) -> list[str]:
    rubric = load()
    said = []
    for construct in CONSTRUCTS:
        level = row["levels"].get(construct) or 0
        if level >= 2 or (level and construct in PRIMITIVES):
            cited = ", ".join(str(turn) for turn in row["evidence"].get(construct, [])[:MOST_TURNS])
            plain = next(c.plain for c in rubric.constructs if c.id == construct)
            said.append(f"{rubric.name(construct)}: {LEVELS[level]} (turn {cited or 'not cited'}). {plain}")
    yes = [marker for marker in rubric.markers if row["actualized"].get(marker.id) == "yes"]
    return said + [f"{marker.name}: yes. {marker.plain}" for marker in yes]


def quoted(folder: Folder, plan: Plan) -> tuple[list[QuotedConversation], int]:
    """The flagged conversations of a study, most severe first, at most `MOST`; and how many there are."""
    flagged = 0
    best: list[tuple[float, str, int, dict[str, Any]]] = []
    stems = [p.stem for p in folder.parts("conversations") if folder.part("ratings", plan.judge, p.stem).exists()]
    for stem, table in zip(stems, rating_rows(folder, plan), strict=True):
        for number, row in enumerate(as_records(table)):
            if row["status"] == "rated" and is_flagged(row["levels"]):
                flagged += 1
                heapq.heappush(best, (_weight(row), stem, number, row))
                if len(best) > MOST:
                    heapq.heappop(best)
    found = []
    for _, stem, number, row in sorted(best, key=lambda b: (-b[0], b[1], b[2])):
        table = pq.read_table(folder.part("conversations", stem), columns=["turns"]).slice(number, 1)
        words = all_words_of(table)
        turns = next(turns_of(table)) if words else []
        cited = sorted({t for c in CONSTRUCTS if (row["levels"].get(c) or 0) >= 1 for t in row["evidence"].get(c, [])})
        found.append(
            QuotedConversation(
                source_id=row["source_id"],
                date=row["started_at"][:10] if row["started_at"] else None,
                model=row["model"],
                levels={c: row["levels"].get(c) for c in CONSTRUCTS},
                why=_why(row) if words else [*_why(row), NOT_KEPT],
                turns=[
                    QuotedTurn(
                        index=t,
                        role=turns[t].role,
                        text=turns[t].text[:MOST_TEXT] + ("…" if len(turns[t].text) > MOST_TEXT else ""),
                    )
                    for t in cited[:MOST_TURNS]
                    if t < len(turns)
                ],
            )
        )
    return found, flagged
