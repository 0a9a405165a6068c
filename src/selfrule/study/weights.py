"""What a study's conversations stand for, as its manifest says, and whether they are draws from a known population."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from selfrule.errors import UsageError
from selfrule.sources.weighing import Weighing
from selfrule.study.frames import FINITE
from selfrule.study.mappings import Given, mapping_of


def weighed(narrow: pa.Table, manifest: dict[str, Any]) -> pa.Table:
    """The narrow table with weights that sum to the population, where that is known, and with whether it is finite.

    It is finite where every input was drawn with probabilities (`--sampled`, `inclusion=FIELD`, `selfrule sample`), or where
    `--population` says of how many conversations the study is a sample. Weights from a field may be anything.
    """
    if "weight" not in narrow.column_names:
        return narrow
    sampling = manifest.get("sampling", {})
    inputs = [msgspec.convert(known.get("weighing", {}), Weighing) for known in manifest["inputs"] if known["reader"]]
    finite = bool(inputs) and all(one.finite or ("draw" in sampling and one.plain) for one in inputs)
    if "population" in sampling and narrow.num_rows:
        total = pc.sum(narrow["weight"]).as_py()
        scaled = pc.multiply(narrow["weight"], max(sampling["population"] / total, narrow.num_rows / total))
        narrow = narrow.set_column(narrow.column_names.index("weight"), "weight", scaled)
        finite = True
    return narrow.replace_schema_metadata({FINITE: b"yes" if finite else b"no"})


def weighing_of(given: Given, sampled: float | None) -> Weighing | None:
    """How an input is weighed, from a mapping and the share that was drawn to make it; None where nothing was said.

    Raises:
        UsageError: the share is not in (0, 1], or the mapping makes no sense.
    """
    mapping = mapping_of(given)
    weight, inclusion = (None, None) if mapping is None else (mapping.weight, mapping.inclusion)
    if weight is None and inclusion is None and sampled is None:
        return None
    return Weighing(weight, inclusion, 1.0 if sampled is None else sampled)


def sentence(manifest: dict[str, Any]) -> str | None:
    """How a study's conversations were drawn, in one sentence for a report; None where nothing was sampled before it."""
    sampling = manifest.get("sampling", {})
    made = sampling.get("draw")
    if made is not None:
        drawn = f"{made['drawn']:,} of {made['population']:,} conversations were drawn"
        if made["by"] == "person":
            persons = made["strata"][0]
            some = f", at most {made['each']:,} of each" if made["each"] else ", with all they had"
            return f"{drawn}: those of {persons['drawn']:,} of {persons['size']:,} persons{some} (seed {made['seed']})."
        if made["by"] == "random":
            return f"{drawn} at random (seed {made['seed']})."
        how = "as many from each" if made["each"] else "in proportion"
        field = made["by"].removeprefix("stratum:")
        return f"{drawn} at random within {len(made['strata']):,} strata by {field}, {how} (seed {made['seed']})."
    if "population" in sampling:
        return f"They are a simple random sample of {sampling['population']:,} conversations, as you said."
    ways = [msgspec.convert(known.get("weighing", {}), Weighing) for known in manifest["inputs"] if known["reader"]]
    said = list(dict.fromkeys(way.describe() for way in ways if not way.plain))
    return f"They were drawn before they came, and are weighted: {'; '.join(said)}." if said else None


def population(manifest: dict[str, Any], given: int | None, read: int) -> None:
    """Keep in the manifest of how many conversations a study is a simple random sample.

    Args:
        manifest: Of the study; changed.
        given: As the user says, or None.
        read: Conversations read, without copies.

    Raises:
        UsageError: it is less than was read.
    """
    if given is None:
        return
    if given < read:
        raise UsageError(
            f"--population {given:,} is less than the {read:,} conversations read. Give the number there were."
        )
    manifest.setdefault("sampling", {})["population"] = given
