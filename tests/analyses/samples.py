"""Small samples for tests: by hand, and drawn at random with everything that logs may lack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from selfrule.analyses.sample import Sample, sample_of
from selfrule.estimate.cells import FLAGGED
from selfrule.estimate.frame import NO_TIME, Attribute, Frame
from selfrule.rubric import CONSTRUCTS, PRIMITIVES

DOMAINS = ("legal", "other", "software_development")
MODELS = ("alpha", "beta", "gamma")
START = int(np.datetime64("2025-01-01").astype("datetime64[ms]").astype(np.int64))
DAY = 86_400_000


def sample_from(
    *,
    person: Sequence[int],
    flagged: Sequence[int] | None = None,
    levels: dict[str, Sequence[int]] | None = None,
    **fields: Any,
) -> Sample:
    """A sample by hand: level none and everything rated unless told; a flagged row (1) is moderate on the first primitive.

    Args:
        person: Code of each, -1 for unknown.
        flagged: 1, 0, or -1 for not rated.
        levels: By construct.
        **fields: Of `Frame`, such as `at`, `thumb`, `turns`, `domains`, `model`, `weight`.
    """
    n = len(person)
    table = np.zeros((n, len(CONSTRUCTS)), np.int8)
    rated = np.ones(n, np.bool_)
    if flagged is not None:
        table[:, 0] = np.where(np.asarray(flagged) == 1, 2, 0)
        rated = np.asarray(flagged) >= 0
    for name, values in (levels or {}).items():
        table[:, CONSTRUCTS.index(name)] = values
    given: dict[str, Any] = {
        "person": np.asarray(person, np.int64),
        "screened_in": np.ones(n, np.bool_),
        "drawn": np.ones(n, np.bool_),
        "inclusion": np.ones(n),
        "rated": rated,
        "levels": table,
        "actualized": np.zeros((n, len(PRIMITIVES)), np.int8),
        "domains": np.zeros((n, len(DOMAINS)), np.bool_),
        "domain_names": DOMAINS,
        **fields,
    }
    return sample_of(Frame(**given), judge="a-judge", rubric="a-rubric")


@st.composite
def frames(draw: st.DrawFn, most: int = 60, people: int = 12) -> Frame:
    """Frames of up to `most` conversations with unknown people, times, thumbs, models, domains and levels."""
    n = draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rare = draw(st.sampled_from([0.0, 0.05, 0.5, 1.0]))
    gaps = draw(st.sampled_from([0.0, 0.3, 1.0]))
    months = draw(st.sampled_from([1, 2, 14]))
    drawn = rng.random(n) >= draw(st.sampled_from([0.0, 0.4]))
    levels = np.where(rng.random((n, len(CONSTRUCTS))) < rare, rng.integers(1, 4, (n, len(CONSTRUCTS))), 0)
    at = START + rng.integers(0, 30 * months, n) * DAY
    model = Attribute(np.where(rng.random(n) < gaps, -1, rng.integers(0, len(MODELS), n)), MODELS)
    return Frame(
        person=np.where(rng.random(n) < gaps / 2, -1, rng.integers(0, people, n)),
        screened_in=rng.random(n) < 0.7,
        drawn=drawn,
        inclusion=rng.choice([1.0, 0.5, 0.1], n),
        rated=drawn & (rng.random(n) >= gaps / 2),
        levels=np.where(rng.random(levels.shape) < 0.05, -1, levels).astype(np.int8),
        actualized=rng.choice(np.array([-1, 0, 0, 0, 1], np.int8), (n, len(PRIMITIVES))),
        domains=rng.random((n, len(DOMAINS))) < 0.4,
        domain_names=DOMAINS,
        model=model if n else None,
        product=Attribute(rng.integers(0, 2, n), ("app", "web")) if n else None,
        weight=rng.choice([1.0, 1.0, 7.5], n) if draw(st.booleans()) else None,
        at=np.where(rng.random(n) < gaps / 2, NO_TIME, at),
        thumb=rng.choice(np.array([-1, 0, 1], np.int8), n),
        turns=rng.integers(0, 40, n).astype(np.int32),
    )


@st.composite
def samples(draw: st.DrawFn, most: int = 60, people: int = 12) -> Sample:
    """Samples of such frames."""
    return sample_of(draw(frames(most, people)), judge="a-judge", rubric="a-rubric")


def flagged_of(sample: Sample) -> np.ndarray:
    """The column of flagged."""
    return sample.column[FLAGGED]
