"""From a study's private patterns to what may be shared: the gate is given what it needs, and what it lets through is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from selfrule.patterns import naming
from selfrule.patterns.records import Pattern, Patterns
from selfrule.patterns.words import reworded
from selfrule.privacy.cells import smallest
from selfrule.store.folder import Folder
from selfrule.study import patterns_files
from selfrule.study.patterns_files import Gate
from selfrule.study.patterns_members import members
from selfrule.study.rating import Plan

if TYPE_CHECKING:
    from selfrule.privacy.quotation import Quotations

_WORD = re.compile(r"[^\W\d_]+")
_ROWS = 250  # conversations held as objects at once

TextGate = Callable[[str], str | None]


def release(folder: Folder, plan: Plan, private: Patterns, *, k: int, epsilon: float | None = None) -> Patterns:
    """Put the patterns of a study through the release gate and write what passes, unless that was done with these values.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        private: The patterns that stand in it.
        k: The smallest group to show.
        epsilon: Budget of differential privacy for the counts; None: rounded ones.

    Raises:
        UsageError: a value makes no sense, or OpenDP is wanted and not installed.
    """
    from selfrule.patterns import gate

    known = patterns_files.state(folder)
    assert known is not None
    path = folder.root / patterns_files.RELEASED
    wanted = Gate(k, epsilon)
    if known.gate == wanted and path.exists():
        return patterns_files.read(path)
    who = members(folder, plan, known.made.facets)
    pattern, keeper = patterns_files.membership(folder)
    made = gate.released(
        private,
        who,
        gate.rows_of(private, who, pattern, keeper),
        k=k,
        text_gate=text_gate(folder),
        epsilon=epsilon,
        key=folder.secret(),
    )
    worded = [_worded(one, smallest(k)) for one in made.patterns]
    made = msgspec.structs.replace(
        made,
        notes=[*made.notes, *private.notes],
        patterns=naming.renamed(worded),
    )
    patterns_files.write_released(folder, known.made, wanted, made)
    return made


def _worded(one: Pattern, least: int) -> Pattern:
    """Each claim in words for the rounded count beside it, as the exact one's would give that away."""
    claims = [msgspec.structs.replace(c, text=reworded(c.text, c.shown, c.checked, least)) for c in one.claims]
    return msgspec.structs.replace(one, claims=claims)


def text_gate(folder: Folder) -> TextGate:
    """What looks at every name and claim: personal data, runs of words shared with any conversation, the auditor's rules.

    Args:
        folder: The study, whose conversations are read once, when the first text is looked at.
    """
    from selfrule.patterns.traits import vocabulary
    from selfrule.privacy.auditor import audit
    from selfrule.privacy.personal import found
    from selfrule.privacy.personal_presidio import where_installed
    from selfrule.privacy.spelled import spelled

    read: list[tuple[Quotations, bool]] = []
    # What many descriptions say is no common word for that: a model that copies makes one of any name that many speak of.
    own = vocabulary()

    def look(text: str) -> str | None:
        if found(text, where_installed()):
            return "personal"
        if spelled(text) or audit(text, own) is not None:
            return "auditor"
        if not read:
            read.append(_read(folder))
        index, whole = read[0]
        # where words were left out of the study nobody can tell what a model quotes: only the package's own words pass
        unsure = not whole and not own.issuperset(_WORD.findall(text.lower()))
        return "quotation" if unsure or index.runs(text) else None

    return look


def _read(folder: Folder) -> tuple[Quotations, bool]:
    """The runs of words of every conversation, and whether all their words are in the study; read part by part."""
    from selfrule.privacy.quotation import Quotations
    from selfrule.store.schemas import turns_of
    from selfrule.store.text import all_words_of, with_words

    index, whole = Quotations(), True
    for path in folder.parts("conversations"):
        there, row = with_words(path), 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS, columns=["turns"], use_threads=False):
                table = pa.Table.from_batches([batch])
                whole = whole and all_words_of(table)
                mine = there[row : row + batch.num_rows]
                row += batch.num_rows
                for turns in turns_of(table.filter(pa.array(mine)).combine_chunks()):
                    index.add("\n".join(turn.text for turn in turns))
    return index, whole
