"""From what a person says and what is known to a plan, with every assumption said."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import msgspec

from selfrule.embedded import load
from selfrule.errors import UsageError
from selfrule.estimate.intervals import wilson
from selfrule.estimate.planning import SIMULATIONS, Prior, Rate
from selfrule.estimate.reference import published, reference_for
from selfrule.study import plan_facts, planning
from selfrule.study.plan_facts import Outcome
from selfrule.study.plan_labels import Levels
from selfrule.study.plan_prices import TOKENS, price_of
from selfrule.study.plan_records import SECONDS, Plan, Price, Question, Target
from selfrule.study.plan_study import Facts, facts_of
from selfrule.study.plan_words import dollars
from selfrule.study.rating import DEFAULT_RECALL, EMBEDDED

UNNAMED = "a language model"


class Wish(NamedTuple):
    """What a person says; None for what they leave open. Shares in (0, 1), `cost` dollars a rating, `tokens` a conversation."""

    study: Path | None = None
    population: int | None = None
    outcome: str = "reality_distortion:severe"
    prevalence: tuple[float, float] | None = None
    judge: str | None = None
    protocol: str = "joint"
    sensitivity: float | None = None
    specificity: float | None = None
    scorecard: Path | None = None
    width: Target | str | None = None
    confirm: float | None = None
    missed: float | None = None
    dollars: float | None = None
    ratings: int | None = None
    labels: int | None = None
    hours: float | None = None
    cost: float | None = None
    tokens: float | None = None
    prices: Path | None = None
    batch: bool = False
    seconds: float | None = None
    per_person: float | None = None
    recall: float = DEFAULT_RECALL
    seed: int = 0
    simulations: int = SIMULATIONS


def plan(wish: Wish) -> Plan:
    """Plan a study. Nothing is sent and nothing is paid for.

    Args:
        wish: What is wanted and known.

    Returns:
        The plan, its assumptions in the order in which they weigh.

    Raises:
        UsageError: a value is out of its range, or nothing says how many conversations there are.
        StudyError: the study cannot be read.
    """
    card = load().card
    said: list[str] = []
    outcome = plan_facts.outcome_of(wish.outcome)
    facts = None if wish.study is None else facts_of(wish.study, card)
    n = wish.population or (facts.conversations if facts else None)
    if n is None:
        raise UsageError("Nothing says how many conversations there are: give --population N, or a study's folder.")
    prevalence = wish.prevalence or outcome.expected
    said.append(_prevalence(prevalence, given=wish.prevalence is not None))
    free = wish.judge == EMBEDDED
    sensitivity, specificity = _rates(wish, outcome, card, said)
    sizes = None if facts is None else facts.sizes
    cheap, cuts = plan_facts.cheap_of(card, wish.recall, prevalence, n, sizes)
    if not free:
        said.append(
            f"The cheap judge is the embedded one, {card['label']}: how its score parts flagged conversations from others is "
            "taken from its card"
            + (", how many conversations have which score from the study." if sizes is not None else " throughout.")
            + " The judge's false alarms are taken to look like its near misses."
        )
    together = wish.per_person or (facts.together if facts else 1.0)
    if together > 1.005:
        said.append(
            f"People: the person of a random conversation has {together:,.1f} of them, alike by 0.1, as the estimators assume."
        )
    question = Question(
        prior=Prior(
            conversations=n,
            prevalence=prevalence,
            sensitivity=sensitivity,
            specificity=specificity,
            cheap=cheap,
            together=together,
        ),
        outcome=outcome.text,
        first=outcome.first,
        judge=wish.judge or UNNAMED,
        price=_price(wish, facts, said),
        levels=_levels(wish, facts, said),
        free=free,
        width=_width(wish, outcome),
        confirm=wish.confirm,
        missed=wish.missed,
        dollars=wish.dollars,
        ratings=wish.ratings,
        labels=wish.labels,
        hours=wish.hours,
        seconds=_seconds(wish, facts, said),
        seed=wish.seed,
        simulations=wish.simulations,
        assumptions=said,
    )
    names = plan_facts.stratum_names(cuts)
    found = planning.make(question, lambda place: names[place])
    return msgspec.structs.replace(found, cuts=cuts, unread=cheap.kept - 1)


def _prevalence(prevalence: tuple[float, float], *, given: bool) -> str:
    low, high = (_one_in(share) for share in prevalence)
    if low == high:
        return f"Truly at the level: {low}."
    whence = "" if given else " (half to twice what the reference study published as rated; --prevalence)"
    return f"Truly at the level: {low} to {high}, all orders of magnitude between as likely{whence}."


def _one_in(share: float) -> str:
    return f"1 in {1 / share:,.0f}" if share < 0.1 else f"{100 * share:.3g} %"


def _rates(wish: Wish, outcome: Outcome, card: dict[str, object], said: list[str]) -> tuple[Rate, Rate]:
    """Sensitivity and specificity: as given, from a scorecard, from the embedded judge's card, or assumed."""
    given = (wish.sensitivity, wish.specificity)
    for name, value in zip(("sensitivity", "specificity"), given, strict=True):
        if value is not None and not 0 < value <= 1:
            raise UsageError(f"The '{name}' of a plan must be in (0, 1]. Got {value!r} instead.")
    if wish.scorecard is not None:
        se, sp, judge = plan_facts.scorecard_rates(wish.scorecard)
        found = [se if given[0] is None else Rate(given[0]), sp if given[1] is None else Rate(given[1])]
        said.append(
            f"The judge's errors: {_right(found[0])} of what is at the level, {_right(found[1])} of what is not, by the "
            f"scorecard of {judge}. Its conversations were written to be hard: on ordinary ones a judge is far more specific."
        )
        return found[0], found[1]
    first, second = plan_facts.ASSUMED[outcome.first]
    why = "assumed"
    if wish.judge == EMBEDDED:
        (first, second), why = (
            plan_facts.embedded_rates(card),
            "as its card has it for flagged and ordinary conversations",
        )
    if None not in given:
        why = "as given"
    se, sp = Rate(given[0] or first), Rate(given[1] or second)
    said.append(
        f"The judge's errors: it finds {100 * se.right:.3g} % of what is at the level and spares {100 * sp.right:.7g} % of what "
        f"is not ({why}; --sensitivity, --specificity, --scorecard)."
    )
    return se, sp


def _right(rate: Rate) -> str:
    if rate.of is None:
        return f"{100 * rate.right:.7g} %"
    low, high = wilson(rate.right, rate.of)
    return f"{rate.right:,.0f} of {rate.of:,.0f} right ({100 * low:.0f}-{100 * high:.0f} %)"


def _price(wish: Wish, facts: Facts | None, said: list[str]) -> Price:
    if wish.cost is not None:
        if not (math.isfinite(wish.cost) and wish.cost >= 0):
            raise UsageError(f"The 'cost' of a rating must be 0 dollars or more. Got {wish.cost!r} instead.")
        said.append(f"A rating costs {dollars(wish.cost)}, as given.")
        return Price(wish.cost, None)
    if wish.judge == EMBEDDED:
        return Price(0.0, None)
    if wish.judge is None:
        said.append("No judge is named, so ratings have no price; name one with --judge, or give --cost.")
        return Price(None, None)
    sample = [] if facts is None else facts.sample
    found = price_of(wish.judge, wish.protocol, sample, tokens=wish.tokens, prices=wish.prices, batch=wish.batch)
    fresh, rubric, out = found.usage
    whence = f"{len(sample):,} conversations of the study"
    if wish.tokens is not None or not sample:
        tokens = TOKENS if wish.tokens is None else wish.tokens
        whence = f"{tokens:,.0f} tokens a conversation" + ("" if wish.tokens is not None else ", assumed; --tokens")
    where = f"conversations go to {found.host}" if found.host else "on this machine"
    said.append(
        f"A rating takes {found.requests:,.3g} request{'' if found.requests == 1 else 's'}, {fresh:,.0f} tokens in beside "
        f"{rubric:,.0f} of rubric, {out:,.0f} out (sized from {whence}; {where})"
        + (", batch prices." if wish.batch else ".")
    )
    if found.price.each is None:
        said.append(f"What {wish.judge} costs is not known; give prices with --prices, or --cost.")
    return found.price


def _levels(wish: Wish, facts: Facts | None, said: list[str]) -> Levels:
    """Shares by level as the judge will rate; another judge's ratings say little of that."""
    if facts is not None and facts.levels is not None and facts.judge == wish.judge:
        said.append("How many conversations the judge rates mild, moderate and severe: as it rated those of the study.")
        return facts.levels
    said.append(
        "How many conversations the judge rates mild, moderate and severe, which decides how labels are dealt out: as in the "
        "reference study."
    )
    return plan_facts.published_levels()


def _seconds(wish: Wish, facts: Facts | None, said: list[str]) -> float:
    if wish.seconds is not None:
        return wish.seconds
    if facts is not None and facts.seconds is not None:
        said.append(f"A label takes {facts.seconds:,.0f} seconds, the median of those given in this study.")
        return facts.seconds
    said.append(
        f"A label takes {SECONDS:,.0f} seconds (assumed; --seconds); a tenth of them are given by a second labeller too."
    )
    return SECONDS


def _width(wish: Wish, outcome: Outcome) -> Target | None:
    if not isinstance(wish.width, str):
        return wish.width
    if wish.width != "paper":
        raise UsageError(f"The 'width' of a plan must be a target or \"paper\". Got {wish.width!r} instead.")
    construct, _, level = outcome.text.partition(":")
    figure = reference_for(construct, level)
    if figure is None or figure.share is None:
        raise UsageError(
            f"The reference study published no share for {outcome.text}, so there is no width of its interval. Say --width."
        )
    n = published()["sample"]["conversations"]
    low, high = wilson(figure.share * n, n)
    return Target(high - low)
