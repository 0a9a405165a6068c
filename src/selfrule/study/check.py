"""Whether a study is sound: every table readable and complete, every rating made by what the manifest says."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from selfrule.errors import StudyError
from selfrule.privacy.forgotten import Forgotten
from selfrule.rubric import load
from selfrule.store.folder import Folder
from selfrule.study import duplicates, encrypting, forget, no_text
from selfrule.study.rating import Plan


def check(folder: Folder, plan: Plan) -> list[str]:
    """What is wrong with a study, a sentence each with its remedy; empty where it is sound."""
    found: list[str] = []
    copies = duplicates.rows_of(folder)
    unrated = 0
    rubric = load().label
    for path in folder.parts("conversations"):
        try:
            count = pq.ParquetFile(path).metadata.num_rows
        except (OSError, pa.ArrowException) as error:
            found.append(f"{path} cannot be read ({error}). Delete it and import its input again.")
            continue
        rated_path = folder.part("ratings", plan.judge, path.stem)
        if not rated_path.exists():
            unrated += count
            continue
        try:
            ratings = pq.read_table(rated_path, columns=["conversation_id", "rubric"])
            screenings = pq.read_metadata(folder.part("screenings", plan.screen, path.stem)).num_rows
        except (OSError, pa.ArrowException) as error:
            found.append(f"{rated_path} or its screening cannot be read ({error}). Delete both and run: selfrule rate")
            continue
        if ratings.num_rows + len(copies.get(path.stem, ())) < count:
            found.append(f"{rated_path} has fewer ratings than conversations. Delete it and run: selfrule rate")
        if screenings != ratings.num_rows:
            found.append(f"{rated_path} and its screening do not match. Delete both and run: selfrule rate")
        if set(ratings["rubric"].unique().to_pylist()) - {rubric}:
            found.append(f"{rated_path} was made under another rubric than {rubric}. Run: selfrule rate")
    if unrated:
        found.append(f"{unrated:,} conversations have no rating yet. Run: selfrule rate {folder.root}")
    found += no_text.check(folder, plan)
    found += encrypting.check(folder)
    found += _forgotten(folder)
    half = list(folder.root.rglob("*.tmp"))
    if half:
        found.append(f"{len(half)} half-written files of an interrupted run; the next run removes them.")
    return found


def _forgotten(folder: Folder) -> list[str]:
    """What is left to do where somebody was forgotten."""
    try:
        known = forget.receipts(folder)
        forgotten = Forgotten.read(folder.root, folder.secret())
    except StudyError as error:
        return [str(error)]
    said = []
    if known and not forgotten:
        said.append(
            f"{folder.root / 'forgotten.keys'} is gone: the next import would bring back whoever was forgotten. Restore it, or "
            "forget them again."
        )
    left = sorted({name for receipt in known for name in receipt.found if (folder.root / name).exists()})
    if left:
        said.append(
            f"{len(left)} files held traces of somebody who was forgotten, and are still there: {', '.join(left[:5])}. "
            "Remove them; selfrule did not write them."
        )
    return said
