"""The whole, corrected for the judge's errors: by strata where labels show what was missed, or by known error rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from scipy.optimize import brentq
from scipy.special import gammainc, log_ndtr

from selfrule.errors import UsageError
from selfrule.estimate.confirmed import Figure, confirmed, missed
from selfrule.estimate.intervals import CONFIDENCE, Interval, normal_quantile
from selfrule.estimate.labelled import Sides

FARTHEST = 200.0
"""Standard errors beyond which a lower limit is 0."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a judge did on labels from elsewhere that represent the conversations at hand.

    Attributes:
        positives: Conversations that labels put at the level or above.
        found: Those of them that the judge puts there too.
        negatives: Conversations that labels put below it.
        spared: Those of them that the judge puts below it too.
        source: Where the labels come from, one clause.

    Raises:
        UsageError: A count is out of its range.
    """

    positives: float
    found: float
    negatives: float
    spared: float
    source: str

    def __post_init__(self) -> None:
        for part, of in (("found", "positives"), ("spared", "negatives")):
            if not 0 <= getattr(self, part) <= getattr(self, of) or getattr(self, of) <= 0:
                raise UsageError(
                    f"The '{part}' of a calibration must be in [0, '{of}'], and '{of}' above 0. "
                    f"Got {getattr(self, part)!r} of {getattr(self, of)!r} instead."
                )


def stratified(
    s: Sides,
    *,
    seen_at_least: float | None = None,
    confirmed_at_least: float | None = None,
    confidence: float = CONFIDENCE,
) -> Figure | None:
    """The share of all at the level or above: what labels confirm plus what they find that the judge missed.

    Horvitz-Thompson over sampling strata, post-stratified by the judge's word; both parts' limits (`confirmed.confirmed`,
    `confirmed.missed`) are added by squares.

    Where the figure is published only because much was seen, the sample is one of those in which much was seen, and its
    plain lower limit is too high: where that is seldom, nearly always. So the lower limit of the part that decided is
    the one that holds among such samples (`limit_when_seen`, `limit_when_above`).

    Args:
        s: The cells.
        seen_at_least: Effective missed labels without which the figure would not have been made, or None.
        confirmed_at_least: Lower limit of what is confirmed without which it would not have been made, or None.
        confidence: Two-sided confidence.

    Returns:
        The figure, or None where one of the sides has no label.
    """
    first, second = confirmed(s, confidence), missed(s, confidence, exact=False)
    if first is None or second is None or first.share is None or second.share is None:
        return None
    sure, low = first.interval.low, second.interval.low
    if confirmed_at_least is not None:
        sure = limit_when_above(first.share, sure, confirmed_at_least, confidence)
    if seen_at_least is not None:
        low *= limit_when_seen(missed_events(s), seen_at_least, confidence)
    share = first.share + second.share
    below = math.hypot(first.share - sure, second.share - low)
    above = math.hypot(first.interval.high - first.share, second.interval.high - second.share)
    interval = Interval(max(share - below, 0.0), min(share + above, 1.0))
    outer = Interval(
        min(first.outer.low, sure) + min(second.outer.low, low), min(first.outer.high + second.outer.high, 1.0)
    )
    lost = first.missing + second.missing
    return Figure(
        share=share,
        interval=interval,
        outer=Interval(min(outer.low, interval.low), max(outer.high, interval.high)) if lost else interval,
        events=first.events + second.events,
        labels=first.labels + second.labels,
        worth=first.worth + second.worth,
        missing=lost,
        stretch=max(first.stretch, second.stretch),
    )


def missed_events(s: Sides) -> float:
    """Effective number of labels at the level or above among what the judge puts below it."""
    return sum(c.part.share * c.part.n_effective for c in s.side(False) if c.part is not None)


@lru_cache(maxsize=65536)
def limit_when_seen(count: float, least: float, confidence: float = CONFIDENCE) -> float:
    """The lower limit of a count given that it is at least `least`, over the one that forgets so; in [0, 1].

    Both solve P(X > x) + P(X = x) / 2 = alpha / 2 for a Poisson mean, the first given X >= least. At the threshold
    itself it is 0: seeing just enough says nothing about how much there is. Well above it is 1.

    Args:
        count: What was seen, at least `least`.
        least: Below which nothing would have been said.
        confidence: Two-sided confidence.

    Returns:
        The ratio.

    Raises:
        UsageError: The count is below the least.

    References:
        Fithian W, Sun D, Taylor J (2014). Optimal inference after model selection. arXiv:1410.2597 (inference given the
        selection). Zollner S, Pritchard JK (2007). Overcoming the winner's curse. Am J Hum Genet 80:605-615.
    """
    if count < least:
        raise UsageError(f"The 'count' seen must be at least {least!r}. Got {count!r} instead.")
    tail = (1 - confidence) / 2

    def above(mean: float) -> float:
        return float(gammainc(count, mean) + gammainc(count + 1, mean)) / 2

    plain = float(brentq(lambda mean: above(mean) - tail, 1e-9, count))

    def given(mean: float) -> float:
        return above(mean) / float(gammainc(least, mean)) - tail

    lowest = plain * 1e-3
    if given(plain) <= 0:  # so far above the threshold that rounding is all there is between the two
        return 1.0
    if given(lowest) >= 0:
        return 0.0
    return float(brentq(given, lowest, plain)) / plain


@lru_cache(maxsize=65536)
def limit_when_above(share: float, low: float, threshold: float, confidence: float = CONFIDENCE) -> float:
    """The lower limit of a share given that its plain lower limit came out at `threshold` or above.

    On the log scale, where the plain limit is z standard errors away: the mean at which so large an estimate has
    probability alpha / 2 among those whose lower limit passes. At the threshold itself 0; well above it, `low`.

    Args:
        share: The estimate, above 0.
        low: Its plain lower limit, at least `threshold`.
        threshold: What the lower limit had to reach.
        confidence: Two-sided confidence.

    Returns:
        The limit, in [0, `low`].

    References:
        Fithian, Sun and Taylor (2014), as in `limit_when_seen`.
    """
    if not 0 < threshold <= low <= share:
        raise UsageError(
            "The 'threshold', 'low' and 'share' of a limit must ascend from above 0. "
            f"Got {threshold!r}, {low!r} and {share!r} instead."
        )
    z = normal_quantile(confidence)
    error = math.log(share / low) / z
    if error <= 0:
        return low
    spare = math.log(low / threshold) / error
    aim = math.log((1 - confidence) / 2)

    def given(off: float) -> float:
        return float(log_ndtr(-off) - log_ndtr(spare - off)) - aim

    if given(FARTHEST) > 0:
        return 0.0
    return share * math.exp(-error * float(brentq(given, z - 1e-9, FARTHEST)))


def rogan_gladen(
    share: float, n: float, calibration: Calibration, confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Prevalence from the share flagged and the judge's sensitivity and specificity, all three of them estimated.

    (q + Sp - 1) / (Se + Sp - 1), clipped to [0, 1]; the interval adds half a success and half a failure per z^2 to q, one
    of each to Se and Sp, takes the delta method's variance, and shifts it (Lang and Reiczigel, equations 14 to 16).

    Args:
        share: Share flagged, in [0, 1].
        n: Effective number of conversations it is a share of.
        calibration: Where Se and Sp come from.
        confidence: Two-sided confidence.

    Returns:
        The estimate and its limits, all in [0, 1].

    Raises:
        UsageError: The judge is no better than chance in the calibration.

    References:
        Rogan WJ, Gladen B (1978). Estimating prevalence from the results of a screening test. Am J Epidemiol 107:71-76.
        Lang Z, Reiczigel J (2014). Confidence limits for prevalence of disease adjusted for estimated sensitivity and
        specificity. Preventive Veterinary Medicine 113:13-22. doi:10.1016/j.prevetmed.2013.09.015
    """
    z = normal_quantile(confidence)
    c = calibration
    plain = c.found / c.positives + c.spared / c.negatives - 1
    n_q, n_se, n_sp = n + z * z, c.positives + 2, c.negatives + 2
    q, se, sp = (share * n + z * z / 2) / n_q, (c.found + 1) / n_se, (c.spared + 1) / n_sp
    youden = se + sp - 1
    if plain <= 0 or youden <= 0:
        raise UsageError(
            "Sensitivity and specificity of a calibration must sum to more than 1. "
            f"Got {c.found / c.positives:.3g} and {c.spared / c.negatives:.3g} instead."
        )
    estimate = min(max((share + c.spared / c.negatives - 1) / plain, 0.0), 1.0)
    moved = (q + sp - 1) / youden
    v_se, v_sp = se * (1 - se) / n_se, sp * (1 - sp) / n_sp
    variance = (q * (1 - q) / n_q + moved**2 * v_se + (1 - moved) ** 2 * v_sp) / youden**2
    centre = moved + 2 * z * z * (moved * v_se - (1 - moved) * v_sp)
    half = z * math.sqrt(variance)
    low, high = min(max(centre - half, 0.0), 1.0), min(max(centre + half, 0.0), 1.0)
    return estimate, Interval(min(low, estimate), max(high, estimate))
