"""Groups of conversations side by side: by model, product, language or study; as they are, and made alike."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.compare_alike import How, On, by_opening, strata_of, unstratified
from selfrule.analyses.compare_pairs import Setting
from selfrule.analyses.compare_records import By, Compare, Difference, Pair, Reached, Side, public
from selfrule.analyses.compare_words import CANNOT, method_of, notes_of, shows_of
from selfrule.analyses.figures import share
from selfrule.analyses.periods import periods_of
from selfrule.analyses.sample import Mask, Sample
from selfrule.errors import UsageError
from selfrule.estimate.cells import BY_ATTRIBUTE, Outcome
from selfrule.estimate.frame import Attribute
from selfrule.estimate.trend import benjamini_hochberg

OUTCOMES: tuple[Outcome, ...] = BY_ATTRIBUTE
"""What is compared unless told: flagged, each primitive moderate and severe, markers, factors."""

LEAST, LEAST_REPORT = 10, 30
"""Conversations that a group needs to be compared, and to be compared in the report."""

MOST = 30
"""Groups that are compared at most: those with most conversations."""

EVERY_TWO = 4
"""So many groups at most are compared each with each; of more, each with the one of most conversations."""


def compare_of(
    sample: Sample,
    by: By = "model",
    *,
    how: How = "weighted",
    on: Sequence[On] | None = None,
    to: str | None = None,
    outcomes: Sequence[Outcome] = OUTCOMES,
    least: int = LEAST,
) -> Compare:
    """Compare groups of conversations.

    Each share has Wilson's interval on its effective number of conversations, exact below ten events, people with many
    conversations accounted for. A difference's interval is put together from both by square-and-add, with the correlation
    that people in both groups give the two (`contrasts.contrast`); weights widen it as unequal weights do. p is one less the
    confidence with which the interval would just reach 0; Benjamini and Hochberg's adjustment is over all differences given.

    Args:
        sample: Everything; of several studies where `by` is "study" (`joining.joined`).
        by: What the groups are.
        how: "weighted" gives both groups of a pair a common mix of strata (domain and length); "matched" does so over exact
            sets of domains, length, language and month; "paired" over the person's first words, for scenarios that were
            held with each (`Sample.opening`).
        on: By what groups are made alike. None: domain and length, or where matched all of domain, length, language and month
            that the logs know, except `by` itself, and month between studies.
        to: The group that every other is compared with, and whose mix all are given. None: every two (up to four groups, else
            each with the largest), and the mix of all groups.
        outcomes: What is compared.
        least: Conversations that a group needs.

    Returns:
        The comparison; without pairs where fewer than two groups are large enough.

    Raises:
        UsageError: No conversation has what `by` asks for; there is no group `to`; or "paired" without openings.
    """
    attribute = _attribute(sample, by)
    counts = np.bincount(attribute.codes[attribute.codes >= 0], minlength=len(attribute.names))
    if to is not None and to not in attribute.names:
        raise UsageError(f"There is no {by} {to!r}. Known: {', '.join(attribute.names[:20])}.")
    ranked = sorted(range(len(counts)), key=lambda g: (0 if by == "study" else -int(counts[g]), g))
    enough = [g for g in ranked if counts[g] >= max(least, 1)]
    if to is not None and attribute.names.index(to) not in enough:
        raise UsageError(f"The {by} {to!r} has {counts[attribute.names.index(to)]} conversations, fewer than {least}.")
    chosen = enough[:MOST]
    if to is not None and attribute.names.index(to) not in chosen:
        chosen[-1] = attribute.names.index(to)
    renumber = np.full(len(counts) + 1, -1, np.int64)
    renumber[chosen] = np.arange(len(chosen))
    group = renumber[attribute.codes]
    names = [attribute.names[g] for g in chosen]
    used = _on(sample, by, how) if on is None else list(dict.fromkeys(on)) if how != "paired" else []
    reference = names.index(to) if to is not None else 0 if len(names) > EVERY_TWO else None
    sides = [_side(sample, group == g, name, outcomes) for g, name in enumerate(names)]
    plain = Setting(sample, group, len(names), unstratified(sample))
    again, order = by_opening(sample) if how == "paired" else (sample, np.arange(len(sample)))
    target = None if to is None else names.index(to)
    strata = strata_of(again, how, used)
    alike = Setting(again, group[order], len(names), strata, target, people=how != "paired")
    pairs = _pairs(plain, alike, names, reference, outcomes, again.rated)
    made = sum(d.alike.low is not None for pair in pairs for d in pair.differences)
    return Compare(
        shows=shows_of(by, how, used),
        cannot=CANNOT[by],
        method=method_of(by, how, used, given=to is not None, reference=reference is not None, intervals=made),
        conversations=len(sample),
        persons=sample.persons,
        unrated=int(np.count_nonzero(~sample.rated)),
        judge=sample.judge,
        rubric=sample.rubric,
        notes=notes_of(sample, by, how, pairs),
        by=by,
        how=how,
        on=used,
        reference=None if reference is None else names[reference],
        target=to,
        sides=sides,
        pairs=pairs,
        unknown=int(np.count_nonzero(attribute.codes < 0)),
        left_out=sorted(int(n) for g, n in enumerate(counts) if n and g not in chosen),
        shared=_shared(sample, group),
    )


def for_report(sample: Sample) -> Compare | None:
    """Models compared, or products where no log names a model; None where no two of them have thirty conversations."""
    for by in ("model", "product"):
        attribute = getattr(sample, by)
        if attribute is None:
            continue
        counts = np.bincount(attribute.codes[attribute.codes >= 0], minlength=len(attribute.names))
        if np.count_nonzero(counts >= LEAST_REPORT) >= 2:
            return compare_of(sample, by, least=LEAST_REPORT)
    return None


def _attribute(sample: Sample, by: By) -> Attribute:
    if by == "study":
        if sample.source is None or len(sample.studies) < 2:
            raise UsageError("To compare studies, name two or more. Got one instead.")
        return Attribute(sample.source.astype(np.int64), sample.studies)
    attribute: Attribute | None = getattr(sample, by)
    if attribute is None:
        raise UsageError(f"No conversation of the study has a {by}, so there is nothing to compare by {by}.")
    return attribute


def _on(sample: Sample, by: By, how: How) -> list[On]:
    """By what groups are made alike unless told."""
    if how == "paired":
        return []
    found: list[On] = ["domain", "length"]
    if how == "matched":
        if sample.language is not None and by != "language":
            found.append("language")
        if by != "study" and len(periods_of(sample.at)):  # studies are often of different months altogether
            found.append("month")
    return found


def _side(sample: Sample, rows: Mask, name: str, outcomes: Sequence[Outcome]) -> Side:
    return Side(
        name=name,
        conversations=int(np.count_nonzero(rows)),
        persons=sample.people_in(rows),
        shares=[Reached(construct=o.construct, level=o.level, share=share(sample, rows, o)) for o in outcomes],
    )


def _pairs(
    plain: Setting,
    alike: Setting,
    names: Sequence[str],
    reference: int | None,
    outcomes: Sequence[Outcome],
    known: Mask,
) -> list[Pair]:
    """Every two groups, the later against the earlier; or each against the reference."""
    many = range(len(names))
    chosen = [(g, h) for h in many for g in many if (g > h if reference is None else h == reference != g)]
    found = []
    for pair in chosen:
        differences = []
        for outcome in outcomes:
            one, other = plain.compared(pair, outcome), alike.compared(pair, outcome)
            differences.append(
                Difference(
                    construct=outcome.construct,
                    level=outcome.level,
                    plain=one.difference,
                    first=other.first,
                    second=other.second,
                    alike=other.difference,
                    p=other.p,
                )
            )
        like = alike.standard(pair, known)
        found.append(
            Pair(
                first=names[pair[0]],
                second=names[pair[1]],
                kept_first=like.kept[0],
                kept_second=like.kept[1],
                strata=like.strata,
                effective_first=like.effective[0],
                effective_second=like.effective[1],
                differences=differences,
            )
        )
    return _adjusted(found)


def _adjusted(pairs: list[Pair]) -> list[Pair]:
    """The pairs with p-values adjusted over all their differences."""
    values = iter(benjamini_hochberg([d.p for pair in pairs for d in pair.differences]))
    made = []
    for pair in pairs:
        found = []
        for d in pair.differences:
            q = next(values)
            found.append(msgspec.structs.replace(d, adjusted=q, stands_out=q is not None and q <= 0.05))
        made.append(msgspec.structs.replace(pair, differences=found))
    return made


def _shared(sample: Sample, group: NDArray[np.int64]) -> int:
    """Known people in two groups or more."""
    known = (sample.person >= 0) & (group >= 0)
    if not known.any():
        return 0
    cluster, of = sample.cluster[known], group[known]
    least, most = np.full(sample.clusters, np.iinfo(np.int64).max), np.full(sample.clusters, -1)
    np.minimum.at(least, cluster, of)
    np.maximum.at(most, cluster, of)
    return int(np.count_nonzero((most >= 0) & (most > least)))


__all__ = ["By", "Compare", "How", "On", "compare_of", "for_report", "public"]
