"""Patterns of a study, as a method of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from selfrule.errors import StudyError
from selfrule.privacy import K
from selfrule.store.folder import Folder
from selfrule.study.analyses import Analyses

if TYPE_CHECKING:
    from selfrule.patterns.records import Patterns
    from selfrule.study.costs import Proposal
    from selfrule.study.judged import Summary
    from selfrule.study.rating import Choices
    from selfrule.study.study import Watcher

__all__ = ["Patterned"]


class Patterned(Analyses):
    """What a `Study` can be asked about what happens in its flagged conversations."""

    @property
    def choices(self) -> Choices:
        """The choices of the latest rating."""
        raise NotImplementedError

    def describe(
        self,
        *,
        judge: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        budget: float | None = None,
        batch: bool = False,
        wait: bool = False,
        confirm: bool | Callable[[Proposal], bool] = False,
        retry: Sequence[str] = (),
        prices: str | os.PathLike[str] | None = None,
        concurrency: int | None = None,
        watcher: Watcher | None = None,
    ) -> Summary | None:
        """Describe every flagged conversation that is not described yet: see `facets`.

        Personal data that can be found are taken out before a language model sees the text, and out of what it writes.

        Args:
            judge: "embedded" (codes by phrases, a description put together from them), or a language model as for `rate`.
                Whoever described last unless told; "embedded" at first.
            parameters: Sent in the body of every request.
            budget: US dollars that this study may cost in all, ratings included; it stops cleanly there.
            batch: Through the provider's batch interface: submits and returns; call again to collect.
            wait: With `batch`: stay until every batch has come back.
            confirm: Whether conversations may be sent to a remote judge, or a function that is shown what is about to be
                sent and says so.
            retry: Statuses asked about anew: "refused", "filtered", "truncated", "unparseable" (which includes "quoted").
            prices: A file of prices and limits of models.
            concurrency: Most requests in flight.
            watcher: Told of progress.

        Returns:
            What the language model did; None where none was asked.

        Raises:
            UsageError: a value makes no sense, or sending conversations away was not confirmed.
            StudyError: nothing is rated yet, or another run is writing to the study.
            ClientError: the model cannot be used; what was answered before is kept.
        """
        from selfrule.study import facets
        from selfrule.study.describing import describe
        from selfrule.study.judged import Watch
        from selfrule.study.judging import Terms, retried
        from selfrule.study.rating import EMBEDDED, plan

        terms = Terms(
            budget=budget,
            batch=batch,
            wait=wait,
            prices=None if prices is None else Path(prices),
            concurrency=concurrency,
            retry=retried(retry),
            confirm=confirm,
        )
        folder = Folder.open(self.path)
        last = facets.latest(folder)
        if judge is None and last is not None:
            judge, parameters = last.judge, parameters or last.parameters
        told = Watch(begun=lambda total: None, moved=lambda done: None)
        if watcher is not None:
            watch = watcher
            told = Watch(
                begun=lambda total: watch.stage("Describing", total, "conversations"),
                moved=watch.advance,
            )
        with folder.lock():
            where = plan(self.choices)
            if not folder.parts("ratings", where.judge):
                raise StudyError(f"{self.path} is not rated yet. Rate it with: selfrule rate {self.path}")
            try:
                return describe(folder, where, judge or EMBEDDED, parameters or {}, terms, told)[1]
            finally:
                if watcher is not None:
                    watcher.done()

    def facets(self) -> pa.Table:
        """The facets made last (schema `selfrule.store.schemas.FACETS`): one row a flagged conversation. Private.

        Raises:
            StudyError: none were made of the latest ratings.
        """
        from selfrule.study import facets
        from selfrule.study.rating import plan

        folder = Folder.open(self.path)
        last = facets.latest(folder)
        if last is None or last.ratings != plan(self.choices).judge:
            raise StudyError(f"No facets of these ratings yet. Make them with: selfrule facets {self.path}")
        return facets.read(folder, last.table)

    def patterns(
        self,
        *,
        judge: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        per: int | None = None,
        seed: int | None = None,
        embedding: str | None = None,
        facets: str | None = None,
        shareable: bool = False,
        k: int = K,
        epsilon: float | None = None,
        again: bool = False,
        budget: float | None = None,
        confirm: bool | Callable[[Proposal], bool] = False,
        retry: Sequence[str] = (),
        prices: str | os.PathLike[str] | None = None,
        concurrency: int | None = None,
        watcher: Watcher | None = None,
        told: Callable[[Summary], None] = lambda summary: None,
    ) -> Patterns:
        """What happens in flagged conversations, as a tree of patterns; written into the study, private part and released.

        Made once for the same ratings and choices, then read.

        Args:
            judge: A language model, as for `rate`, that describes what is not described yet, names patterns and counts which
                members show a claim; "embedded" for codes alone. What was made last, or by codes, unless told.
            parameters: Sent in the body of every request.
            per: Conversations a cluster, on average; as last, or the study's 55.
            seed: The same seed gives the same patterns; as last, or 0.
            embedding: "built-in", or the path of a sentence-transformers model on this machine; as last, or "built-in".
            facets: Whose descriptions: "embedded", or the name of a table under `facets/`; those made last unless told, and by
                `judge` where one is named.
            shareable: Give what passed the release gate, not the private part.
            k: The smallest group, in conversations and in people, that it lets through.
            epsilon: Privacy budget of released counts (needs the extra `dp`); rounded counts unless told.
            again: Make them anew though they are there.
            budget: US dollars that this study may cost in all, ratings included; naming stops cleanly there.
            confirm: Whether text may be sent to a remote judge, or a function that is shown what is about to be sent and
                says so: first conversations to be described (personal data that are found are taken out), then descriptions.
            retry: Statuses asked about anew: "refused", "filtered", "truncated", "unparseable".
            prices: A file of prices and limits of models.
            concurrency: Most requests in flight.
            watcher: Told of progress.
            told: Told what each language model did.

        Raises:
            UsageError: a value makes no sense, or sending text away was not confirmed.
            StudyError: another run is writing to the study.
            ClientError: the model cannot be used; what was answered before is kept.
        """
        from selfrule.study import patterns, patterns_release
        from selfrule.study.judged import Watch
        from selfrule.study.judging import Terms, retried
        from selfrule.study.rating import plan

        folder = Folder.open(self.path)
        how = patterns.Making(per, seed, embedding, facets, judge, dict(parameters or {}))
        terms = Terms(
            budget=budget,
            prices=None if prices is None else Path(prices),
            concurrency=concurrency,
            retry=retried(retry),
            confirm=confirm,
        )

        def begun(total: int) -> None:
            if watcher is not None:
                watcher.stage("Describing", total, "conversations")

        watch = Watch(begun, lambda done: None if watcher is None else watcher.advance(done))
        with folder.lock():
            try:
                private, did = patterns.private(
                    folder, plan(self.choices), how, patterns.Asked(terms, watch), again=again
                )
            finally:
                if watcher is not None:
                    watcher.done()
            for summary in did:
                told(summary)
            released = patterns_release.release(folder, plan(self.choices), private, k=k, epsilon=epsilon)
        return released if shareable else private

    def patterns_stale(self) -> bool:
        """Whether there are patterns, and they are of ratings that have changed since: reports leave them out."""
        from selfrule.study import patterns_files
        from selfrule.study.rating import plan

        return patterns_files.stale(Folder.open(self.path), plan(self.choices))
