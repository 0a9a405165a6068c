"""Approval: how often a thumb is up in flagged conversations, of each primitive, marker and factor, against the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from selfrule.analyses.approval_records import OUTCOMES, PUBLISHED, Approval, Direction, Group, Study, Verdict
from selfrule.analyses.approval_strata import APART, Strata, alike, logistic, odds_ratio, strata_of
from selfrule.analyses.contrasts import Contrast, contrast
from selfrule.analyses.figures import Figure, share
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import Clustering, clustering, persons_of
from selfrule.estimate.intervals import CONFIDENCE
from selfrule.estimate.multiplicity import together
from selfrule.estimate.reference import SOURCE, published
from selfrule.estimate.trend import benjamini_hochberg
from selfrule.privacy import hidden

NO_THUMB = "none of it has a thumb"
NONE_SEEN = "none of it was seen"
NOT_RATED = "it was not rated"
ONE_PERSON = "one of the two is of one person: no interval"
NO_OTHER = "one of the two has no conversation"
_UP = Outcome("thumb", "up", 1, 1)
_METHOD = (
    "Shares: Wilson's interval on the effective number of conversations, exact below ten events. Differences: square-and-add "
    "of both intervals, with the likeness of people in both. Adjusted: Mantel and Haenszel's risk difference and odds ratio "
    "over the cells of domain by length, and the odds ratio of a logistic regression on group, domains and length. All "
    "intervals take people as clusters."
)


def approval_of(sample: Sample, outcomes: Sequence[Outcome] = OUTCOMES) -> Approval:
    """Thumbs of each group beside the rest, raw and adjusted for domain and length.

    Args:
        sample: Everything.
        outcomes: What makes a group. Groups may overlap: a conversation may be of several primitives.
    """
    rated = sample.rated
    with_thumb = sample.where(rated & (sample.thumb >= 0))
    strata = strata_of(with_thumb)
    groups = [_group(sample, with_thumb, strata, outcome) for outcome in outcomes]
    adjusted = benjamini_hochberg([group.q for group in groups])
    figures = published()["thumbs_total"]
    made = Approval(
        shows="How often the thumb that people gave was up, in flagged conversations and in the rest.",
        cannot=(
            "It cannot say what people without a thumb thought, nor what anyone thought later: few give one, who does and "
            "when is not random, and groups differ in more than the domain and length that were adjusted for."
        ),
        method=_METHOD,
        conversations=int(np.count_nonzero(rated)),
        persons=sample.people_in(rated),
        unrated=int(np.count_nonzero(~rated)),
        judge=sample.judge,
        rubric=sample.rubric,
        baseline=share(dataclasses.replace(sample, column={_UP.construct: sample.thumb}), rated, _UP),
        unrated_thumbs=int(np.count_nonzero(~rated & (sample.thumb >= 0))),
        groups=[replace(group, q=q) for group, q in zip(groups, adjusted, strict=True)],
        study=Study(
            n=figures["n"],
            up=figures["positive_percent"] / 100,
            source=SOURCE,
            population="Another population: conversations with Claude.ai to which people gave a thumb, October 2024 to "
            "November 2025.",
        ),
    )
    return replace(made, notes=_notes(made))


def for_report(sample: Sample) -> Approval | None:
    """The analysis with its defaults; None where no conversation that was rated has a thumb."""
    return approval_of(sample) if bool(np.any(sample.rated & (sample.thumb >= 0))) else None


def _group(sample: Sample, with_thumb: Sample, strata: Strata, outcome: Outcome) -> Group:
    hits, known = sample.reaches(outcome)
    inside, outside = hits & known, ~hits & known
    given = contrast(sample, sample.thumb >= 0, inside, outside)
    in_thumbs, known_thumbs = with_thumb.reaches(outcome)
    one, other = in_thumbs & known_thumbs, ~in_thumbs & known_thumbs
    up = with_thumb.thumb == 1
    raw = contrast(with_thumb, up, one, other)
    made = alike(with_thumb, strata, one, other)
    adjusted = contrast(with_thumb, up, one, other, made)
    difference = _difference(raw, with_thumb, one | other)
    less = float(with_thumb.weight[other].sum() / max(with_thumb.weight[one | other].sum(), 1e-300))
    matched = _difference(adjusted, with_thumb, made > 0)
    if adjusted is None and raw is not None:
        matched = replace(matched, reason=APART)
    lost = [int(np.count_nonzero(arm & (sample.thumb < 0))) for arm in (inside, outside)]
    none = NONE_SEEN if known.any() else NOT_RATED
    direction = PUBLISHED.get(outcome.construct) if outcome in OUTCOMES else None
    return Group(
        construct=outcome.construct,
        level=outcome.level,
        up=_share(with_thumb, one, up, raw.one if raw else None, missing=lost[0], none=none),
        rest=_share(with_thumb, other, up, raw.other if raw else None, missing=lost[1], none=none),
        difference=difference,
        baseline_difference=_times(difference, less),
        adjusted=matched,
        odds_ratio=odds_ratio(with_thumb, strata, up, one, other),
        logistic=logistic(with_thumb, strata, up, one, other),
        given=_share(sample, inside, sample.thumb >= 0, given.one if given else None, none=none),
        given_rest=_share(sample, outside, sample.thumb >= 0, given.other if given else None, none=none),
        given_difference=_difference(given, sample, inside | outside),
        q=None if raw is None or _of_one(raw, with_thumb) else raw.p,
        published=direction,
        verdict=_verdict(difference, direction),
        adjusted_verdict=_verdict(matched, direction),
    )


def _share(
    sample: Sample, rows: Mask, hits: Mask, got: Clustering | None, *, missing: int = 0, none: str = NONE_SEEN
) -> Figure:
    n, persons = int(np.count_nonzero(rows)), sample.people_in(rows)
    if not n:
        return Figure(persons=persons, events=0, missing=missing, reason=NO_THUMB if missing else none)
    if got is None:
        got = clustering(persons_of(sample.person[rows], sample.weight[rows]), hits[rows])
    low, high = got.exact_if_few()
    return Figure(value=got.share, low=low, high=high, n=n, persons=persons, events=got.events, missing=missing)


def _difference(got: Contrast | None, sample: Sample, rows: Mask) -> Figure:
    n, persons = int(np.count_nonzero(rows)), sample.people_in(rows)
    if got is None:
        return Figure(n=n, persons=persons, reason=NO_OTHER)
    if _of_one(got, sample):
        return Figure(value=got.difference, n=n, persons=persons, reason=ONE_PERSON)
    low, high = got.limits()
    return Figure(value=got.difference, low=low, high=high, n=n, persons=persons)


def _of_one(got: Contrast, sample: Sample) -> bool:
    """Whether one of the two is of one person alone, who says nothing of others; in a study of one person all is."""
    return min(got.one.clusters, got.other.clusters) == 1 < sample.clusters


def _times(figure: Figure, part: float) -> Figure:
    """A difference from the rest made one from the baseline, of which the rest is a part: p1 - (f p1 + (1 - f) p0)."""
    if figure.value is None:
        return figure
    if figure.low is None or figure.high is None:
        return replace(figure, value=figure.value * part)
    return replace(figure, value=figure.value * part, low=figure.low * part, high=figure.high * part)


def _verdict(difference: Figure, direction: Direction | None) -> Verdict | None:
    if direction is None:
        return None
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return "cannot tell"
    return "as in the study" if (difference.low > 0) == (direction == "above") else "the other way"


def _notes(made: Approval) -> list[str]:
    """What a reader should know first, from what the record shows alone."""
    said = []
    told = [group for group in made.groups if group.verdict is not None and group.difference.value is not None]
    if told:
        raw, alike_ = (_agreeing(told, name) for name in ("verdict", "adjusted_verdict"))
        said.append(
            f"Of {len(told)} comparisons with the direction that the study found, {raw}: the interval holds 0. With domain and "
            f"length alike, {alike_}."
        )
    tested = [group for group in made.groups if group.q is not None]
    if len(tested) > 1:
        out = sum(group.q is not None and group.q <= 1 - CONFIDENCE for group in tested)
        rate = f"{out} of them stand out" if out != 1 else "1 of them stands out"
        said.append(
            f"{together(len(tested))} With the number of comparisons accounted for (Benjamini and Hochberg, 5 %), {rate}."
        )
    if made.unrated_thumbs:
        many = made.unrated_thumbs > 1
        said.append(
            f"{made.unrated_thumbs:,} conversation{'s' * many} with a thumb could not be rated and {'are' if many else 'is'} "
            "in no group."
        )
    return said


def _agreeing(groups: Sequence[Group], name: str) -> str:
    verdicts = [getattr(group, name) for group in groups]
    same, other = verdicts.count("as in the study"), verdicts.count("the other way")
    agree, go = "agrees" if same == 1 else "agree", "goes" if other == 1 else "go"
    return f"{same} {agree} with it, {other} {go} the other way, {len(groups) - same - other} cannot tell"


def public(result: Approval, k: int) -> Approval:
    """The analysis without groups of fewer than k conversations, or people where the study knows at least k.

    Group and rest are a partition of all thumbs: where one is too small, neither is shown.
    """
    people = (result.persons or 0) >= k
    baseline, gone = _gated([result.baseline], k, people)
    groups, out = [], gone
    for group in result.groups:
        thumbs, given = [group.up, group.rest], [group.given, group.given_rest]
        (up, rest), lost = _gated(thumbs, k, people, also=gone > 0)
        (mine, others), dropped = _gated(given, k, people)
        changed = replace(group, up=up, rest=rest, given=mine, given_rest=others)
        if lost:
            why = Figure(reason="small" if "small" in {up.reason, rest.reason} else "complementary")
            changed = replace(
                changed, difference=why, baseline_difference=why, adjusted=why, odds_ratio=why, logistic=why, q=None,
                verdict=None, adjusted_verdict=None,
            )  # fmt: skip
            lost += 5
        if dropped:
            changed = replace(
                changed,
                given_difference=Figure(reason="small"),
                up=replace(changed.up, missing=0),
                rest=replace(changed.rest, missing=0),
            )
            dropped += 1
        groups.append(changed)
        out += lost + dropped
    made = replace(result, baseline=baseline[0], groups=groups, withheld=result.withheld + out)
    return replace(made, notes=_notes(made))


def _gated(figures: list[Figure], k: int, people: bool, *, also: bool = False) -> tuple[list[Figure], int]:
    """Figures of a partition without the small ones, and how many were taken out."""
    sizes = [min(f.n, f.persons) if people and f.persons else f.n for f in figures]  # nobody known: conversations alone
    why = hidden(sizes, k)
    why = ["complementary" if also and w is None and f.n else w for w, f in zip(why, figures, strict=True)]
    return [f if w is None else Figure(reason=w) for f, w in zip(figures, why, strict=True)], sum(
        w is not None for w in why
    )


__all__ = ["OUTCOMES", "Approval", "Group", "approval_of", "for_report", "public"]
