"""What each analysis says of a simulated study, beside the truth of the population that it was drawn from.

Every estimand is of the population, computed from `over_time_population.cells` or `over_time_people`:

- *shares*: the rate of a month (and of a domain or model in it).
- *trend*: the least-squares slope of the months' rates, and the rate of the last four months less, and over, that of the first.
- *change*: the second half of the months against the first. The linear probability model of each half on domain and length is
  fitted to the whole population of that half, a conversation of two domains being two half ones; Kitagawa's, Oaxaca's and
  Blinder's split of these two is the truth. What a person's number of conversations goes with is 0, since rates do not
  depend on it.
- *step*: the month from which log-odds are higher; without a step any change point is a false alarm.
- *approval*: thumbs of a group and the rest; Mantel and Haenszel's risk difference and odds ratio, and the logistic regression,
  over the population's cells of domain by length.
- *factors*: the rate at each level; the least-squares slope of the rate on the level; the odds a level within a domain that
  the world was made with.
- *compare*: the two models' rates; both standardised to the mix of all conversations by domain and length.
- *people*: closed forms (`over_time_people`). Escalation, and what has no closed form, are left out.
- *popularity*: Pearson's r over months of the true share of a domain and its true rate; 0 where one of them stays as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from over_time_people import people_of
from over_time_population import DOMAINS, MODELS, PRIMITIVE, START, Kinds, World, cells
from selfrule.analyses.figures import Figure
from selfrule.analyses.sample import FLAGGED_OUTCOME, Sample
from selfrule.rubric import LEVELS, PRIMITIVES

Seen = tuple[str, float | None, float | None, float | None, float | None, str | None]


def seen(name: str, figure: Figure, truth: float) -> Seen:
    """A figure beside its truth."""
    return name, truth, figure.value, figure.low, figure.high, figure.reason


def happened(name: str, is_so: bool) -> Seen:
    """A thing that happens in a share of the seeds."""
    return name, None, float(is_so), None, None, None


def _of_domain(kinds: Kinds, domain: int) -> np.ndarray:
    return (kinds.first == domain) | (kinds.second == domain)


def trend_truth(world: World) -> dict[str, Any]:
    """Rates by month, of everything and by domain and model."""
    kinds = cells(world)
    groups = {"": np.ones(len(kinds.rate), np.bool_)}
    groups |= {name: _of_domain(kinds, i) for i, name in enumerate(DOMAINS)}
    groups |= {name: kinds.model == i for i, name in enumerate(MODELS)}
    found = {}
    for name, rows in groups.items():
        by = [
            (kinds.probability[mine := rows & (kinds.month == m)].sum(), kinds.share(mine)) for m in range(world.months)
        ]
        found[name] = np.array(by).T
    return found


def trend(sample: Sample, truth: dict[str, Any]) -> list[Seen]:
    """Monthly shares, slopes, first and last thirds."""
    from selfrule.analyses.trend import trend_of

    result = trend_of(sample, by=("domain", "model"))
    found: list[Seen] = []
    months = np.array([np.datetime64(p.name, "M") for p in result.periods])
    at = (months - START).astype(int)
    series = [("", result.overall)] + [(s.name, s) for b in result.breakdowns for s in b.series if s.role == "group"]
    for name, one in series:
        weight, rate = truth[name]
        kind = (
            "trend: month" if not name else "trend: month, by domain" if name in DOMAINS else "trend: month, by model"
        )
        found += [seen(kind, point, rate[m]) for point, m in zip(one.points, at, strict=True)]
        if one.effect is None:
            continue
        x = np.arange(len(rate)) - weight @ np.arange(len(rate)) / weight.sum()
        third = len(rate) // 3
        first, last = (float(weight[s] @ rate[s] / weight[s].sum()) for s in (slice(third), slice(-third, None)))
        end = kind.removeprefix("trend: month")
        found.append(seen(f"trend: slope{end}", one.effect.slope, float((weight * x) @ rate / ((weight * x) @ x))))
        found.append(seen(f"trend: last third less first{end}", one.effect.difference, last - first))
        found.append(seen(f"trend: last third over first{end}", one.effect.ratio, last / first))
    return found


def step(sample: Sample, truth: int | None) -> list[Seen]:
    """Whether a change point is found, and whether its interval holds the month of the step."""
    from selfrule.analyses.trend import trend_of

    overall = trend_of(sample).overall
    changes = overall.changes
    if truth is None:
        return [
            happened("step: false alarm", bool(changes)),
            happened("step: called gradual", overall.finding == "gradual"),
        ]
    month = str(START + truth)
    found = [happened("step: found", bool(changes)), happened("step: more than one", len(changes) > 1)]
    found.append(happened("step: called gradual", overall.finding == "gradual"))
    found.append(happened("step: too few to look", overall.finding == "too few"))
    if changes:
        inside = any(c.first <= month <= c.last for c in changes)
        found.append(happened("step: where found, an interval of places holds it", inside))
    return found


def change_truth(world: World) -> dict[str, float]:
    """The split of the second half of the months less the first."""
    kinds = cells(world)
    half = world.months // 2
    sides = []
    for rows in (kinds.month < half, kinds.month >= half):
        of, domain = np.nonzero(kinds.parts[rows])
        design = np.column_stack([np.eye(len(DOMAINS))[domain], np.eye(4)[kinds.length[rows][of]][:, 1:]])
        weight = (kinds.probability[rows] / kinds.probability[rows].sum())[of] * kinds.parts[rows][of, domain]
        rate = kinds.rate[rows][of]
        slopes = np.linalg.lstsq(design.T @ (design * weight[:, None]), design.T @ (weight * rate), rcond=None)[0]
        sides.append((weight @ design, slopes, kinds.share(rows)))
    (x1, b1, p1), (x2, b2, p2) = sides
    moved = (x2 - x1) * (b1 + b2) / 2
    d = len(DOMAINS)
    return {
        "first": p1,
        "second": p2,
        "difference": p2 - p1,
        "mix": float(moved.sum()),
        "domain": float(moved[:d].sum()),
        "length": float(moved[d:].sum()),
        "people": 0.0,
        "before": 0.0,
        "rate": float((x1 + x2) @ (b2 - b1) / 2),
    }


def change(sample: Sample, truth: dict[str, float]) -> list[Seen]:
    """The difference of the halves, and its parts."""
    from selfrule.analyses.change import for_report

    result = for_report(sample)
    if result is None:
        return []
    found = [seen(f"change: {n}", getattr(result, n), truth[n]) for n in ("difference", "mix", "rate")]
    return found + [seen(f"change: mix, {d.name}", d.part, truth[d.name]) for d in result.dimensions]


def approval_truth(world: World) -> dict[str, dict[str, float]]:
    """By group: thumbs of it and of the rest, and every difference."""
    kinds = cells(world)
    groups = {"flagged": (1.0, 1.0)}
    groups |= {name: (float(p), 1.0) for name, p in zip(PRIMITIVES, PRIMITIVE, strict=True)}
    groups |= {f"actualized_{n}": (float(p), world.actualized) for n, p in zip(PRIMITIVES, PRIMITIVE, strict=True)}
    found = {}
    stratum = np.unique(np.stack([kinds.first, kinds.second, kinds.length]), axis=1, return_inverse=True)[1].ravel()
    for name, (part, also) in groups.items():
        inside = kinds.probability * kinds.rate * part * also
        a = np.bincount(stratum, inside * kinds.up)
        n1 = np.bincount(stratum, inside)
        others = kinds.probability * (kinds.rate * (1 - part * also) * kinds.up + (1 - kinds.rate) * kinds.up_rest)
        c, n0 = np.bincount(stratum, others), np.bincount(stratum, kinds.probability - inside)
        b, d, n = n1 - a, n0 - c, n1 + n0
        weight = n1 * n0 / n
        up, rest = float(a.sum() / n1.sum()), float(c.sum() / n0.sum())
        found[name] = {
            "up": up,
            "rest": rest,
            "difference": up - rest,
            "adjusted": float(weight @ (a / n1 - c / n0) / weight.sum()),
            "odds_ratio": float((a * d / n).sum() / (b * c / n).sum()),
            "logistic": _logistic(kinds, stratum, n1, n0, a, c),
            "given_difference": 0.0,
        }
    return found


def _logistic(kinds: Kinds, stratum: np.ndarray, n1: np.ndarray, n0: np.ndarray, a: np.ndarray, c: np.ndarray) -> float:
    """The odds ratio of the group in a logistic regression with domain and length, of the whole population."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    warnings.simplefilter("ignore", PerfectSeparationWarning)  # a population fits its own model exactly
    first = np.unique(stratum, return_index=True)[1]
    terms = np.column_stack([kinds.parts[first] > 0, np.eye(4)[kinds.length[first]][:, 1:]]).astype(float)
    design = np.vstack([np.column_stack([np.full(len(first), g), terms]) for g in (1.0, 0.0)])
    share, weight = np.concatenate([a / n1, c / n0]), np.concatenate([n1, n0])
    fitted = sm.GLM(share, design, family=sm.families.Binomial(), freq_weights=weight * 1e6).fit()
    return float(np.exp(fitted.params[0]))


def approval(sample: Sample, truth: dict[str, dict[str, float]]) -> list[Seen]:
    """Thumbs of flagged, each primitive and each marker against the rest."""
    from selfrule.analyses.approval import approval_of

    found: list[Seen] = []
    for group in approval_of(sample).groups:
        if group.construct in truth:
            kind = "flagged" if group.construct == "flagged" else "primitive"
            kind = "actualized" if group.construct.startswith("actualized") else kind
            for name, value in truth[group.construct].items():
                found.append(seen(f"approval: {kind}, {name.replace('_', ' ')}", getattr(group, name), value))
    return found


def factors_truth(world: World) -> dict[str, Any]:
    """Rates by level, the slope, and the odds a level, of reliance and dependency; what overlaps."""
    kinds = cells(world)
    mass = np.bincount(kinds.level, kinds.probability)
    by_level = np.array([kinds.share(kinds.level == i) for i in range(4)])
    x = np.arange(4) - mass @ np.arange(4)
    high = float(mass[2:].sum())
    other = 0.08  # of the factors that change nothing
    return {
        "levels": by_level,
        "points": float((mass * x) @ by_level / (mass @ x**2)),
        "odds_by_domain": float(np.exp((world.factor[3] - world.factor[0]) / 3)),
        "null": world.factor == (0.0, 0.0, 0.0, 0.0),
        "both": world.overlap * high + (1 - world.overlap) * high * other,
        "times": (world.overlap + (1 - world.overlap) * other) / (world.overlap * high + (1 - world.overlap) * other),
    }


def factors(sample: Sample, truth: dict[str, Any]) -> list[Seen]:
    """The factor that a world is made with, and those that do nothing."""
    from selfrule.analyses.factors import factors_of

    result = factors_of(sample)
    found: list[Seen] = []
    for factor in result.factors:
        if factor.factor == "reliance_dependency":
            found += [
                seen(f"factors: share at {level.level}", level.share, rate)
                for level, rate in zip(factor.levels, truth["levels"], strict=True)
            ]
    for test in result.tests:
        if test.among_flagged or test.factor == "number":
            continue
        if test.factor == "reliance_dependency":
            found.append(seen("factors: points a level", test.points, truth["points"]))
            found.append(seen("factors: odds a level, by domain", test.odds_by_domain, truth["odds_by_domain"]))
        elif test.factor != "vulnerability":
            found.append(seen("factors: points a level, of one that does nothing", test.points, 0.0))
            found.append(seen("factors: odds a level by domain, of one that does nothing", test.odds_by_domain, 1.0))
            found.append(happened("factors: p at most 0.05, of one that does nothing", (test.p or 1) <= 0.05))
    for pair in result.pairs:
        if {pair.one, pair.other} == {"reliance_dependency", "vulnerability"}:
            found.append(seen("factors: two together", pair.both, truth["both"]))
            found.append(seen("factors: times as often together", pair.times, truth["times"]))
    return found


def compare_truth(world: World) -> dict[str, float]:
    """Rates of the two models, plain and standardised to the mix of all."""
    kinds = cells(world)
    parts = kinds.parts
    plain = [kinds.share(kinds.model == m) for m in (0, 1)]
    alike = []
    for m in (0, 1):
        mine = kinds.model == m
        total = 0.0
        for domain in range(len(DOMAINS)):
            for length in range(4):
                here = (kinds.length == length) * parts[:, domain] * kinds.probability
                total += here.sum() * float((here * mine) @ kinds.rate / (here * mine).sum())
        alike.append(total)
    return {"plain": plain[0] - plain[1], "alike": alike[0] - alike[1], "first": alike[0], "second": alike[1]}


def compare(sample: Sample, truth: dict[str, float]) -> list[Seen]:
    """The two models on flagged, as they are and with the same mix."""
    from selfrule.analyses.compare import compare_of

    found: list[Seen] = []
    result = compare_of(sample, outcomes=(FLAGGED_OUTCOME,))
    for pair in result.pairs:
        swapped = pair.first == MODELS[1]
        for one in pair.differences:
            sign = -1.0 if swapped else 1.0
            found.append(seen("compare: plain difference", one.plain, sign * truth["plain"]))
            found.append(seen("compare: with the same mix", one.alike, sign * truth["alike"]))
            first, second = (truth["second"], truth["first"]) if swapped else (truth["first"], truth["second"])
            found.append(seen("compare: share with the common mix", one.first, first))
            found.append(seen("compare: share with the common mix", one.second, second))
    return found


def people_truth(world: World) -> dict[str, Any]:
    """All that has a closed form: for worlds without unrated conversations, or what these do not touch."""
    from selfrule.analyses.people_affected import EXPOSURE, FRACTIONS
    from selfrule.analyses.people_survival import NUMBERS

    of = people_of(world)
    kept = world.unrated == 0
    still = world.within == 0
    edges = [least for _, least in EXPOSURE] + [None]
    truth: dict[str, Any] = {"stays": of.stays, "after_none": of.after_none}
    if kept:
        truth["affected"] = of.affected()
        truth["exposure"] = {
            name: of.affected(least, None if end is None else end - 1)
            for (name, least), end in zip(EXPOSURE, edges[1:], strict=True)
            if least <= world.most
        }
        truth["onset"] = of.onset(3)
        truth["survival"] = {n: of.reached(n) for n in NUMBERS if n <= world.most}
    if kept and still:
        truth["recovery"] = of.recovered(3)
        truth["gini"] = of.gini
        truth["top"] = [of.top(f) for f in FRACTIONS]
        truth["top_affected"] = [of.top(f, affected=True) for f in FRACTIONS]
        truth["expected"] = of.reached(10)
    if still:
        truth |= {"correlation": of.correlation, "again": of.again, "each": cells(world).share(), "factor": 1.0}
        truth["survival"] = {n: of.reached(n) for n in NUMBERS if n <= world.most}
        truth["expected"] = of.reached(10)
    return truth


def people(sample: Sample, truth: dict[str, Any]) -> list[Seen]:
    """Shares of people, concentration, course, models, survival."""
    from selfrule.analyses.people import people_of as estimated

    result = estimated(sample)
    found: list[Seen] = []
    if result.affected is not None:
        if "affected" in truth:
            found.append(seen("people: affected", result.affected.overall, truth["affected"]))
            found += [
                seen("people: affected, by number of conversations", e.affected, truth["exposure"][e.name])
                for e in result.affected.exposure
            ]
        if "each" in truth:
            found.append(seen("people: mean share of a person", result.affected.each, truth["each"]))
            found.append(seen("people: affected in 10 conversations", result.affected.expected, truth["expected"]))
    if result.concentration is not None and "top" in truth:
        found.append(seen("people: Gini", result.concentration.gini, truth["gini"]))
        for name, got in (("top", result.concentration.of_people), ("top_affected", result.concentration.of_affected)):
            of = "of people" if name == "top" else "of the affected"
            found += [
                seen(f"people: carried by {c.fraction:.0%} {of}", c.share, t)
                for c, t in zip(got, truth[name], strict=True)
            ]
    if result.course is not None:
        found.append(seen("people: flagged after flagged", result.course.stays, truth["stays"]))
        found.append(seen("people: flagged after not flagged", result.course.after_none, truth["after_none"]))
        for kind in result.course.kinds:
            if kind.name in truth:
                found.append(seen(f"people: {kind.name}", kind.share, truth[kind.name]))
    if result.models is not None and "factor" in truth:
        for drift in result.models.drifts:
            found.append(seen(f"people: own change over {drift.clock}", drift.within, truth["factor"]))
            if drift.clock == "conversations":
                found.append(seen("people: change between people over conversations", drift.between, truth["factor"]))
        if result.models.alike is not None:
            found.append(seen("people: correlation", result.models.alike.correlation, truth["correlation"]))
            found.append(seen("people: flagged again", result.models.alike.again, truth["again"]))
    for one in result.survival:
        if one.clock == "conversations" and "survival" in truth:
            for point in one.points:
                name = f"people: reached by {point.at:.0f} conversations"
                found.append(seen(name, point.share, truth["survival"][int(point.at)]))
    return found


def popularity_truth(world: World) -> dict[str, float]:
    """Pearson's r over months of each domain's share and rate."""
    kinds = cells(world)
    found = {}
    for i, name in enumerate(DOMAINS):
        mine = _of_domain(kinds, i)
        here = [mine & (kinds.month == m) for m in range(world.months)]
        share = [float(kinds.probability[rows].sum()) for rows in here]
        rate = [kinds.share(rows) for rows in here]
        moves = np.ptp(share) > 1e-12 and np.ptp(rate) > 1e-12
        found[name] = float(np.corrcoef(share, rate)[0, 1]) if moves else 0.0
    return found


def popularity(sample: Sample, truth: dict[str, float]) -> list[Seen]:
    """Pearson's r by domain."""
    from selfrule.analyses.popularity import popularity_of

    of = popularity_of(sample).domains
    found = []
    for one in of:
        if one.domain in truth:
            kind = "r, unrelated" if truth[one.domain] == 0 else "r before noise hides it"
            found.append(seen(f"popularity: {kind}", one.r, truth[one.domain]))
    return found


PROBES: dict[str, Callable[[Sample, Any], list[Seen]]] = {
    "trend": trend,
    "step": step,
    "change": change,
    "approval": approval,
    "factors": factors,
    "compare": compare,
    "people": people,
    "popularity": popularity,
}

TRUTHS: dict[str, Callable[[World], Any]] = {
    "trend": trend_truth,
    "step": lambda world: None if world.step is None else world.step[0],
    "change": change_truth,
    "approval": approval_truth,
    "factors": factors_truth,
    "compare": compare_truth,
    "people": people_truth,
    "popularity": popularity_truth,
}

__all__ = ["LEVELS", "PROBES", "TRUTHS", "Seen"]
