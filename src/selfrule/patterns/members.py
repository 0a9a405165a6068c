"""The flagged conversations that patterns are made of: what is known of each, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.rubric import PRIMITIVES

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Members:
    """One row a flagged conversation that has a description.

    Attributes:
        conversation_id: Of each; n of them.
        description: Of each.
        templated: Whether descriptions were put together from codes.
        codes: By dimension id, which codes each has, and of whom the dimension was asked and answered: `Coded`.
        person: Code of the person, -1 where unknown; shape (n,).
        weight: What each stands for, above 0; shape (n,).
        reached: Whether each is moderate or above on each of `rubric.PRIMITIVES`; shape (n, 3).
        severe: Whether each is severe on one of them; shape (n,).
        actualized: Whether any marker is yes; shape (n,).
        domains: Member of each domain; shape (n, d), named by `domain_names`.
        month: Index into `months`, -1 where unknown; shape (n,).
        months: "2025-01", in order.
        levels: Level of each of `rubric.CONSTRUCTS`, -1 where not rated; shape (n, 7). None where nobody asks for it.
    """

    conversation_id: list[str]
    description: list[str]
    templated: bool
    codes: dict[str, Coded]
    person: NDArray[np.int64]
    weight: NDArray[np.float64]
    reached: Mask
    severe: Mask
    actualized: Mask
    domains: Mask
    domain_names: tuple[str, ...]
    month: NDArray[np.int64]
    months: tuple[str, ...]
    levels: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.conversation_id)

    @property
    def own_person(self) -> NDArray[np.int64]:
        """Codes of persons in which each unknown one is a person of its own; shape (n,)."""
        unknown = self.person < 0
        own = self.person.copy()
        own[unknown] = np.arange(int(unknown.sum())) + (int(self.person.max()) + 1 if len(self) else 0)
        return own


@dataclass(frozen=True)
class Coded:
    """One dimension of the codes.

    Attributes:
        names: Code ids.
        has: Whether each conversation has each code; shape (n, c).
        answered: Whether the dimension was asked of it and answered; shape (n,). Elsewhere `has` is not "no".
    """

    names: tuple[str, ...]
    has: Mask
    answered: Mask


def reached_of(levels: NDArray[np.integer], first: int, last: int) -> Mask:
    """Whether any of the primitives' columns of levels lies in [first, last]; shape (n,)."""
    primitives = levels[:, : len(PRIMITIVES)]
    return np.asarray(((primitives >= first) & (primitives <= last)).any(axis=1))
