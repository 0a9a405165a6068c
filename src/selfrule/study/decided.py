"""Who decided what, and what became of the answers: what a report says of a judge, counted from its ratings."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.clients.names import parse
from selfrule.errors import UsageError
from selfrule.report.judging import Marks, Place, Step
from selfrule.rubric import CONSTRUCTS
from selfrule.store.folder import Folder
from selfrule.store.schemas import whole
from selfrule.study import duplicates
from selfrule.study.panel import Entry

_MADE = re.compile(r"/((joint|separate|logprobs)-[^/@]*@[0-9a-f]+)$")
_ASKED = ("waiting", "screened_out", "duplicate")  # statuses of conversations that no judge was asked about


def decided(folder: Folder, entry: Entry) -> tuple[list[Step], Marks]:
    """Who decided what among a judge's ratings, and their marks. Copies are left out.

    Args:
        folder: The study.
        entry: The judge; for a cascade there is a step for each of its judges.

    Returns:
        The steps in their order, and the marks of rated conversations.
    """
    count, marked, bare, dropped = Counter[tuple[str, str]](), Counter[str](), Counter[str](), Counter[str]()
    handed, prompts = Counter[str](), dict[str, str]()
    windowed, most = 0, 1
    copies = duplicates.rows_of(folder)
    for path in folder.parts("ratings", entry.table):
        table = whole(pq.read_table(path))
        if path.stem in copies:
            table = table.filter(pc.invert(pc.is_in(table["conversation_id"], _copied(folder, path.stem, copies))))
        table = table.set_column(table.schema.get_field_index("judge"), "judge", pc.cast(table["judge"], pa.string()))
        groups = table.select(["judge", "status"]).set_column(1, "status", pc.cast(table["status"], pa.string()))
        for row in groups.group_by(["judge", "status"]).aggregate([([], "count_all")]).to_pylist():
            count[row["judge"] or entry.label, row["status"]] += row["count_all"]
        for row in _pairs(table, "prompt"):
            prompts.setdefault(row["judge"], row["prompt"])
        some = table.filter(pc.greater(pc.list_value_length(table["marks"]).fill_null(0), 0))
        for row in some.select(["status", "marks"]).to_pylist():
            kinds = [mark.partition(":") for mark in row["marks"]]
            handed.update(what for kind, _, what in kinds if kind == "handed_over")
            if row["status"] == "rated":
                marked.update({kind for kind, _, _ in kinds})
                bare.update({what for kind, _, what in kinds if kind == "no_evidence"})
                dropped.update({what for kind, _, what in kinds if kind == "citation_dropped"})
        rated = pc.equal(pc.cast(table["status"], pa.string()), "rated")
        windows = table.filter(rated)["windows"].fill_null(1)
        windowed += int(pc.sum(pc.greater(windows, 1)).as_py() or 0)
        most = max(most, int(pc.max(windows).as_py() or 1))
    marks = Marks(
        rated=sum(n for (_, status), n in count.items() if status == "rated"),
        repaired=marked["repaired"],
        no_evidence=marked["no_evidence"],
        citation_dropped=marked["citation_dropped"],
        by_construct={c: (bare[c], dropped[c]) for c in CONSTRUCTS if bare[c] or dropped[c]},
        windowed=windowed,
        most_windows=most,
    )
    return _steps(entry, count, handed, prompts), marks


def _copied(folder: Folder, part: str, copies: dict[str, Any]) -> pa.Array:
    identities = pq.read_table(folder.part("conversations", part), columns=["conversation_id"])["conversation_id"]
    return identities.take(pa.array(np.asarray(copies[part], np.int64))).combine_chunks()


def _pairs(table: pa.Table, column: str) -> list[dict[str, Any]]:
    """The different pairs of judge and another column, without those where it is null."""
    made = pa.table({"judge": table["judge"], column: pc.cast(table[column], pa.string())})
    found: list[dict[str, Any]] = made.group_by(["judge", column]).aggregate([]).to_pylist()
    return [row for row in found if row[column] is not None]


def _steps(entry: Entry, count: Counter[tuple[str, str]], handed: Counter[str], prompts: dict[str, str]) -> list[Step]:
    """A step a judge: in the order of the names given, each with the label that its ratings carry."""
    seen = list(dict.fromkeys([*handed, *(judge for judge, status in count if status not in _ASKED)]))
    single = entry.kind != "cascade"
    given = [entry.spec or entry.label] if single else (entry.spec or entry.label).split(",")
    named: dict[str, str | None] = {}
    for name in given:
        label = next((s for s in seen if s not in named and _is(s, name)), entry.label if single else name)
        named[label] = name if entry.spec else None
    for label in seen:  # ratings by a judge that was not named: shown rather than lost
        if count[label, "rated"] or handed[label]:
            named.setdefault(label, None)
    steps = []
    for label, spec in named.items():
        asked = _MADE.search(label)
        alone = len(named) == 1
        steps.append(
            Step(
                label=label,
                name=spec or _MADE.sub("", label),
                place=place_of(spec, label, entry.where if alone else None),
                protocol=asked[2] if asked else (entry.protocol if alone else None),
                prompt=asked[1] if asked else prompts.get(label),
                decided=count[label, "rated"],
                unrated=sum(n for (judge, s), n in count.items() if judge == label and s not in ("rated", *_ASKED)),
                handed_over=handed[label],
            )
        )
    return steps


def _is(label: str, name: str) -> bool:
    """Whether a label that ratings carry is that of a judge by this name; a stand-in's has another provider."""
    if name == "embedded":
        return label.startswith("embedded-")
    return label == name or (_MADE.search(label) is not None and _model(label) == _model(name))


def _model(label: str) -> str:
    bare = _MADE.sub("", label)
    return bare.rpartition("#")[2] if "#" in bare else bare.partition(":")[2]


def place_of(name: str | None, label: str, where: str | None = None) -> Place:
    """Where a judge ran: as the manifest says, else as its name would have it today.

    >>> place_of("ollama:qwen3", "ollama:qwen3/joint-1@0123abcd")
    'here'
    """
    if name == "embedded" or label.startswith("embedded-"):
        return "package"
    if label.partition(":")[0].endswith("@loopback"):
        return "here"
    if where is not None:
        return "here" if where == "this machine" else "elsewhere"
    try:
        return "elsewhere" if parse(name or _MADE.sub("", label), {}).remote else "here"
    except UsageError:
        return "unknown"
