"""What estimates are made from: one row a conversation, as plain numpy arrays. The study fills it from Parquet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.rubric import CONSTRUCTS, LEVELS, PRIMITIVES

NO_TIME = int(np.iinfo(np.int64).min)
"""In place of a time that is not known."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something known of conversations, one value each (model, month, language, product).

    Attributes:
        codes: Index into `names`, -1 where unknown; shape (n,).
        names: The values.
    """

    codes: NDArray[np.integer]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """All conversations of a study, after duplicates are removed.

    Attributes:
        person: Code of the person, -1 where unknown; shape (n,).
        screened_in: Stratum: True where the screen kept it, *and* where the screen could not read it (empty, unknown
            language, over-long), False where the screen dropped it. All True where no screen was used; shape (n,).
        drawn: Chosen for rating. False only where the rating's status is "screened_out"; shape (n,).
        inclusion: Probability of being drawn, in (0, 1]; read only where drawn; shape (n,).
        weight: How many conversations of the population each one stands for, above 0; shape (n,). None where the study
            holds all of them, or each stands for as many.
        finite: Whether `weight` is one over the probability of a draw without replacement from a population that is
            known, so that what was drawn of it need not be guessed.
        rated: The rating's status is "rated". Drawn and not rated is missing, never negative; shape (n,).
        levels: Level of each of `rubric.CONSTRUCTS`, 0 .. 3, -1 where that construct was not rated; shape (n, 7). Not
            read where not rated.
        actualized: For each of `rubric.PRIMITIVES` 1 yes, 0 no or unknown (the default, which is not a yes), -1 where
            the marker was not rated; shape (n, 3). Not read where not rated.
        domains: Member of each domain, of which a conversation may have several; shape (n, d). A row of a conversation
            that was not rated and has none set is of unknown domain.
        domain_names: Ids of the d domains.
        model: Model that answered, or None where no conversation has one.
        month: Month it started, names "yyyy-mm", or None.
        product: Product it was held in, or None.
        language: Its language, or None.
        at: When it started, milliseconds since 1970-01-01 UTC, `NO_TIME` where unknown; shape (n,). None where no one is
            known or wanted, as the two below.
        thumb: 1 where the person gave a thumb up, 0 down, -1 none; shape (n,).
        turns: Turns read, above 0; shape (n,).

    Raises:
        UsageError: A shape or a range does not fit.
    """

    person: NDArray[np.integer]
    screened_in: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    inclusion: NDArray[np.floating]
    rated: NDArray[np.bool_]
    levels: NDArray[np.int8]
    actualized: NDArray[np.int8]
    domains: NDArray[np.bool_]
    domain_names: tuple[str, ...]
    model: Attribute | None = None
    month: Attribute | None = None
    product: Attribute | None = None
    language: Attribute | None = None
    weight: NDArray[np.floating] | None = None
    finite: bool = False
    at: NDArray[np.int64] | None = None
    thumb: NDArray[np.int8] | None = None
    turns: NDArray[np.integer] | None = None

    def __post_init__(self) -> None:
        n = len(self.person)
        shapes = {
            "person": (n,),
            "screened_in": (n,),
            "drawn": (n,),
            "inclusion": (n,),
            "rated": (n,),
            "levels": (n, len(CONSTRUCTS)),
            "actualized": (n, len(PRIMITIVES)),
            "domains": (n, len(self.domain_names)),
        }
        for name, shape in shapes.items():
            got = np.shape(getattr(self, name))
            if got != shape:
                raise UsageError(
                    f"The '{name}' of a frame of {n} conversations must have shape {shape}. Got {got} instead."
                )
        for name in ("screened_in", "drawn", "rated", "domains"):
            kind = getattr(self, name).dtype
            if kind != np.bool_:
                raise UsageError(f"The '{name}' of a frame must be bool. Got {kind} instead.")
        if bool(np.any(self.rated & ~self.drawn)):
            raise UsageError(
                "The 'rated' of a frame must be drawn too. Got a conversation rated and not drawn instead."
            )
        chosen = self.inclusion[self.drawn]
        if not bool(np.all((chosen > 0) & (chosen <= 1))):
            raise UsageError("The 'inclusion' of a drawn conversation must be in (0, 1]. Got another value instead.")
        if self.weight is not None:
            if np.shape(self.weight) != (n,):
                raise UsageError(
                    f"The 'weight' of a frame must have shape {(n,)}. Got {np.shape(self.weight)} instead."
                )
            if not bool(np.all((self.weight > 0) & np.isfinite(self.weight))):
                raise UsageError("The 'weight' of a frame must be finite and above 0. Got another value instead.")
        for name in ("at", "thumb", "turns"):
            given = getattr(self, name)
            if given is not None and np.shape(given) != (n,):
                raise UsageError(f"The '{name}' of a frame must have shape {(n,)}. Got {np.shape(given)} instead.")
        _check_range("levels", self.levels, len(LEVELS))
        _check_range("actualized", self.actualized, 2)
        for name in ("model", "month", "product", "language"):
            attribute = getattr(self, name)
            if attribute is not None:
                if np.shape(attribute.codes) != (n,):
                    raise UsageError(
                        f"The codes of '{name}' must have shape {(n,)}. Got {np.shape(attribute.codes)} instead."
                    )
                _check_range(name, attribute.codes, len(attribute.names))


def _check_range(name: str, values: NDArray[np.integer], end: int) -> None:
    if values.size and not (values.min() >= -1 and values.max() < end):
        raise UsageError(
            f"The '{name}' of a frame must be in [-1, {end - 1}]. Got {values.min()} to {values.max()} instead."
        )
