"""The two sides of a change: periods, models or products, as masks over a sample."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from selfrule.analyses.change_groups import complete, distinct
from selfrule.analyses.change_records import By, Slice
from selfrule.analyses.periods import periods_of
from selfrule.analyses.sample import Mask, Sample
from selfrule.errors import UsageError
from selfrule.estimate.frame import NO_TIME, Attribute

_DAY = r"(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?"
_SPAN = re.compile(rf"(?P<first>{_DAY})(?:\.\.(?P<last>{_DAY}))?")
_MANY = 6  # names that an error message lists at most


@dataclass(frozen=True)
class Side:
    """One of two sets of conversations: a name, as "2026-01..2026-03" or that of a model, and which rows; shape (n,)."""

    name: str
    rows: Mask


def period(sample: Sample, text: str) -> Side:
    """The conversations that began in a span of months or days.

    Args:
        sample: Everything.
        text: "2026-01..2026-03" or "2026-01-05..2026-01-18", both ends in it; "2026-01" for one month. UTC.

    Raises:
        UsageError: It is no such span, or its end is before its beginning.
    """
    got = _SPAN.fullmatch(text.strip())
    try:
        low, high = _bounds(got["first"])[0], _bounds(got["last"] or got["first"])[1]  # type: ignore[index]
    except (TypeError, ValueError):
        wanted = "months or days such as 2026-01..2026-03 or 2026-01-05..2026-01-18"
        raise UsageError(f"A period must be {wanted}. Got {text!r} instead.") from None
    if low >= high:
        raise UsageError(f"A period must end after it begins. Got {text!r} instead.")
    return Side(text.strip(), (sample.at != NO_TIME) & (sample.at >= low) & (sample.at < high))


def _bounds(text: str) -> tuple[int, int]:
    """Start of a month or day and of the next one, milliseconds since 1970 UTC."""
    start = np.datetime64(text)  # its unit is that of the text: a month or a day
    return tuple(int(t.astype("datetime64[ms]").astype(np.int64)) for t in (start, start + 1))  # type: ignore[return-value]


def halves(sample: Sample) -> tuple[Side, Side] | None:
    """The first half of the complete months of a sample, and the second; None where there are fewer than two.

    An odd month in the middle is of neither, so that both are equally long.
    """
    periods = periods_of(sample.at)
    if not len(periods):
        return None
    first, last = complete(sample.at)
    half = (last - first + 1) // 2
    if half < 1:
        return None
    spans = ((first, first + half - 1), (last - half + 1, last))
    one, two = (
        Side(_span(periods.names[a], periods.names[b]), (periods.code >= a) & (periods.code <= b)) for a, b in spans
    )
    return one, two


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"


def _there(sample: Sample, side: Side) -> Side:
    """The side, once it is sure that it holds a conversation."""
    if not side.rows.any():
        names = periods_of(sample.at).names
        known = f"They are from {names[0]} to {names[-1]}." if names else "None has a time."
        raise UsageError(f"No conversation of this study began in {side.name}. {known}")
    return side


def named(sample: Sample, by: By, name: str) -> Side:
    """The conversations of one model or product.

    Raises:
        UsageError: There is none of that name.
    """
    attribute = _attribute(sample, by)
    if attribute is None:
        raise UsageError(f"No conversation of this study names its {by}, so that sides cannot be made by it.")
    if name not in attribute.names:
        seen = np.bincount(attribute.codes[attribute.codes >= 0], minlength=len(attribute.names))
        most = [attribute.names[i] for i in np.argsort(-seen, kind="stable")[:_MANY] if seen[i]]
        more = ", ..." if np.count_nonzero(seen) > len(most) else ""
        raise UsageError(f"There is no {by} {name!r} in this study. Known: {', '.join(most)}{more}.")
    return Side(name, np.asarray(attribute.codes == attribute.names.index(name)))


def sides(sample: Sample, by: By, first: str | None = None, second: str | None = None) -> tuple[Side, Side]:
    """Two sides by their names; for periods the halves of the series unless told.

    Raises:
        UsageError: One alone is named, there is none of that name, or there are not two complete months to take halves of.
    """
    if first is None and second is None and by == "period":
        got = halves(sample)
        if got is None:
            raise UsageError(
                "There are not two complete months to set against each other. Name two periods (--between 2026-01..2026-03 "
                "--and 2026-04..2026-06), two models (--models A B) or two products (--products A B)."
            )
        return got
    if first is None or second is None:
        raise UsageError(f"Two sides are needed, by {by}. Got {first!r} and {second!r} instead.")
    if by == "period":
        return _there(sample, period(sample, first)), _there(sample, period(sample, second))
    return named(sample, by, first), named(sample, by, second)


def slices(sample: Sample, by: By, first: Side, second: Side, used: Mask) -> list[Slice]:
    """Conversations and people of every month, model or product on either side and on neither: what subtraction could use.

    Args:
        sample: Everything.
        by: What the sides are.
        first: One side.
        second: The other.
        used: Conversations whose outcome is known; shape (n,).
    """
    attribute = _attribute(sample, by)
    code = (
        periods_of(sample.at).code
        if by == "period"
        else np.full(len(sample), -1)
        if attribute is None
        else attribute.codes
    )
    side = np.where(second.rows, 2, np.where(first.rows, 1, 0))
    there = used & ((code >= 0) | (side > 0))
    if not there.any():
        return []
    key = np.maximum(code[there] + 1, 0).astype(np.int64) * 3 + side[there]
    n = np.bincount(key)
    known = sample.person[there] >= 0
    persons = distinct(sample.cluster[there][known], key[known], len(n))
    return [Slice(int(i) % 3, int(n[i]), int(persons[i])) for i in np.flatnonzero(n)]


def _attribute(sample: Sample, by: By) -> Attribute | None:
    return sample.model if by == "model" else sample.product if by == "product" else None


def check(sample: Sample, first: Side, second: Side) -> None:
    """See that the two sides are of the sample and hold no conversation in common.

    Raises:
        UsageError: They do, or a mask has another shape.
    """
    for side in (first, second):
        if np.shape(side.rows) != (len(sample),):
            raise UsageError(f"The rows of a side must have shape {(len(sample),)}. Got {np.shape(side.rows)} instead.")
    both = int(np.count_nonzero(first.rows & second.rows))
    if both:
        raise UsageError(
            f"The two sides must have no conversation in common. {first.name!r} and {second.name!r} share {both:,}."
        )
