"""The one function the study calls for labels: every honest figure of one group, from judge and labels together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from selfrule.estimate.cells import Outcome
from selfrule.estimate.choosing import Choice, choose, stratum_words
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.confirmed import Figure, among_flagged, confirmed, missed_at_most
from selfrule.estimate.corrected import Calibration
from selfrule.estimate.labelled import OUTCOMES, Labelled, Sides, people_of, sides
from selfrule.estimate.midp import FEW
from selfrule.records import Estimate, EstimateKind

Cell = tuple[str, str]


def honest(
    labelled: Labelled,
    *,
    group: Mapping[str, str] | None = None,
    outcomes: Sequence[Outcome] = OUTCOMES,
    calibrations: Mapping[Cell, Calibration] | None = None,
) -> list[Estimate]:
    """Confirmed among flagged, confirmed, missed at most, and the corrected total or why there is none.

    Four estimates an outcome, in this order. Intervals are 95 %, two-sided, for conversations like these of people like
    these; the limit of what was missed is one-sided, 95 %. The corrected total is of kind "corrected" where
    `choosing.choose` admits it and "refused" where not; `note` then says why, and what would make it possible.

    Args:
        labelled: The study, or `Labelled.within` a group of it.
        group: As in `Estimate.group`; {} for everything.
        outcomes: What is counted.
        calibrations: The judge's error rates by (construct, level), from labels elsewhere that represent this group.

    Returns:
        Estimates; none where nothing was put before people.

    Example:
        >>> import numpy as np
        >>> from selfrule.rubric import CONSTRUCTS
        >>> levels = np.zeros((1000, len(CONSTRUCTS)), dtype=np.int8)
        >>> levels[:40, 0] = 3  # the judge says severe of 40
        >>> row = np.concatenate([np.arange(20), np.arange(40, 340)])
        >>> given = np.zeros((320, len(CONSTRUCTS)), dtype=np.int8)
        >>> given[:15, 0] = 3  # people confirm 15 of 20
        >>> study = Labelled(
        ...     person=np.arange(1000), weight=np.ones(1000), levels=levels, stratum=np.where(levels[:, 0] == 3, 0, 1),
        ...     strata=("severe", "none"), row=row, given=given, inclusion=np.where(row < 40, 20 / 40, 300 / 960))
        >>> found = [e for e in honest(study) if (e.construct, e.level) == ("reality_distortion", "severe")]
        >>> [(e.kind, e.share and round(e.share, 3), e.high and round(e.high, 3)) for e in found][:3]
        [('confirmed_among_flagged', 0.75, 0.902), ('confirmed', 0.03, 0.043), ('missed_at_most', None, 0.01)]
        >>> found[3].kind, found[3].note.split(". ")[1]
        ('refused', 'It would take about 210 more labels of conversations rated none.')
    """
    if not len(labelled.row):
        return []
    key, known = dict(group or {}), calibrations or {}
    people, at_random = people_of(labelled), labelled.at_random
    found: list[Estimate] = []
    for outcome in outcomes:
        s = sides(labelled, outcome, people)
        choice = choose(s, at_random=at_random, calibration=known.get((outcome.construct, outcome.level)))
        found += [
            _among(s, outcome, key),
            _confirmed(s, outcome, key),
            _missed(s, outcome, key),
            _total(s, outcome, key, choice),
        ]
    return found


def _among(s: Sides, outcome: Outcome, group: dict[str, str]) -> Estimate:
    figure = among_flagged(s)
    flagged = sum(c.of for c in s.side(True))
    if figure is None:
        return _nothing("confirmed_among_flagged", outcome, group, flagged, _no_labels(s))
    said = (
        f"of {flagged:,} that the judge puts at this level, {figure.labels:,} labelled and {figure.events:,} confirmed"
    )
    return _estimate("confirmed_among_flagged", outcome, group, figure, figure.labels, _method(said, figure, s, True))


def _confirmed(s: Sides, outcome: Outcome, group: dict[str, str]) -> Estimate:
    figure = confirmed(s)
    if figure is None:
        return _nothing("confirmed", outcome, group, sum(c.of for c in s.side(True)), _no_labels(s))
    said = f"share that the judge puts at this level ({100 * s.flagged.share:.3g} %) times the share of it that labels confirm"
    if not s.side(True):
        said = "the judge puts nothing at this level; the limit is what such a judge may yet flag"
    return _estimate("confirmed", outcome, group, figure, s.n, _method(said, figure, s, True))


def _missed(s: Sides, outcome: Outcome, group: dict[str, str]) -> Estimate:
    figure = missed_at_most(s)
    said = f"of what the judge puts below this level, {figure.labels:,} labelled and {figure.events:,} found at it"
    unasked = [c for c in s.side(False) if c.part is None]
    method = f"one-sided 95 % upper limit, exact below {FEW_EVENTS} events in a stratum; {said}"
    if unasked:
        names = ", ".join(stratum_words(c.name) for c in unasked)
        method += f"; nobody labelled {names} ({sum(c.of for c in unasked):,}): all of them counted as missed"
    return _estimate("missed_at_most", outcome, group, figure, s.n, "; ".join([method, *_persons(figure, s)]))


def _total(s: Sides, outcome: Outcome, group: dict[str, str], choice: Choice) -> Estimate:
    plain = f"uncorrected, by the judge alone: {100 * s.flagged.share:.3g} %"
    if choice.figure is None:
        note = f"{choice.sentence} {choice.need}" if choice.need else choice.sentence
        return _nothing("refused", outcome, group, 0, note, f"no estimator whose coverage was shown; {plain}")
    ways = {
        "stratified": "strata of the label draw, post-stratified by the judge's word; limits of both parts added by squares",
        "ppi": "PPI++, Wilson's limits on its effective number, between persons",
        "rogan_gladen": "Rogan-Gladen, Lang and Reiczigel's interval",
    }
    method = "; ".join([f"{ways[choice.way]}; {plain}", *_persons(choice.figure, s)])
    return _estimate("corrected", outcome, group, choice.figure, s.n, method, choice.sentence)


def _method(said: str, figure: Figure, s: Sides, flagged: bool) -> str:
    cells = [c for c in s.side(flagged) if c.part is not None]
    few = any(min(c.events, c.labels - c.events) < FEW for c in cells)
    way = f"95 % interval (Wilson; below {FEW} events the wider of his and mid-P)" if few else "95 % interval (Wilson)"
    if len(cells) > 1:
        way += f", {len(cells)} strata combined by square-and-add"
    return "; ".join([said, way, *_persons(figure, s)])


def _persons(figure: Figure, s: Sides) -> list[str]:
    if s.people.known == 0:
        return ["persons unknown, each conversation taken as another person"]
    effect = figure.labels / figure.worth if figure.worth else 1.0
    return [f"design effect of persons and weights {effect:.3g}"] if effect >= 1.05 else []


def _no_labels(s: Sides) -> str:
    flagged = sum(c.of for c in s.side(True))
    if not flagged:
        return "The judge puts no conversation at this level."
    return f"None of the {flagged:,} conversations that the judge puts at this level has a label yet."


def _estimate(
    kind: EstimateKind,
    outcome: Outcome,
    group: dict[str, str],
    figure: Figure,
    n: int,
    method: str,
    note: str | None = None,
) -> Estimate:
    bound = figure.share is None
    count = float(figure.events) if kind in ("confirmed_among_flagged", "missed_at_most") else (figure.share or 0.0) * n
    return Estimate(
        construct=outcome.construct,
        level=outcome.level,
        group=group,
        count=count,
        n=n,
        share=figure.share,
        low=None if bound else figure.interval.low,
        high=figure.interval.high,
        method=method,
        missing=figure.missing,
        low_if_missing_none=None if bound else figure.outer.low,
        high_if_missing_all=figure.outer.high,
        n_effective=figure.worth,
        design_effect=figure.labels / figure.worth if figure.worth else None,
        kind=kind,
        note=note,
    )


def _nothing(
    kind: EstimateKind, outcome: Outcome, group: dict[str, str], missing: int, note: str, method: str = "no label"
) -> Estimate:
    return Estimate(
        construct=outcome.construct,
        level=outcome.level,
        group=group,
        count=0.0,
        n=0,
        share=None,
        low=None,
        high=None,
        method=method,
        missing=missing,
        low_if_missing_none=0.0 if missing else None,
        high_if_missing_all=1.0 if missing else None,
        kind=kind,
        note=note,
    )
