"""Labels in a plan: how many conversations each sampling stratum will have, what a budget labels of them, what that shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from selfrule.estimate.allotting import Offer, grid
from selfrule.estimate.clusters import PRIOR_ICC
from selfrule.estimate.expecting import Below, Found, Way, confirm, miss
from selfrule.estimate.planning import Floats, Worlds
from selfrule.labels.allocation import allocate

MOST = 5_000
"""Labels that a plan considers at most: three working weeks of one person who does nothing else."""

_DOWN = 0.5  # of what the judge puts below the level, the part that it puts no lower than one level down
_BACK = 6  # as in `allotting`


class Levels(NamedTuple):
    """Shares of all conversations whose highest primitive the judge rates so."""

    mild: float
    moderate: float
    severe: float


class Aim(NamedTuple):
    """What labels are for: the level counted from (1 mild .. 3 severe), and the widths wanted, None for any."""

    first: int
    confirm: float | None = None
    missed: float | None = None


class Shown(NamedTuple):
    """What labels show: by stratum how many, the share confirmed among flagged, what was missed at most."""

    labels: dict[str, int]
    confirmed: Found
    missed: Found

    @property
    def total(self) -> int:
        """Labels in all."""
        return sum(self.labels.values())

    def reaches(self, aim: Aim) -> bool:
        """Whether both are as narrow as wanted, on average."""
        narrow = aim.confirm is None or float(np.mean(self.confirmed.width)) <= aim.confirm
        return narrow and (aim.missed is None or float(np.mean(self.missed.high)) <= aim.missed)


class Labelling:
    """The label draw of a design, foreseen.

    Two judges and random samples are studies of what was rated; in the others what was not rated is of the study too, as
    the stratum "screened_out". Labels are allotted as `selfrule label` will (`labels.allocation`). Of what is at the level
    and rated below, half is taken to be one level down, half of the rest another, and what remains rated none.

    Args:
        w: The worlds.
        way: The design.
        offer: What is rated.
        levels: Shares by the judge's level, of all conversations.
        first: The level counted from.
    """

    def __init__(self, w: Worlds, way: Way, offer: Offer, levels: Levels, first: int) -> None:
        self.w, self.way, self.offer, self.first = w, way, offer, first
        self._weight = np.array([w.share[g].sum() for g in offer.seen.groups])
        self._whole = way in ("screened", "study")
        self._part = np.minimum(offer.drawn / (self._weight * w.n), 1.0) if self._whole else np.ones(len(self._weight))
        self._judged = float((self._of(w.judged).mean(axis=0) * self._weight).sum())
        at = sum(levels[first - 1 :])
        scale = max(self._judged / at, 1.0) if at else 1.0
        self.levels = [level * (scale if n >= first else 1.0) for n, level in enumerate(levels, 1)]
        self.mine = self._judged / max(sum(self.levels[first - 1 :]), 1e-300)
        self.sizes = self._sizes()

    def _of(self, rates: Floats) -> Floats:
        """Shares of strata as shares of the groups that were drawn as one; shape (s, g)."""
        w = self.w
        made = [(rates[:, g] * w.share[g]).sum(axis=1) for g in self.offer.seen.groups]
        return np.asarray(np.stack(made, axis=1) / self._weight)

    def _sizes(self) -> dict[str, int]:
        drawn = self.offer.drawn
        expected = float((drawn * self._of(self.w.judged).mean(axis=0)).sum())
        each = expected / self._judged if self._judged else float(drawn.sum())
        found = np.array([level * each for level in self.levels])
        found *= min(1.0, 0.9 * float(drawn.sum()) / max(float(found.sum()), 1e-300))
        sizes = {name: round(size) for name, size in zip(("mild", "moderate", "severe"), found, strict=True)}
        sizes["none"] = max(self.offer.total - sum(sizes.values()), 0)
        sizes["screened_out"] = max(self.w.n - self.offer.total, 0) if self._whole else 0
        return sizes

    def show(self, budget: int) -> Shown:
        """What so many labels show."""
        given = allocate(self.sizes, budget) if budget else dict.fromkeys(self.sizes, 0)
        names = ("mild", "moderate", "severe")[self.first - 1 :]
        flagged = sum(given[name] for name in names)
        there = self.offer.seen.flagged.sum(axis=1)
        near = (
            self.w.together - 1
        ) * PRIOR_ICC  # other flagged conversations of a flagged one's person: taken for the same
        alike = 1 + near * np.minimum(flagged * self.mine / np.maximum(there, 1.0), 1.0)
        worth = self._worth(self.offer.seen.flagged) / alike
        return Shown(given, confirm(self.w, flagged * self.mine, there, worth), miss(self.w, self._below(given)))

    def _worth(self, flagged: Floats) -> Floats:
        """Independent labels per label where what was rated stands for unlike numbers (Kish); shape (s,)."""
        if self._whole:
            return np.ones(len(flagged))
        stands = self._weight / np.maximum(self.offer.drawn, 1.0)
        top = (flagged * stands).sum(axis=1) ** 2
        under = flagged.sum(axis=1) * (flagged * stands**2).sum(axis=1)
        return np.asarray(np.divide(top, under, out=np.ones(len(top)), where=under > 0))

    def _below(self, given: Mapping[str, int]) -> list[Below]:
        w = self.w
        rated = self._weight * self._part
        lost = ((self._of(w.true) - self._of(w.found)) * rated).sum(axis=1)
        share = float((self._of(w.judged).mean(axis=0) * rated).sum())
        inside = share / self._judged if self._judged else 1.0
        unlike = self._unlike()
        cells = []
        part = 1.0
        for name, level in reversed(list(zip(("mild", "moderate"), self.levels, strict=False))[: self.first - 1]):
            cells.append(Below(level * inside, given[name], unlike, lost * part * _DOWN))
            part *= 1 - _DOWN
        for name, level in zip(
            ("mild", "moderate", "severe")[self.first - 1 :], self.levels[self.first - 1 :], strict=True
        ):
            cells.append(Below(level * inside * (1 - self.mine), given[name] * (1 - self.mine), unlike, 0 * lost))
        out = 1 - float(rated.sum())
        rest = 1 - out - share - sum(c.weight for c in cells)
        worth = 1.0 if self._whole else self._even()
        cells.append(Below(max(rest, 1e-12), given["none"], worth, lost * part))
        if out > 1e-9:
            gone = (self._of(w.true) * (self._weight - rated)).sum(axis=1)
            cells.append(Below(out, given["screened_out"], 1.0, gone))
        return [c for c in cells if c.weight > 1e-9]

    def _even(self) -> float:
        """The same for labels of what is rated none, which is nearly everything."""
        drawn = np.maximum(self.offer.drawn, 1.0)
        return 1 / float(drawn.sum() * (self._weight**2 / drawn).sum())

    def _unlike(self) -> float:
        expected = self.offer.drawn * self._of(self.w.judged).mean(axis=0)
        return float(self._worth(expected[None, :])[0])

    @property
    def most(self) -> int:
        """Labels that can be given."""
        return min(sum(self.sizes.values()), MOST)

    def fewest(self, aim: Aim) -> Shown | None:
        """What the fewest labels that reach an aim show; None where the most do not."""
        steps = grid(self.most)
        last = self.show(steps[-1])
        if not last.reaches(aim):
            return None
        low, high, found = 0, len(steps) - 1, last
        while low < high:
            middle = (low + high) // 2
            shown = self.show(steps[middle])
            if shown.reaches(aim):
                high, found = middle, shown
            else:
                low = middle + 1
        return found

    def narrowest(self, budget: int) -> Shown:
        """What at most so many labels show, none worse for having more."""
        within = grid(min(budget, self.most))[-_BACK:]
        return min((self.show(n) for n in within), key=lambda s: (float(np.mean(s.confirmed.width)), -s.total))
