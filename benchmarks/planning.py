"""Does a study come out as planned? Planned widths beside those of simulated studies, and how often these hold the truth.

    python benchmarks/planning.py widths     # docs/planning.md, first table (about 6 minutes on one core)
    python benchmarks/planning.py ratings    # second table: ratings that a width takes, by design

Studies are simulated conversation by conversation and estimated by what a study is estimated by: `estimate.table` for
samples and screens, `estimate.corrected.stratified` over the cheap judge's strata for two judges, `estimate.confirmed` for
labels. Of persons with 20 conversations any two are alike by 0.1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded import load
from selfrule.estimate.allotting import fewest, neyman
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import PRIOR_ICC
from selfrule.estimate.confirmed import among_flagged, missed_at_most
from selfrule.estimate.corrected import stratified
from selfrule.estimate.design import design_of
from selfrule.estimate.expecting import Below, Seen, confirm, miss, rate
from selfrule.estimate.frame import Frame
from selfrule.estimate.groups import everything, table_of
from selfrule.estimate.labelled import Labelled, sides
from selfrule.estimate.planning import Cheap, Prior, Rate, Worlds, worlds
from selfrule.estimate.table import figure
from selfrule.rubric import CONSTRUCTS
from selfrule.study.plan_facts import cheap_of

N = 100_000
STUDIES = 200
SAMPLE = 20_000
CHECK = 5_000
LABELS = (100, 500)  # of what is flagged, and of what is not
SEVERE = Outcome("reality_distortion", "severe", 3, 3)
Flags = NDArray[np.bool_]
Codes = NDArray[np.intp]


def cheap(prevalence: float, n: int = N) -> Cheap:
    """The embedded judge, by its card."""
    return cheap_of(load().card, 0.98, (prevalence, prevalence), n)[0]


def drawn(rng: np.random.Generator, w: Worlds, each: int) -> tuple[Codes, Codes, Flags, Flags, float]:
    """Strata, persons, the judge's word and the truth in a study of one world; and that world's share as rated."""
    world = int(rng.integers(len(w.true)))
    person = np.arange(w.n) // each
    own = rng.random(w.n) < 0.1**0.5 if each > 1 else np.zeros(w.n, dtype=bool)
    scores = (rng.choice(len(w.share), person[-1] + 1, p=w.share)[person], rng.choice(len(w.share), w.n, p=w.share))
    stratum = np.where(own, *scores)
    luck = np.where(own, rng.random(person[-1] + 1)[person], rng.random(w.n))
    judged = luck < w.judged[world][stratum]
    lost = ((w.true - w.found)[world] / (1 - w.judged[world]))[stratum]
    truth = (luck < w.found[world][stratum]) | (~judged & (rng.random(w.n) < lost))
    return stratum, person, judged, truth, float(w.total(w.judged)[world])


def frame(
    person: Codes, judged: Flags, kept: Flags | None = None, chosen: Flags | None = None, share: float = 1.0
) -> Frame:
    """The frame of a study."""
    n = len(judged)
    levels = np.zeros((n, len(CONSTRUCTS)), dtype=np.int8)
    levels[judged, 0] = 3
    kept = np.ones(n, dtype=bool) if kept is None else kept
    chosen = np.ones(n, dtype=bool) if chosen is None else chosen
    return Frame(
        person=person,
        screened_in=kept,
        drawn=chosen,
        inclusion=np.where(kept, 1.0, share),
        rated=chosen.copy(),
        levels=levels,
        actualized=np.zeros((n, 3), dtype=np.int8),
        domains=np.zeros((n, 1), dtype=bool),
        domain_names=("other",),
    )


def limits(of: Frame) -> tuple[float, float]:
    """The interval of the share as rated."""
    table, _ = table_of(of)
    group = everything(table)
    found = figure(table, group, design_of(table, group), SEVERE)
    assert found.low is not None and found.high is not None
    return found.low, found.high


def labelled(stratum: Codes, judged: Flags, truth: Flags, row: Codes, person: Codes) -> Labelled:
    """A study with labels of some rows."""
    levels = np.zeros((len(stratum), len(CONSTRUCTS)), dtype=np.int8)
    levels[judged, 0] = 3
    given = np.zeros((len(row), len(CONSTRUCTS)), dtype=np.int8)
    given[truth[row], 0] = 3
    k = int(stratum.max()) + 1
    reached = np.bincount(stratum[row], minlength=k) / np.maximum(np.bincount(stratum, minlength=k), 1)
    return Labelled(
        person=person,
        weight=np.ones(len(stratum)),
        levels=levels,
        stratum=stratum,
        strata=tuple(f"s{i}" for i in range(k)),
        row=row,
        given=given,
        inclusion=reached[stratum[row]],
    )


def pick(rng: np.random.Generator, member: Flags, count: float) -> Codes:
    """Rows of a stratum at random."""
    rows = np.flatnonzero(member)
    return rng.choice(rows, min(int(count), len(rows)), replace=False)


def studies(w: Worlds, each: int, seed: int) -> Iterator[dict[str, tuple[float, float, float]]]:
    """For each study and figure its limits and the truth."""
    rng = np.random.default_rng(seed)
    inside = round(float(w.share[: w.kept].sum()) * w.n)
    deal = neyman(w, SAMPLE, 0.3)
    for _ in range(STUDIES):
        stratum, person, judged, truth, share = drawn(rng, w, each)
        row = np.sort(rng.choice(w.n, SAMPLE, replace=False))
        kept = stratum < w.kept
        part = CHECK / (w.n - inside)
        out = {"random": (*limits(frame(person[row], judged[row])), share)}
        out["screened"] = (*limits(frame(person, judged, kept, kept | (rng.random(w.n) < part), part)), share)
        row = np.concatenate([pick(rng, stratum == k, n) for k, n in enumerate(deal.tolist())])
        both = stratified(sides(labelled(stratum, np.zeros(w.n, bool), judged, row, person), SEVERE))
        assert both is not None
        out["two judges"] = (*both.interval, share)
        row = np.concatenate([pick(rng, judged, LABELS[0]), pick(rng, ~judged, LABELS[1])])
        s = sides(labelled(np.where(judged, 0, 1), judged, truth, row, person), SEVERE)
        found = among_flagged(s)
        if found is not None:
            out["confirmed"] = (*found.interval, float(truth[judged].mean()))
        out["missed"] = (0.0, missed_at_most(s).interval.high, float((truth & ~judged).mean()))
        yield out


def planned(w: Worlds) -> dict[str, float]:
    """Mean widths by the plan."""
    inside = round(float(w.share[: w.kept].sum()) * w.n)
    whole = rate(w, "random", [w.n])
    share = float(w.total(w.judged).mean())
    lost = w.total(w.true) - w.total(w.found)
    there = whole.flagged.sum(axis=1)
    alike = 1 + (w.together - 1) * PRIOR_ICC * np.minimum(
        LABELS[0] / np.maximum(there, 1), 1
    )  # as `plan_labels` has it
    found = {
        "random": rate(w, "random", [SAMPLE]).rated,
        "screened": rate(w, "screened", [inside, CHECK]).rated,
        "two judges": rate(w, "two judges", neyman(w, SAMPLE, 0.3).tolist()).rated,
        "confirmed": confirm(w, LABELS[0], there, 1 / alike),
        "missed": miss(w, [Below(1 - share, LABELS[1], 1.0, lost)]),
    }
    return {name: float(figure.width.mean()) for name, figure in found.items()}


def widths() -> None:
    """Planned and found, by cell."""
    print("| share | person | figure | planned width | found | ratio | truth held |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for under in (1300, 300, 50):
        for each in (1, 20):
            p = 1 / under
            prior = Prior(
                conversations=N,
                prevalence=(p, p),
                sensitivity=Rate(0.8),
                specificity=Rate(0.999),
                cheap=cheap(p),
                together=float(each),
            )
            w = worlds(prior)
            found = list(studies(w, each, 1000 * under + each))
            for name, plan in planned(w).items():
                got = np.array([one[name] for one in found if name in one])
                mean = float((got[:, 1] - got[:, 0]).mean())
                held = float(((got[:, 0] <= got[:, 2]) & (got[:, 2] <= got[:, 1])).mean())
                figures = f"{100 * plan:.3g} | {100 * mean:.3g} | {mean / plan:.2f} | {held:.0%}"
                print(f"| 1 in {under:,} | {each} | {name} | {figures} |", flush=True)


def ratings() -> None:
    """Ratings that half a width of a quarter of the share takes, of 1,500,000 conversations."""
    n = 1_500_000
    print("| share | specificity | random sample | screened and a part of the rest | two judges | saved |")
    print("| --- | --- | --- | --- | --- | --- |")
    for under in (6000, 1300, 300, 50):
        for specificity in (0.99, 0.999, 0.9999):
            p = 1 / under
            prior = Prior(
                conversations=n,
                prevalence=(p, p),
                sensitivity=Rate(0.8),
                specificity=Rate(specificity),
                cheap=cheap(p, n),
            )
            w = worlds(prior)
            judged = w.total(w.judged)

            def score(seen: Seen, judged: NDArray[np.float64] = judged) -> float:
                return float(np.mean(seen.rated.width / 2 / judged))

            inside = round(float(w.share[: w.kept].sum()) * w.n)
            got = {
                way: fewest(w, way, n - (inside if way == "screened" else 0), score, 0.25)
                for way in ("random", "screened", "two judges")
            }
            said = [f"{offer.total:,}" if offer else "not at all" for offer in got.values()]
            one, two = got["random"], got["two judges"]
            saved = f"{1 - two.total / one.total:.0%}" if one and two else ""
            print(f"| 1 in {under:,} | {specificity} | {' | '.join(said)} | {saved} |", flush=True)


if __name__ == "__main__":
    for command in sys.argv[1:] or ["ratings", "widths"]:
        {"widths": widths, "ratings": ratings}[command]()
