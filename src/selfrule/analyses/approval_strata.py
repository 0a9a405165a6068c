"""Groups made alike in domain and length: Mantel-Haenszel, and a logistic regression with people as clusters."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import stdtrit

from selfrule.analyses.figures import Figure
from selfrule.analyses.mix import domain_parts, lengths
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.intervals import CONFIDENCE

FEW = f"fewer than {FEW_EVENTS} thumbs up or down in one of the two: no odds ratio"
APART = "no domain and length has both: nothing to compare"
LEAST_COLUMN = 10
"""A domain or length with fewer thumbs up or down has no term of its own in the regression: it could not be told."""


@dataclass(frozen=True)
class Strata:
    """Every conversation in the cells of domain by length: a part in each of its domains.

    Attributes:
        row: Conversation of each part; shape (parts,).
        stratum: Cell of each, dense from 0; shape (parts,).
        part: How much of the conversation it is, one over its number of domains; shape (parts,).
        count: Number of cells.
        pattern: Kind of each conversation (its domains and its length), dense from 0; shape (n,).
        terms: What each kind is, for the regression: member of each domain, and of each class of length; shape (kinds, t).
    """

    row: NDArray[np.int64]
    stratum: NDArray[np.int64]
    part: NDArray[np.float64]
    count: int
    pattern: NDArray[np.int64]
    terms: NDArray[np.float64]


def strata_of(sample: Sample) -> Strata:
    """The cells of domain by length; unknown domain and unknown length are cells of their own."""
    parts, names = domain_parts(sample)
    length = lengths(sample)
    row, domain = np.nonzero(parts)
    code = domain * (len(length.names) + 1) + length.codes[row] + 1
    seen, stratum = np.unique(code, return_inverse=True)
    bits = sample.domains.astype(np.int64) @ (1 << np.arange(len(names) - 1, dtype=np.int64))
    kinds, pattern = np.unique(bits * (len(length.names) + 1) + length.codes + 1, return_inverse=True)
    member = (kinds[:, None] // (len(length.names) + 1) >> np.arange(len(names) - 1)) & 1
    classes = kinds[:, None] % (len(length.names) + 1) == np.arange(len(length.names) + 1)
    terms = np.column_stack([member, classes]).astype(np.float64)
    return Strata(row, stratum, parts[row, domain], len(seen), pattern, terms)


def alike(sample: Sample, strata: Strata, inside: Mask, outside: Mask) -> NDArray[np.float64]:
    """Weights that make both groups alike in every cell: what Mantel and Haenszel's risk difference gives each conversation.

    sum_s w_s (p1s - p0s) / sum_s w_s with w_s = n1s n0s / (n1s + n0s) is the difference of two weighted shares, each
    conversation of one group having the weight n0s / (n1s + n0s) in cell s and the mirror image in the other group.

    Returns:
        Weights of shape (n,), the sample's own in them; 0 where a cell has nothing to compare with.

    References:
        Greenland S, Robins JM (1985). Estimation of a common effect parameter from sparse follow-up data. Biometrics
        41:55-68 (the risk difference). Li F, Morgan KL, Zaslavsky AM (2018). Balancing covariates via propensity score
        weighting. JASA 113:390-400 (the same weights, as overlap weights).
    """
    of = strata.part * sample.weight[strata.row]
    one, other = (_sums(strata.stratum, of * arm[strata.row], strata.count) for arm in (inside, outside))
    both = np.maximum(one + other, 1e-300)
    gets = np.where(inside[strata.row], other[strata.stratum], one[strata.stratum]) / both[strata.stratum]
    used = (inside | outside)[strata.row]
    return _sums(strata.row, of * gets * used, len(sample))


def odds_ratio(sample: Sample, strata: Strata, hits: Mask, inside: Mask, outside: Mask) -> Figure:
    """Mantel and Haenszel's odds ratio of a hit over the cells, with people as clusters.

    R / S with R = sum_s a_s d_s / n_s and S = sum_s b_s c_s / n_s, the same as statsmodels' `StratifiedTable`, whose interval
    takes conversations for independent, which those of one person are not. Here the logarithm is linearised: a conversation's
    part in it is its derivative after its count, a person's that of all their conversations. See `_between` for the limits.

    References:
        Mantel N, Haenszel W (1959). Statistical aspects of the analysis of data from retrospective studies of disease. JNCI
        22:719-748. Binder DA (1983). On the variances of asymptotically normal estimators from complex surveys. International
        Statistical Review 51:279-292 (linearisation).
    """
    base = _base(sample, inside | outside, hits)
    if _few(hits, inside, outside):
        return replace(base, reason=FEW)
    kept = np.flatnonzero((inside | outside)[strata.row])
    row = strata.row[kept]
    key = strata.stratum[kept] * 4 + inside[row] * 2 + hits[row]
    of = strata.part[kept] * sample.weight[row]
    d, c, b, a = _sums(key, of, strata.count * 4).reshape(-1, 4).T
    n = np.maximum(a + b + c + d, 1e-300)
    top, bottom = a * d / n, b * c / n
    above, below = float(top.sum()), float(bottom.sum())
    if not (above > 0 and below > 0):
        return replace(base, reason=APART)
    rises = np.stack([a - top, -top, -top, d - top], axis=1) / n[:, None] / above
    falls = np.stack([-bottom, b - bottom, c - bottom, -bottom], axis=1) / n[:, None] / below
    parts = _sums(sample.cluster[row], of * (rises - falls).reshape(-1)[key], sample.clusters)
    return _between(sample, math.log(above / below), parts, inside, outside, base)


def logistic(sample: Sample, strata: Strata, hits: Mask, inside: Mask, outside: Mask) -> Figure:
    """Odds ratio of a hit from a logistic regression on group, domains and class of length.

    Fitted by statsmodels' GLM on counts of conversations of one kind; the covariance is the sandwich with people as
    clusters. See `_between` for the limits.

    References:
        Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized linear models. Biometrika 73:13-22. Cameron
        AC, Miller DL (2015). A practitioner's guide to cluster-robust inference. J. Human Resources 50:317-372.
    """
    used = inside | outside
    base = _base(sample, used, hits)
    if _few(hits, inside, outside):
        return replace(base, reason=FEW)
    code = strata.pattern[used] * 2 + inside[used]
    w, y = sample.weight[used], hits[used].astype(np.float64)
    kinds = 2 * len(strata.terms)
    weight, ups = _sums(code, w, kinds), _sums(code, w * y, kinds)
    there = np.flatnonzero(weight > 0)
    up = _sums(strata.pattern[used], hits[used], len(strata.terms))
    down = _sums(strata.pattern[used], ~hits[used], len(strata.terms))
    terms = _told(strata.terms, up, down)
    design = np.column_stack([there % 2, np.ones(len(there)), terms[there // 2]])
    fitted = _fitted(design, ups[there] / weight[there], weight[there])
    if fitted is None:
        return replace(base, reason="the regression does not converge: no odds ratio")
    beta, mean = fitted
    place = np.full(len(weight), -1)
    place[there] = np.arange(len(there))
    of = place[code]
    information = design.T @ (design * (weight[there] * mean * (1 - mean))[:, None])
    bread = np.linalg.inv(information)
    # the part of each conversation in the coefficient of the group alone: no rows x terms matrix is ever made
    pull = (design @ bread[0])[of] * w * (y - mean[of])
    parts = _sums(sample.cluster[used], pull, sample.clusters)
    return _between(sample, beta, parts, inside, outside, base)


def _between(
    sample: Sample,
    value: float,
    parts: NDArray[np.float64],
    inside: Mask,
    outside: Mask,
    base: Figure,
) -> Figure:
    """An odds ratio with its limits, from its logarithm and each person's part in it.

    The variance is k / (k - 1) times the sum of squared parts; the limits are Student's t with the fewer of two degrees of
    freedom: Satterthwaite's of that sum, 2 S^2 / (sum u^4 - S^2 / k), and the effective people of the smaller group, less one.
    """
    k = int(np.count_nonzero(np.bincount(sample.cluster[inside | outside])))
    if k < 2:
        return replace(base, value=math.exp(value), reason="one person: no interval")
    square, fourth = float((parts**2).sum()), float((parts**4).sum())
    spread = fourth - square**2 / k
    freedom = 2 * square**2 / spread if spread > 1e-12 * square**2 else math.inf
    freedom = max(min(freedom, _people(sample, inside) - 1, _people(sample, outside) - 1), 1.0)
    half = float(stdtrit(min(freedom, 1e9), (1 + CONFIDENCE) / 2)) * math.sqrt(k / (k - 1) * square)
    if not half < 50:
        return replace(base, value=math.exp(value), reason="too little to tell: no interval")
    return replace(base, value=math.exp(value), low=math.exp(value - half), high=math.exp(value + half))


def _people(sample: Sample, rows: Mask) -> float:
    """Effective number of people: (sum m)^2 / sum m^2."""
    size = _sums(sample.cluster[rows], sample.weight[rows], sample.clusters)
    return float(size.sum()) ** 2 / float((size**2).sum())


def _told(terms: NDArray[np.float64], up: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    """The terms that the data can tell: enough of both thumbs with and without, and none that others add up to."""
    enough = [
        j
        for j in range(terms.shape[1])
        if all(min(float(side @ up), float(side @ down)) >= LEAST_COLUMN for side in (terms[:, j], 1 - terms[:, j]))
    ]
    seen = (up + down) > 0
    kept: list[int] = []
    basis = np.ones((int(seen.sum()), 1))
    for j in sorted(enough, key=lambda j: float(terms[:, j] @ (up + down))):
        tried = np.column_stack([basis, terms[seen, j]])
        if np.linalg.matrix_rank(tried) == tried.shape[1]:
            basis = tried
            kept.append(j)
    return terms[:, kept]


def _fitted(
    design: NDArray[np.float64], share: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]] | None:
    """Coefficient of the first column and fitted means; None where it does not exist or is not found."""
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    import statsmodels.api as sm

    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        try:
            got = sm.GLM(share, design, family=sm.families.Binomial(), var_weights=weight).fit(maxiter=50)
        except (np.linalg.LinAlgError, ValueError):  # statsmodels says so of data that separate
            return None
    mean = np.asarray(got.fittedvalues, dtype=np.float64)
    beta = np.asarray(got.params, dtype=np.float64)
    if not (got.converged and np.all(np.abs(beta) < 15)):  # beyond that one side is all of one thumb
        return None
    return float(beta[0]), mean


def _few(hits: Mask, inside: Mask, outside: Mask) -> bool:
    counts = [np.count_nonzero(arm & side) for arm in (inside, outside) for side in (hits, ~hits)]
    return bool(min(counts) < FEW_EVENTS)


def _base(sample: Sample, used: Mask, hits: Mask) -> Figure:
    """What a figure of these conversations rests on."""
    n, events = int(np.count_nonzero(used)), int(np.count_nonzero(used & hits))
    return Figure(n=n, persons=sample.people_in(used), events=events)


def _sums(code: NDArray[np.integer], weight: NDArray[np.generic], count: int) -> NDArray[np.float64]:
    """Sums of weights by code, shape (count,)."""
    return np.bincount(code, weight, count).astype(np.float64, copy=False)  # integers where there is nothing to sum
