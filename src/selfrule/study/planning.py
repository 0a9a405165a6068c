"""A plan: how many conversations to screen, rate and label for an interval, or the interval that a budget buys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfrule.estimate.allotting import Offer, Score, fewest, narrowest, offers
from selfrule.estimate.expecting import Found, Seen, Way, groups_of
from selfrule.estimate.planning import Floats, Worlds, worlds
from selfrule.study.plan_labels import Aim, Labelling, Shown
from selfrule.study.plan_records import Draw, Expected, Option, Plan, Question, Target
from selfrule.study.plan_words import in_vain, too_dear, too_few_labels, too_wide, why

WAYS: tuple[Way, ...] = ("two judges", "random", "screened", "study")

WORTH_PRINTING = Target(0.5, relative=True)
"""What is asked of the share as rated where nothing else is."""

Names = Callable[[int], str]


def make(question: Question, names: Names = lambda place: f"stratum {place + 1}") -> Plan:
    """Simulate the designs and choose the one with the fewest ratings that does what is wanted.

    Designs: two judges (the cheap one reads everything, the other a sample drawn by the cheap one's score), a random
    sample, and what the screen keeps with a random part of what it drops. The study's way, which rates what the screen
    keeps and counts the rest as none, stands beside them and is never chosen: its interval does not know what it missed.

    Args:
        question: What is asked.
        names: The name of a stratum of the cheap judge.

    Returns:
        The plan. Where a budget does not cover what the screen keeps, designs that need it are left out.
    """
    w = worlds(question.prior, question.simulations, question.seed)
    ways: tuple[Way, ...] = WAYS
    if question.free:
        ways = ("random",)
    elif len(w.share) == 1:
        ways = ("random",)  # too few for strata
    elif w.kept == len(w.share):
        ways = ("two judges", "random")
    options = [made for way in ways if (made := _option(question, w, way, names)) is not None]
    honest = [option for option in options if option.honest]
    met = [option for option in honest if not option.unmet]
    chosen = min(met or honest, key=lambda option: _rank(question, option, bool(met)))
    judged = w.total(w.judged)
    right = np.divide(w.total(w.found), judged, out=np.zeros_like(judged), where=judged > 0)
    return Plan(
        outcome=question.outcome,
        judge=question.judge,
        conversations=w.n,
        truth=question.prior.prevalence,
        as_rated=float(np.median(judged)),
        right=float(np.median(right)),
        options=options,
        chosen=chosen.way,
        why=why(question, chosen, honest, bool(met)),
        assumptions=question.assumptions,
        simulations=question.simulations,
        seed=question.seed,
    )


def _rank(question: Question, option: Option, met: bool) -> tuple[float, ...]:
    """Less is better: ratings where a width is met; else how wide figures are."""
    if met and (question.width is not None or question.affordable is None):
        return option.ratings, option.labelled
    wide = option.relative * (option.confirmed.width[1] if option.labelled else 1.0)
    return len(option.unmet), wide


def _option(question: Question, w: Worlds, way: Way, names: Names) -> Option | None:
    offer, unmet = _ratings(question, w, way)
    if offer is None:
        return None
    shown, lacking = _labels(question, Labelling(w, way, offer, question.levels, question.first))
    rated = offer.seen.rated
    judged = np.maximum(w.total(w.judged), 1e-300)
    price = question.price
    return Option(
        way=way,
        honest=way != "study",
        screened=0 if way == "random" else w.n,
        ratings=offer.total,
        draws=_draws(w, offer, names),
        dollars=None if price.each is None else offer.total * price.each,
        dollars_cached=None if price.cached is None else offer.total * price.cached,
        labels={name: n for name, n in shown.labels.items() if n},
        hours=shown.total * (1 + question.doubles) * question.seconds / 3600,
        rated=_expected(rated),
        relative=float(np.mean(rated.width / 2 / judged)),
        confirmed=_expected(shown.confirmed),
        missed=_expected(shown.missed),
        reached=_reached(question.width, rated, judged),
        unmet=unmet + lacking,
    )


def _ratings(question: Question, w: Worlds, way: Way) -> tuple[Offer | None, list[str]]:
    """What is rated, and what is wanted of it in vain. None where a budget does not cover a design's first step."""
    target, most = question.width, question.affordable
    score = _score(target, w)
    if question.free:
        offer = offers(w, "random", w.n)[0]
        return offer, too_wide(target, score(offer.seen), w.n)
    kept = round(float(w.share[: w.kept].sum()) * w.n) if way in ("screened", "study") else 0
    if way == "study":
        return (None, []) if most is not None and most < kept else (offers(w, way, 1)[0], [])
    if most is not None and (most - kept < 1 or most < len(groups_of(w, way))):
        return None, []
    every = w.n - kept
    room = every if most is None else min(most - kept, every)
    if target is None and most is not None:
        return narrowest(w, way, room, score), []
    goal = target or WORTH_PRINTING
    enough = _enough(question, w, way, every, goal, score)
    if enough is not None and enough.total <= room + kept:
        return enough, []
    offer = narrowest(w, way, room, score)
    got = score(offer.seen)
    if target is None or got <= target.width:
        return offer, []
    if enough is not None:
        return offer, [too_dear(question, target, got, enough.total)]
    return offer, too_wide(target, score(narrowest(w, way, every, score).seen), w.n)


def _enough(question: Question, w: Worlds, way: Way, every: int, goal: Target, score: Score) -> Offer | None:
    """The fewest ratings that are narrow enough, and flag enough for labels to confirm if that is possible at all."""
    found = fewest(w, way, every, score, goal.width)
    if found is None or question.confirm is None:
        return found
    aim = Aim(question.first, question.confirm)

    def short(offer: Offer) -> bool:
        labelling = Labelling(w, way, offer, question.levels, question.first)
        most = question.labellable
        return not labelling.show(labelling.most if most is None else min(most, labelling.most)).reaches(aim)

    if not short(found):
        return found
    return fewest(w, way, every, score, goal.width, also=lambda offer: not short(offer)) or found


def _labels(question: Question, labelling: Labelling) -> tuple[Shown, list[str]]:
    """What is labelled, and what is wanted of labels in vain."""
    most = question.labellable
    aim = Aim(question.first, question.confirm, question.missed)
    if aim.confirm is None and aim.missed is None:
        return (labelling.show(0) if most is None else labelling.narrowest(most)), []
    room = labelling.most if most is None else min(most, labelling.most)
    enough = labelling.fewest(aim)
    if enough is not None and enough.total <= room:
        return enough, []
    if enough is not None:
        return labelling.narrowest(room), [too_few_labels(question, enough.total)]
    return _possible(labelling, aim, room), in_vain(labelling, aim)


def _possible(labelling: Labelling, aim: Aim, room: int) -> Shown:
    """Labels for that one of two wishes which they can meet; all that may be given where they meet none."""
    for one in (aim._replace(missed=None), aim._replace(confirm=None)):
        if one != aim and (one.confirm, one.missed) != (None, None):
            found = labelling.fewest(one)
            if found is not None and found.total <= room:
                return found
    return labelling.narrowest(room)


def _draws(w: Worlds, offer: Offer, names: Names) -> list[Draw]:
    groups = offer.seen.groups
    found = []
    for k, (g, drawn) in enumerate(zip(groups, offer.drawn.tolist(), strict=True)):
        name = "all conversations"
        if len(groups) > 1:
            screened = g.stop - g.start > 1 or len(groups) < len(w.share)
            name = ("kept by the screen", "dropped by the screen")[min(k, 1)] if screened else names(k)
        found.append(Draw(name, round(float(w.share[g].sum()) * w.n), round(drawn)))
    return found


def _score(target: Target | None, w: Worlds) -> Score:
    judged = np.maximum(w.total(w.judged), 1e-300)

    def absolute(seen: Seen) -> float:
        return float(np.mean(seen.rated.width))

    def relative(seen: Seen) -> float:
        return float(np.mean(seen.rated.width / 2 / judged))

    return absolute if target is not None and not target.relative else relative


def _reached(target: Target | None, rated: Found, judged: Floats) -> float | None:
    if target is None:
        return None
    width = rated.width / 2 / judged if target.relative else rated.width
    return float(np.mean(width <= target.width))


def _expected(found: Found) -> Expected:
    had = ~np.isnan(found.high)
    low, high = (float(x) for x in np.percentile(found.width, (10, 90)))
    middle = float(np.mean(found.width))
    if had.mean() < 0.5:
        return Expected(None, None, None, (low, middle, high), float(had.mean()))
    share = found.share[had]
    typical = None if np.isnan(share).all() else float(np.median(share))
    limits = float(np.median(found.low[had])), float(np.median(found.high[had]))
    return Expected(typical, *limits, (low, middle, high), float(had.mean()))
