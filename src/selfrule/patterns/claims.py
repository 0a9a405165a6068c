"""Claims that somebody made of a pattern, each held against members one by one; what fewer than half show is dropped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfrule.patterns.assemble import Rows
from selfrule.patterns.records import Claim
from selfrule.patterns.words import counts_by_itself, sentence

CHECKED = 50
"""Members that a claim is held against, at most."""

READ = 30
"""Members whose descriptions a name is made from, at most."""

MOST_NAME = 80
MOST_CLAUSE = 160
LEAST_TOLD = 0.5
"""Share of the members asked about that must have an answer for a claim to stand."""

_SPACE = re.compile(r"\s+")
_OPENING = re.compile(r"^(?:in (?:these|this|such) [^,]{1,40}, |here, )", re.IGNORECASE)


def drawn(rows: Rows, person: NDArray[np.int64], most: int, *, seed: int) -> Rows:
    """Some of the members, seeded, from as many people as can be: one of each before a second of any.

    A person with many conversations is else read for everybody.

    Args:
        rows: The members.
        person: Code of the person of every conversation, each unknown one with a code of its own; shape (n,).
        most: How many to draw.
        seed: The same seed draws the same.
    """
    rng = np.random.default_rng([seed, 11])
    shuffled = rng.permutation(rows)
    people = person[shuffled]
    order = np.argsort(people, kind="stable")
    starts = np.r_[True, people[order][1:] != people[order][:-1]]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    nth = np.empty(len(order), np.int64)
    nth[order] = np.arange(len(order)) - first
    return np.sort(shuffled[np.argsort(nth, kind="stable")[:most]])


def clause(text: str) -> str | None:
    """A claim as it was written, made fit to stand behind "In most, "; None where it cannot.

    One line, no full stop, no control characters, not too long, and no word or digit of its own that says how many: that is
    said by the count alone.
    """
    plain = _plain(text).rstrip(".!; ")
    plain = _OPENING.sub("", plain)
    if not plain or len(plain) > MOST_CLAUSE or counts_by_itself(plain):
        return None
    first = plain.split(" ", 1)[0]
    return plain if first.isupper() and len(first) > 1 else plain[:1].lower() + plain[1:]


def title(text: str) -> str | None:
    """A name as it was written, on one line; None where there is none, or it is too long or counts."""
    plain = _plain(text).strip("\"'“”‘’.: ")
    if not plain or len(plain) > MOST_NAME or counts_by_itself(plain):
        return None
    return plain[:1].upper() + plain[1:]


def _plain(text: str) -> str:
    kept = "".join(c for c in text if unicodedata.category(c)[0] != "C" or c in "\n\t")
    return _SPACE.sub(" ", kept).strip()


def counted(clauses: Sequence[str], said: Sequence[Sequence[bool | None]]) -> list[Claim]:
    """Claims with how many members show them, in their order; those that fewer than half show are left out.

    Args:
        clauses: What was claimed.
        said: For each member asked about, for each claim: shown, not shown, or not to be told (None); shape (m, c).
    """
    made = []
    for i, text in enumerate(clauses):
        told = [one[i] for one in said if one[i] is not None]
        if not told or len(told) < LEAST_TOLD * len(said):
            continue
        words = sentence(text, sum(map(bool, told)), len(told), len(said))
        if words is not None:
            made.append(Claim(text=words, shown=sum(map(bool, told)), checked=len(told)))
    return made
