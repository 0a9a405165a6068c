"""Prediction-powered means (PPI++), plain and stratified: for what is not rare, from labels drawn at random.

The judge's word on everything moves the estimate, the labels say by how much it is wrong, and `power` in [0, 1] says how
far the judge is trusted: 0 is the labels alone, 1 the plain prediction-powered estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from selfrule.errors import UsageError
from selfrule.estimate.intervals import CONFIDENCE, Interval, wilson


@dataclass(frozen=True, slots=True)
class Powered:
    """A prediction-powered mean.

    Attributes:
        share: The estimate, in [0, 1].
        variance: Of it, between persons.
        power: How far the judge was trusted, in [0, 1].
        freedom: Degrees of freedom of the variance: persons with labels, less one.
    """

    share: float
    variance: float
    power: float
    freedom: float

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """Wilson's limits on the effective number, share (1 - share) / variance, lessened by Student's t for few labels."""
        if not 0 < self.share < 1 or self.variance <= 0:
            return Interval(0.0, 1.0)
        n = self.share * (1 - self.share) / self.variance
        tail = (1 + confidence) / 2
        n *= float(stdtrit(1e9, tail) / stdtrit(max(self.freedom, 1.0), tail)) ** 2
        low, high = wilson(self.share * n, n, confidence)
        return Interval(min(low, self.share), max(high, self.share))


@dataclass(frozen=True, slots=True)
class Sample:
    """What one stratum, or everything, was estimated from.

    Attributes:
        label: People's word on each labelled conversation; shape (m,).
        judged: The judge's word on each of those; shape (m,).
        person: Person of each of those, as an index from 0; shape (m,).
        rest: The judge's word on each other conversation; shape (r,).
        rest_person: Person of each of those; shape (r,).
    """

    label: NDArray[np.floating]
    judged: NDArray[np.floating]
    person: NDArray[np.integer]
    rest: NDArray[np.floating]
    rest_person: NDArray[np.integer]

    def __post_init__(self) -> None:
        if len(self.label) < 2:
            raise UsageError(f"A prediction-powered mean needs at least 2 labels. Got {len(self.label)} instead.")
        if len(self.label) != len(self.judged) or len(self.label) != len(self.person):
            raise UsageError("'label', 'judged' and 'person' of a sample must be of one length. Got several instead.")


def ppi(sample: Sample, power: float | None = None) -> Powered:
    """The power-tuned prediction-powered mean, with its variance between persons.

    mean(y - w f) over the labelled + w mean(f) over the rest; w minimises the variance: cov(y, f) / ((1 + m / r) var(f)),
    in [0, 1]. Person i adds u_i = sum (y - w f - its mean) / m over their labels + w sum (f - its mean) / r over the rest;
    V = k / (k - 1) sum u_i^2, which for one conversation a person is the usual variance.

    Args:
        sample: Labels drawn at random, and the rest.
        power: w, or None to tune it.

    Returns:
        The mean; clipped to [0, 1].

    References:
        Angelopoulos AN, Duchi JC, Zrnic T (2023). PPI++: efficient prediction-powered inference. arXiv:2311.01453
        (section 6, power tuning). Angelopoulos AN, Bates S, Fannjiang C, Jordan MI, Zrnic T (2023). Prediction-powered
        inference. Science 382:669-674. doi:10.1126/science.adi6000
    """
    return stratified_ppi([(1.0, sample)], power)


def stratified_ppi(strata: Sequence[tuple[float, Sample]], power: float | None = None) -> Powered:
    """The prediction-powered mean of each stratum, weighted, each tuned by itself.

    Args:
        strata: Weight (they sum to 1) and sample of each.
        power: w of all of them, or None to tune each.

    Returns:
        The mean; `power` is the weighted mean of the strata's.

    References:
        Fisch A, Maynez J, Hofer RA, Dhingra B, Globerson A, Cohen WW (2024). Stratified prediction-powered inference for
        hybrid language model evaluation. NeurIPS 37. arXiv:2406.04291
    """
    if not np.isclose(sum(weight for weight, _ in strata), 1.0):
        raise UsageError(f"The weights of strata must sum to 1. Got {[weight for weight, _ in strata]} instead.")
    k = 1 + max(max(int(s.person.max(initial=0)), int(s.rest_person.max(initial=0))) for _, s in strata)
    u, share, trust = np.zeros(k), 0.0, 0.0
    labelled: set[int] = set()
    for weight, sample in strata:
        tuned = _tuned(sample) if power is None else power
        m, r = len(sample.label), len(sample.rest)
        if r == 0:
            tuned = 0.0
        error = sample.label - tuned * sample.judged
        mean = float(error.mean())
        u += weight * np.bincount(sample.person, weights=error - mean, minlength=k) / m
        if r and tuned:
            middle = float(sample.rest.mean())
            u += weight * tuned * np.bincount(sample.rest_person, weights=sample.rest - middle, minlength=k) / r
            mean += tuned * middle
        share += weight * mean
        trust += weight * tuned
        labelled.update(np.unique(sample.person).tolist())
    people = max(len(labelled), 2)
    variance = people / (people - 1) * float((u * u).sum())
    return Powered(min(max(share, 0.0), 1.0), variance, trust, people - 1)


def _tuned(sample: Sample) -> float:
    """The power that makes the variance least, in [0, 1]; 0 where the judge says the same of all."""
    m, r = len(sample.label), len(sample.rest)
    if not r:
        return 0.0
    spread = float(np.concatenate([sample.judged, sample.rest]).var())
    if spread <= 0:
        return 0.0
    covariance = float(((sample.label - sample.label.mean()) * (sample.judged - sample.judged.mean())).mean())
    return min(max(covariance / ((1 + m / r) * spread), 0.0), 1.0)
