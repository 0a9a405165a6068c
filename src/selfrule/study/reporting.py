"""From a study to the context of its report: everything counted here, nothing laid out here."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule import rubric
from selfrule.embedded import load
from selfrule.estimate.reference import references
from selfrule.privacy import release
from selfrule.records import Estimate
from selfrule.report.context import (
    InputFact,
    JudgeFacts,
    Kind,
    ProblemCount,
    ReportContext,
    ScreeningFacts,
    StudyFacts,
)
from selfrule.store.folder import Folder
from selfrule.study import tables
from selfrule.study.importing import done_pieces
from selfrule.study.quotes import quoted
from selfrule.study.rating import Choices, Plan
from selfrule.version import VERSION


def _facts(folder: Folder, manifest: dict[str, Any]) -> StudyFacts:
    read: Counter[int] = Counter()
    people: set[str] = set()
    first = last = None
    branches = 0
    for piece in done_pieces(folder):
        read[piece.number] += piece.conversations
    for path in folder.parts("conversations"):
        table = pq.read_table(path, columns=["person", "started_at", "branches"])
        people.update(p for p in pc.unique(table["person"]).to_pylist() if p is not None)
        branches += pc.sum(table["branches"]).as_py() or 0
        span = pc.min_max(table["started_at"]).as_py()
        if span["min"] is not None:
            first = span["min"] if first is None else min(first, span["min"])
            last = span["max"] if last is None else max(last, span["max"])
    kinds: Counter[str] = Counter()
    copies = folder.part("duplicates", "duplicates")
    if copies.exists():
        kinds.update(pc.cast(pq.read_table(copies)["kind"], pa.string()).to_pylist())
    problems: Counter[tuple[str, Any]] = Counter()
    for row in tables.problems(folder).to_pylist():
        listed = int(row["place"].split()[0]) if row["place"].endswith(" more") else 1
        problems[row["kind"], row["severity"]] += listed
    return StudyFacts(
        title=manifest.get("title") or folder.root.resolve().name,
        created=manifest.get("created", ""),
        conversations_read=sum(read.values()),
        inputs=[
            InputFact(name=i["label"], reader=i["reader"], reason=i["reason"], conversations=read[i["number"]])
            for i in manifest["inputs"]
        ],
        duplicates=kinds["exact"] + kinds["continued"],
        near_duplicates=kinds["near"],
        branches=branches,
        problems=[ProblemCount(kind=k, severity=s, count=n) for (k, s), n in sorted(problems.items())],
        persons=len(people) or None,
        first_date=first.date().isoformat() if first else None,
        last_date=last.date().isoformat() if last else None,
    )


def context(
    folder: Folder, plan: Plan, choices: Choices, estimates: list[Estimate], narrow: pa.Table, *, kind: Kind, k: int
) -> ReportContext:
    """Everything a report of this study says. A shareable one has passed the release gate."""
    model = load()
    card = model.card
    wording = rubric.load()
    manifest = folder.manifest()
    statuses = pc.cast(narrow["status"], pa.string()).to_pylist() if narrow.num_rows else []
    keep = narrow["keep"].to_pylist() if narrow.num_rows else []
    private = kind == "private"
    released = None if private else release(estimates, k)
    return ReportContext(
        kind=kind,
        study=_facts(folder, manifest),
        judge=JudgeFacts(
            label=model.label,
            kind="embedded",
            rubric=wording.label,
            card={"agreement": card["agreement"], "labels": card["labels"], "plain": card["plain"]},
        ),
        estimates=estimates if released is None else released.estimates,
        suppressed=[] if released is None else list(released.suppressed),  # type: ignore[arg-type]
        status_counts=dict(Counter(statuses)),
        software=f"selfrule {VERSION}",
        screening=ScreeningFacts(
            kept=sum(x is True for x in keep),
            dropped=sum(x is False for x in keep),
            recall=choices.recall,
            threshold=model.threshold(choices.recall),
            curve=[{"recall": p["recall"], "kept": p["kept"]} for p in card["screen_curve"]],
        ),
        references=references(),
        quoted=quoted(folder, plan) if private else [],
        hashes={"judge": model.label, "rubric": wording.hash, "screen": plan.screen, "ratings": plan.judge},
        k=k,
    )
