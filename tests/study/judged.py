"""Studies with several judges, made by hand: ratings written as a judge would have left them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import selfrule
from selfrule import rubric
from selfrule.records import Rating
from selfrule.rubric import CONSTRUCTS, MARKERS
from selfrule.store.folder import Folder, write_part
from selfrule.store.schemas import rating_table
from tests.study.material import conversation, write_lines

MODELS = ("claude-sonnet-4-5", "gpt-4o", "llama-3.1-70b", None)


def made(folder: Path, count: int = 60, people: int | None = None, models: tuple[str | None, ...] = MODELS) -> Folder:
    """A study of `count` conversations, rated by the embedded judge; `people` share them in turn."""
    records = []
    for i in range(count):
        record = conversation(i, turns=2)
        record["model"] = models[i % len(models)]
        record["user_id"] = None if people is None else f"person-{i % people}"
        records.append({k: v for k, v in record.items() if v is not None})
    study = selfrule.audit(write_lines(folder / "log.jsonl", records), folder / "study", workers=1)
    return Folder.open(study.path)


def identities(folder: Folder) -> list[str]:
    """The ids of a study's conversations in its order."""
    return [i for p in folder.parts("conversations") for i in pq.read_table(p)["conversation_id"].to_pylist()]


def levels(reality: int = 0, **others: int) -> dict[str, Any]:
    """Levels of all constructs, none where not named."""
    return dict.fromkeys(CONSTRUCTS, 0) | {"reality_distortion": reality} | others


def rated(reality: int = 0, **more: Any) -> dict[str, Any]:
    """The fields of a rating that was made."""
    domains = {"domains": ["other"], "actualized": dict.fromkeys(MARKERS, "unknown")}
    return {"status": "rated", "levels": levels(reality), **domains, **more}


def add_judge(
    folder: Folder,
    label: str,
    says: Callable[[int], dict[str, Any] | None],
    *,
    spec: str | None = None,
    kind: str = "model",
    protocol: str | None = "joint",
    report: bool = False,
    **entry: Any,
) -> str:
    """Write a judge's table; `says` gives the fields of the rating of conversation number i, None for no row at all.

    Returns the table's name. With `report` its figures are those that the study reports.
    """
    table = "".join(c if c.isalnum() else "-" for c in label)
    number = 0
    for path in folder.parts("conversations"):
        rows = pq.read_table(path, columns=["conversation_id", "content_hash"]).to_pylist()
        found = []
        for row in rows:
            fields = says(number)
            number += 1
            if fields is not None:
                found.append(
                    Rating(
                        **{**row, "judge": label, "rubric": rubric.load().label, "prompt": "joint-1@0123abcd", **fields}
                    )
                )
        write_part(folder.part("ratings", table, path.stem), rating_table(found))
    manifest = folder.manifest()
    first = manifest["tables"]
    judges = manifest.setdefault("judges", [])
    if not judges:
        (embedded,) = {
            r for p in folder.parts("ratings", first["judge"]) for r in pq.read_table(p)["judge"].to_pylist()
        }
        judges.append({"label": embedded, "table": first["judge"], "screen": first["screen"], "spec": "embedded",
                       "protocol": None, "rated": "2026-11-30T10:00:00+00:00", "kind": "embedded"})  # fmt: skip
    stamp = f"2026-11-30T1{len(judges)}:00:00+00:00"
    judges.append({"label": label, "table": table, "screen": first["screen"], "spec": spec or label.partition("/")[0],
                   "protocol": protocol, "rated": stamp, "kind": kind, **entry})  # fmt: skip
    if report:
        manifest["tables"] = {"screen": first["screen"], "judge": table}
    folder.write_manifest(manifest)
    return table
