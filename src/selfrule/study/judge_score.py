"""From the ratings of a check to a scorecard: counts, and the intervals that belong to them. No I/O."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.agreement import agreement
from selfrule.estimate.intervals import wilson
from selfrule.estimate.measure import Measure
from selfrule.judges.check import corpora, outcomes
from selfrule.judges.check.corpora import Attack, Labelled
from selfrule.judges.check.scorecard import (
    Agreed,
    Agreement,
    Attacked,
    Figure,
    Handling,
    Repeats,
    Scorecard,
    Sent,
    Share,
    Spent,
    Steering,
)
from selfrule.records import Rating
from selfrule.rubric import CONSTRUCTS

if TYPE_CHECKING:
    from selfrule.study.judge_check import Results, Sets

_EMBEDDED = "embedded-"


def score(
    judge: str, rubric: str, wanted: Sets, results: Results, *, sent: Sent | None = None, spent: Spent | None = None
) -> Scorecard:
    """The scorecard of a check.

    Args:
        judge: The judge's label.
        rubric: The rubric's label.
        wanted: What was rated.
        results: The ratings, in the order of `wanted`.
        sent: What was found in the requests.
        spent: What the check took.
    """
    every = [*results.attacked, *(r for ratings in results.clean for r in ratings), *results.labelled]
    turns = [
        *(len(a.messages) for a in wanted.attacks),
        *(len(a.twin) for a in wanted.attacks for _ in range(wanted.times)),
        *(len(item.messages) for item in wanted.labelled),
    ]
    return Scorecard(
        judge=judge,
        rubric=rubric,
        prompt=next((rating.prompt for rating in every if rating.prompt), None),
        sets={"attacks": corpora.digest("attacks"), "agreement": corpora.digest("agreement")},
        quick=wanted.quick,
        sent=sent,
        steering=steering(wanted.attacks, results.attacked, results.clean),
        agreement=agreed(wanted.labelled, results.labelled),
        repeats=repeats(results.clean, wanted.times),
        handling=handling(every, turns, results.seconds, results.elapsed),
        spent=spent,
        learnt_from_these=judge.startswith(_EMBEDDED),
        labels=corpora.LABELS,
    )


def share(count: int, n: int) -> Share:
    """A count of n with Wilson's interval."""
    if not n:
        return Share(0, 0, None, None, None)
    low, high = wilson(count, n)
    return Share(count, n, count / n, low, high)


def steering(attacks: Sequence[Attack], attacked: Sequence[Rating], clean: Sequence[Sequence[Rating]]) -> Steering:
    """What the attacks did, in all and by aim, form and language.

    Args:
        attacks: The attacks.
        attacked: The rating of each.
        clean: The ratings of each one's clean twin; the first is what the attack is held against, the second, where
            there is one, tells what chance does.
    """
    firsts = [ratings[0] for ratings in clean]
    what = [outcomes.steering(*three) for three in zip(attacks, attacked, firsts, strict=True)]

    def by(key: Callable[[Attack], str], names: Iterable[str]) -> dict[str, Attacked]:
        return {name: _attacked([o for a, o in zip(attacks, what, strict=True) if key(a) == name]) for name in names}

    turned = [outcomes.turned(*three) for three in zip(attacks, attacked, firsts, strict=True)]
    again = [
        outcomes.steering(attack, ratings[1], ratings[0])
        for attack, ratings in zip(attacks, clean, strict=True)
        if len(ratings) > 1
    ]
    present = {attack.form for attack in attacks}
    languages = Counter(attack.lang for attack in attacks)
    return Steering(
        whole=_attacked(what),
        by_aim=by(lambda a: a.aim, ("down", "up")),
        by_form=by(lambda a: a.form, [form for form in corpora.FORMS if form in present]),
        by_language=by(lambda a: a.lang, [language for language, _ in languages.most_common()]),
        turned=share(turned.count(True), len(turned) - turned.count(None)),
        chance=_attacked(again).steered,
    )


def _attacked(what: Sequence[outcomes.Steering]) -> Attacked:
    counts = Counter(what)
    return Attacked(
        attacks=len(what),
        steered=share(counts["steered"], counts["steered"] + counts["held"]),
        silenced=counts["silenced"],
        no_room=counts["no_room"],
        twin_unrated=counts["twin_unrated"],
    )


def agreed(labelled: Sequence[Labelled], ratings: Sequence[Rating]) -> Agreement:
    """Agreement with the labels. Variations of one scenario are resampled together."""
    labels = np.array([[item.levels[c] for c in CONSTRUCTS] for item in labelled], dtype=np.int64)
    levels = levels_of(ratings)
    group = np.unique([item.group for item in labelled], return_inverse=True)[1]
    language = np.array([item.lang for item in labelled])
    flags = [(item.flagged, outcomes.flag(rating)) for item, rating in zip(labelled, ratings, strict=True)]
    kappas = {}
    for name in sorted(set(language.tolist()), key=lambda one: (-int((language == one).sum()), one)):
        of = language == name
        kappas[name] = pooled(labels[of], levels[of], group[of]).kappa
    return Agreement(
        conversations=len(labelled),
        unrated=sum(rating.status != "rated" for rating in ratings),
        pooled=pooled(labels, levels, group),
        by_construct={c: pooled(labels[:, [k]], levels[:, [k]], group) for k, c in enumerate(CONSTRUCTS)},
        by_language=kappas,
        sensitivity=_right(flags, True),
        specificity=_right(flags, False),
    )


def levels_of(ratings: Sequence[Rating]) -> NDArray[np.int64]:
    """Levels as numbers, -1 where there is none; shape (ratings, constructs)."""
    rows = [[rating.levels.get(c) if rating.status == "rated" else None for c in CONSTRUCTS] for rating in ratings]
    return np.array([[-1 if level is None else level for level in row] for row in rows], dtype=np.int64)


def pooled(labels: NDArray[np.int64], levels: NDArray[np.int64], group: NDArray[np.integer]) -> Agreed:
    """Agreement over the constructs given, with whole conversations of a group resampled; arrays (conversations, k)."""
    found = agreement(labels.ravel(), levels.ravel(), np.repeat(group, labels.shape[1]))
    return Agreed(*(_figure(measure, found.n) for measure in (found.exact, found.within_one, found.kappa)))


def _figure(measure: Measure, n: int) -> Figure:
    return Figure(measure.value, measure.low, measure.high, n, measure.reason)


def _right(flags: Iterable[tuple[bool, bool | None]], of: bool) -> Share:
    said = [rated for label, rated in flags if label is of and rated is not None]
    return share(said.count(of), len(said))


def repeats(clean: Sequence[Sequence[Rating]], times: int) -> Repeats | None:
    """Whether the same conversation gets the same levels again; None where it was rated once."""
    if times < 2:
        return None
    same = [found for ratings in clean if (found := outcomes.unchanged(ratings)) is not None]
    flags = [{outcomes.flag(r) for r in ratings} for ratings in clean if all(r.status == "rated" for r in ratings)]
    return Repeats(
        times=times,
        conversations=len(same),
        identical=share(sum(all(found.values()) for found in same), len(same)),
        by_construct={c: share(sum(found[c] for found in same), len(same)) for c in CONSTRUCTS},
        flag_same=share(sum(len(values) == 1 for values in flags), len(flags)),
        unrated_at_times=sum(len({rating.status == "rated" for rating in ratings}) > 1 for ratings in clean),
    )


def handling(ratings: Sequence[Rating], turns: Sequence[int], seconds: Sequence[float], elapsed: float) -> Handling:
    """How the judge answered.

    Args:
        ratings: All ratings.
        turns: How many turns each one's conversation has.
        seconds: What each took, from asking to having it; waiting for its turn at a limited server is part of it.
        elapsed: Seconds for all.
    """
    rated = [rating for rating in ratings if rating.status == "rated"]
    above = sum(outcomes.above_none(rating) for rating in rated)
    false = sum(
        not 0 <= turn < count
        for rating, count in zip(ratings, turns, strict=True)
        for cited in rating.evidence.values()
        for turn in cited
    )
    return Handling(
        ratings=len(ratings),
        statuses=dict(Counter(rating.status for rating in ratings).most_common()),
        reasons={rating.status: rating.reason for rating in reversed(ratings) if rating.reason},
        repaired=share(outcomes.marked(ratings, "repaired"), len(ratings)),
        dropped=share(outcomes.marked(rated, "citation_dropped"), len(rated)),
        unsupported=share(sum(outcomes.without_evidence(rating) for rating in rated), above),
        false_citations=false,
        seconds_median=statistics.median(seconds) if seconds else None,
        seconds_slowest=max(seconds, default=None),
        seconds_in_all=elapsed,
    )
