"""What else of a study changes without some conversations: draws for labelling, random samples, the population it stands for."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from numpy.typing import NDArray

from selfrule.labels.draws import Draw, Size, population
from selfrule.labels.strata import STRATA
from selfrule.store.folder import Folder
from selfrule.store.schemas import stored_part
from selfrule.study import label_rows
from selfrule.study.forget_journal import DrawChange


def unique_of(folder: Folder, rows: dict[str, NDArray[np.bool_]], copies: pa.Table) -> tuple[int, float, int, int]:
    """Of unique conversations: how many go, what they stood for, how many there were and how many stay."""
    copied: dict[str, set[int]] = {}
    for part, row in zip(copies["part"].to_pylist(), copies["row"].to_pylist(), strict=True):
        copied.setdefault(part, set()).add(row)
    unique = before = 0
    weight = 0.0
    for path in folder.parts("conversations"):
        count = pq.read_metadata(path).num_rows
        before += count - len(copied.get(path.stem, ()))
        if path.stem in rows:
            mask = rows[path.stem].copy()
            mask[sorted(copied.get(path.stem, ()))] = False
            unique += int(mask.sum())
            weight += float(np.asarray(stored_part(path, ["weight"])["weight"])[mask].sum())
    return unique, weight, before, before - unique


def draws_without(folder: Folder, gone: set[str]) -> list[DrawChange]:
    """Every draw for labelling as it would be without them; one that was not of today's study keeps its name."""
    changes = []
    for path in sorted((folder.root / "labels" / "draws").glob("*.json")):
        draw = msgspec.json.decode(path.read_bytes(), type=Draw)
        drawn = {name: sum(i.stratum == name and i.conversation_id in gone for i in draw.items) for name in draw.strata}
        sizes, digest, name = dict.fromkeys(draw.strata, 0), draw.population, draw.id
        if folder.parts("ratings", draw.table):
            rows = label_rows.population(folder, draw.table)
            if population(rows.ids, rows.strata) == draw.population:
                leaves = np.array([i in gone for i in rows.ids], np.bool_)
                for code in rows.strata[leaves].tolist():
                    sizes[STRATA[code]] += 1
                ids = [i for i, leave in zip(rows.ids, leaves.tolist(), strict=True) if not leave]
                digest = population(ids, rows.strata[~leaves])
                told = (draw.seed, draw.table, draw.rubric, digest, draw.doubles, draw.floor)
                name = xxhash.xxh3_64_hexdigest(repr(told).encode())[:12]  # as `label_draws` names it
        strata = {
            stratum: Size(max(size.size - sizes[stratum], size.drawn - drawn[stratum]), size.drawn - drawn[stratum])
            for stratum, size in draw.strata.items()
        }
        changes.append(DrawChange(draw.id, name, digest, {k: v for k, v in strata.items() if v.size}))
    return changes


def random_sample(folder: Folder, gone: set[str]) -> tuple[str, str]:
    """The hash of which conversations there are, by which an imported random sample is known: before and after."""
    if not (folder.root / "labels" / "given").exists():
        return "", ""
    from selfrule.study.label_files import places

    ids = list(places(folder))
    left = [identity for identity in ids if identity not in gone]
    one, other = (population(some, np.zeros(len(some), np.int8)) for some in (ids, left))
    return one, other
