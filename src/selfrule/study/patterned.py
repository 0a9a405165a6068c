"""Patterns of a study, as a method of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfrule.privacy import K
from selfrule.store.folder import Folder
from selfrule.study.analyses import Analyses

if TYPE_CHECKING:
    from selfrule.patterns.records import Patterns
    from selfrule.study.rating import Choices

__all__ = ["Patterned"]


class Patterned(Analyses):
    """What a `Study` can be asked about what happens in its flagged conversations."""

    @property
    def choices(self) -> Choices:
        """The choices of the latest rating."""
        raise NotImplementedError

    def patterns(
        self,
        *,
        per: int | None = None,
        seed: int = 0,
        embedding: str | None = None,
        shareable: bool = False,
        k: int = K,
        epsilon: float | None = None,
        again: bool = False,
    ) -> Patterns:
        """What happens in flagged conversations, as a tree of patterns; written into the study, private part and released.

        Made once for the same ratings and choices, then read.

        Args:
            per: Conversations a cluster, on average; the study's 55 unless told.
            seed: The same seed gives the same patterns.
            embedding: "built-in", or the path of a sentence-transformers model on this machine.
            shareable: Give what passed the release gate, not the private part.
            k: The smallest group, in conversations and in people, that it lets through.
            epsilon: Privacy budget of released counts (needs the extra `dp`); exact counts, rounded, unless told.
            again: Make them anew though they are there.

        Raises:
            UsageError: a value makes no sense.
            StudyError: another run is writing to the study.
        """
        from selfrule.patterns.clustering import PER_CLUSTER
        from selfrule.patterns.embedding import BUILT_IN
        from selfrule.study import patterns, patterns_release
        from selfrule.study.rating import plan

        folder = Folder.open(self.path)
        how = patterns.Making(PER_CLUSTER if per is None else per, seed, embedding or BUILT_IN)
        with folder.lock():
            private = patterns.private(folder, plan(self.choices), how, again=again)
            released = patterns_release.release(folder, plan(self.choices), private, k=k, epsilon=epsilon)
        return released if shareable else private
