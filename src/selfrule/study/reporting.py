"""From a study to the context of its report: everything counted here, nothing laid out here."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule import rubric
from selfrule.analyses.figures import Analysis
from selfrule.embedded import load
from selfrule.estimate.reference import reference_for
from selfrule.judges import EmbeddedJudge
from selfrule.patterns.records import Patterns
from selfrule.privacy import release
from selfrule.records import Estimate
from selfrule.report.context import (
    InputFact,
    Kind,
    ProblemCount,
    Reference,
    ReportContext,
    ScreeningFacts,
    StoryFacts,
    StudyFacts,
)
from selfrule.report.judging import JudgeCard, JudgeFacts, JudgeKind, Step
from selfrule.report.labels import LabelFacts
from selfrule.store.folder import Folder
from selfrule.study import tables
from selfrule.study.agreement import panel
from selfrule.study.decided import decided
from selfrule.study.importing import done_pieces
from selfrule.study.panel import Entry, judges_of
from selfrule.study.problems import times
from selfrule.study.quotes import quoted
from selfrule.study.rating import Choices, Plan
from selfrule.study.weights import sentence
from selfrule.version import VERSION


def _facts(folder: Folder, manifest: dict[str, Any], private: bool) -> StudyFacts:
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
        problems[row["kind"], row["severity"]] += times(row["place"])
    return StudyFacts(
        # a folder is often named after a person's export: its name stays in private reports
        title=folder.root.resolve().name if private else f"{sum(read.values()):,} conversations, audited",
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
        drawn=sentence(manifest),
        between_people=bool(manifest.get("between_people")),
    )


def judge_card(card: dict[str, Any]) -> JudgeCard:
    """The judge's card as reports show it."""
    return {
        "agreement": {
            construct: {
                "kappa": figures["kappa"][0],
                "low": figures["kappa"][1],
                "high": figures["kappa"][2],
                "exact": figures["exact"][0],
                "within_one": figures["within_one"][0],
                "n": figures["n"],
                "positives": figures.get("positive"),
            }
            for construct, figures in card["constructs"].items()
        },
        "labels": card["labels"],
        "plain": card["plain"],
    }


def _references(estimates: list[Estimate]) -> list[Reference]:
    """The published figures of another population for the cells of everything."""
    found: list[Reference] = []
    for estimate in estimates:
        if (
            estimate.kind == "rated"
            and not estimate.group
            and (known := reference_for(estimate.construct, estimate.level)) is not None
        ):
            reference: Reference = {
                "construct": estimate.construct,
                "level": estimate.level,
                "share": known.share,
                "one_in": known.one_in,
                "source": known.source,
                "population": known.population,
            }
            if known.share is None:
                reference |= {"low": known.low, "high": known.high}
            found.append(reference)
    return found


_KINDS: tuple[JudgeKind, ...] = ("embedded", "model", "cascade", "object")


def _rules(entry: Entry, steps: list[Step], recall: float) -> list[str]:
    """What each judge of a cascade but the last hands on: as the manifest says, else the rules of one made by name."""
    if entry.rules or entry.kind != "cascade":
        return entry.rules
    from selfrule.judges.cascade import EmbeddedStage, HandOver

    words = {"package": EmbeddedStage(EmbeddedJudge(), recall).words}
    return [f"{s.name} {words.get(s.place, HandOver().words)}" for s in steps[:-1]]


def _judge(folder: Folder, plan: Plan, entries: list[Entry], recall: float) -> tuple[JudgeFacts, str | None]:
    """The judge whose figures are reported, and the hash of the wording it was asked in."""
    wording = rubric.load().label
    entry = next((e for e in entries if e.table == plan.judge), None)
    if entry is None or entry.kind == "embedded":
        model = load()
        return JudgeFacts(label=model.label, kind="embedded", rubric=wording, card=judge_card(model.card)), None
    steps, marks = decided(folder, entry)
    kind: JudgeKind = next((k for k in _KINDS if k == entry.kind), "object")
    rules = _rules(entry, steps, recall)
    facts = JudgeFacts(label=entry.label, kind=kind, rubric=wording, steps=steps, rules=rules, marks=marks)
    return facts, next((s.prompt for s in reversed(steps) if s.prompt), None)


def _beside(folder: Folder, plan: Plan, labels: LabelFacts | None) -> LabelFacts | None:
    """What is known of labels, with the judge beside them."""
    if labels is None or labels.source == "none":
        return labels
    from selfrule.study.honest_figures import agreement

    return replace(labels, agreement=agreement(folder, plan.judge))


def context(
    folder: Folder,
    plan: Plan,
    choices: Choices,
    estimates: list[Estimate],
    narrow: pa.Table,
    *,
    kind: Kind,
    k: int,
    labels: LabelFacts | None = None,
    analyses: list[Analysis] | None = None,
    story: StoryFacts | None = None,
    unplaced: str | None = None,
    patterns: Patterns | None = None,
    pattern_members: dict[str, list[str]] | None = None,
) -> ReportContext:
    """Everything a report of this study says. A shareable one has passed the release gate, as its analyses have.

    A private one of one person's own conversations has a story, whose moments take the place of quoted conversations.
    """
    model = load()
    wording = rubric.load()
    manifest = folder.manifest()
    entries = judges_of(folder)
    judge, prompt = _judge(folder, plan, entries, choices.recall)
    statuses = pc.cast(narrow["status"], pa.string()).to_pylist() if narrow.num_rows else []
    keep = narrow["keep"].to_pylist() if narrow.num_rows else []
    private = kind == "private"
    released = None if private else release(estimates, k)
    quotes, quoted_of = quoted(folder, plan) if private and story is None else ([], None)
    return ReportContext(
        kind=kind,
        study=replace(_facts(folder, manifest, private), unplaced=unplaced),
        judge=judge,
        estimates=estimates if released is None else released.estimates,
        suppressed=[] if released is None else list(released.suppressed),
        status_counts=dict(Counter(statuses)),
        software=f"selfrule {VERSION}",
        screening=ScreeningFacts(
            kept=sum(x is True for x in keep),
            dropped=sum(x is False for x in keep),
            recall=choices.recall,
            threshold=model.threshold(choices.recall),
            curve=[{"recall": p["recall"], "kept": p["kept"]} for p in model.card["screen"]],
            checked=sum(k is False and s == "rated" for k, s in zip(keep, statuses, strict=True)),
        ),
        references=_references(estimates),
        quoted=quotes,
        quoted_of=quoted_of,
        hashes={
            "judge": judge.label,
            "rubric": wording.hash,
            "screen": plan.screen,
            "ratings": plan.judge,
            **({"prompt": prompt} if prompt else {}),
        },
        k=k,
        panel=panel(folder, entries) if len(entries) > 1 else None,
        labels=_beside(folder, plan, labels),
        analyses=analyses or [],
        story=story if private else None,
        patterns=patterns,
        pattern_members=(pattern_members or {}) if private else {},
    )
