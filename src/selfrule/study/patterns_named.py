"""Names and claims of a study's patterns by a language model: proposed, counted against members, and read back by itself.

It is given descriptions, from which personal data were taken out, never conversations. A pattern that it cannot name, or of
whose claims none holds, is named by its codes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.clients.running import run
from selfrule.errors import BudgetError
from selfrule.judges.naming import AT_ONCE, MOST_CLAIMS, Namer, Said, prompts
from selfrule.judges.questions import Lost, together
from selfrule.patterns import claims, faithful
from selfrule.patterns.assemble import Named, Node
from selfrule.patterns.faithful import Faithful
from selfrule.patterns.members import Members
from selfrule.store.folder import Folder
from selfrule.store.sealing import box_of
from selfrule.study.costs import Proposal, share_of
from selfrule.study.judged import ANSWERS, Summary, confirmed
from selfrule.study.judging import Fare, Reached, Terms, reach
from selfrule.study.patterns_checked import leaves_of, without

_OTHERS = 12  # descriptions of other patterns beside those of one
_BACK = 3  # of a pattern, held out and put back, about
_MOST_BACK = 600
_OUTPUT = 150  # tokens of an answer, about
_CLAIM = "the assistant wrote a whole message for the person to send and told them when to send it to whom"

_T = TypeVar("_T")


class Names(msgspec.Struct, frozen=True):
    """What a model made of a tree: names in its order, how faithful they are, and what went otherwise than was wanted.

    `ended` says why it was cut short, if it was; `lost` how many patterns it did not name.
    """

    named: list[Named]
    faith: Faithful
    lost: int
    ended: str | None
    summary: Summary


class Tree(msgspec.Struct, frozen=True):
    """What is to be named: the tree, where its clusters lie, the conversations, names by codes to fall back on, a seed."""

    tree: Sequence[Node]
    centres: NDArray[Any]
    known: Members
    by_codes: Sequence[Named]
    seed: int


def label_of(judge: str, parameters: Mapping[str, Any]) -> str:
    """Who names, as the state of patterns has it: another model, parameter or wording is another."""
    version, digest = prompts()[0].version, prompts()[1]
    extra = msgspec.json.encode(parameters, order="sorted").decode() if parameters else ""
    return f"{judge} naming-{version}@{digest}{extra}"


def names(folder: Folder, what: Tree, judge: str, parameters: Mapping[str, Any], terms: Terms) -> Names:
    """Ask the judge of that name for everything.

    Args:
        folder: The study, which keeps the answers; hold its lock.
        what: The tree.
        judge: A language model's name.
        parameters: Sent in the body of every request.
        terms: Budget and confirmation; batches are not used, for every question needs an answer before it.

    Raises:
        UsageError: no such judge, or sending descriptions away was not confirmed.
        ClientError: the model cannot be used; what was answered before is kept.
    """
    from selfrule.clients.answers import Answers

    plain = msgspec.structs.replace(terms, batch=False)

    async def all_of_it() -> Names:
        with Answers(folder.root.joinpath(*ANSWERS), box=box_of(folder.root)) as answers:
            async with reach(judge, parameters, answers, plain) as reached:
                namer = Namer(reached.caller)
                work = _Work(what, namer, plain)
                confirmed(work.proposal(reached), plain)
                return await work.done([reached.caller])

    return run(all_of_it)


class _Work:
    """One run of a namer over a tree."""

    def __init__(self, what: Tree, namer: Namer, terms: Terms) -> None:
        self._what, self._namer, self._retry = what, namer, terms.retry
        self._person = what.known.own_person
        self._leaves = leaves_of(what.tree)
        most = min(_MOST_BACK, _BACK * len(self._leaves))
        self._out = faithful.held_out(self._leaves, seed=what.seed, most=most)
        self._near = faithful.choices(what.centres)
        held = np.concatenate(self._out) if self._out else np.zeros(0, np.int64)
        self._nodes = [without(node, held) for node in what.tree]
        self._text = _cleaned(what.known.description)
        self._ended: str | None = None
        self._room = asyncio.Semaphore(64)

    def proposal(self, reached: Reached) -> Proposal:
        """What is about to be asked."""
        fare = Fare(self._namer.label, _OUTPUT, reached.spec, reached.model, batch=False)
        requests = []
        for place in range(len(self._nodes)):
            read, others, checked = self._samples(place)
            requests.append(fare.tokens(self._namer.naming(read, others)))
            parts = [checked[i : i + AT_ONCE] for i in range(0, len(checked), AT_ONCE)]
            requests += [fare.tokens(self._namer.checking(part, [_CLAIM] * MOST_CLAIMS)) for part in parts]
        groups = [" ".join([_CLAIM] * MOST_CLAIMS)] * self._near.shape[1]
        requests += [fare.tokens(self._namer.choosing(self._text[r], groups)) for rows in self._out for r in rows]
        total = len(self._what.known)
        return Proposal((share_of(fare, requests, total, total),), total, total, None, False)

    def _samples(self, place: int) -> tuple[list[str], list[str], list[str]]:
        """Descriptions to be named by, those of others, and those that claims are held against: unread ones first."""
        node = self._nodes[place]
        seed = self._what.seed
        read = claims.drawn(node.rows, self._person, claims.READ, seed=seed)
        unread = np.setdiff1d(node.rows, read, assume_unique=True)
        fresh = claims.drawn(unread, self._person, claims.CHECKED, seed=seed)
        checked = np.concatenate([fresh, read[: claims.CHECKED - len(fresh)]])
        others = claims.drawn(self._beside(node), self._person, _OTHERS, seed=seed)
        return [self._text[r] for r in read], [self._text[r] for r in others], [self._text[r] for r in checked]

    def _beside(self, node: Node) -> NDArray[np.int64]:
        """Members of the patterns that lie nearest; of a group, of all other ones."""
        if len(node.clusters) == 1:
            near = self._near[node.clusters[0], 1:]
            rows = [np.setdiff1d(self._leaves[i].rows, self._out[i], assume_unique=True) for i in near]
        else:
            rows = [n.rows for n in self._nodes if len(n.clusters) == 1 and n.clusters[0] not in node.clusters]
        return np.unique(np.concatenate(rows)) if rows else np.zeros(0, np.int64)

    async def done(self, callers: Sequence[Any]) -> Names:
        """Names and claims of every pattern, then those held out put back by them."""
        from selfrule.study.asking import Tally
        from selfrule.study.judged import summary

        found = await together([self._named(place) for place in range(len(self._nodes))])
        named = [one or self._what.by_codes[place] for place, one in enumerate(found)]
        faith = await self._put_back(named)
        tally = Tally(ended=self._ended)
        tally.statuses["named"] = sum(one is not None for one in found)
        tally.statuses["by codes"] = sum(one is None for one in found)
        did = summary(self._namer.label, callers, tally)
        return Names(named, faith, tally.statuses["by codes"], self._ended, did)

    async def _named(self, place: int) -> Named | None:
        """A name and counted claims; None where the model gave none that hold."""
        read, others, checked = self._samples(place)
        if not read:
            return None
        got = await self._asked(self._namer.name(read, others, retry=self._retry))
        if got is None or (title := claims.title(got.name)) is None:
            return None
        made = [one for text in got.claims if (one := claims.clause(text)) is not None]
        if not made:
            return None
        said: list[Said] = []
        parts = [checked[i : i + AT_ONCE] for i in range(0, len(checked), AT_ONCE)]
        for part, answer in zip(
            parts,
            await together([self._asked(self._namer.check(part, made, retry=self._retry)) for part in parts]),
            strict=True,
        ):
            said += [[None] * len(made)] * len(part) if answer is None else answer
        kept = claims.counted(made, said)
        return Named(title, kept, self._namer.label) if kept else None

    async def _put_back(self, named: Sequence[Named]) -> Faithful:
        """Let the model choose for everyone held out, the groups in an order drawn anew for each."""
        number = {node.id: place for place, node in enumerate(self._what.tree)}
        leaf = [named[number[node.id]] for node in self._leaves]
        summaries = [f"{one.name}. {' '.join(claim.text for claim in one.claims)}" for one in leaf]
        own = np.repeat(np.arange(len(self._out)), [len(rows) for rows in self._out])
        rows = np.concatenate(self._out) if self._out else np.zeros(0, np.int64)
        width = self._near.shape[1] if len(self._near) else 0
        scores = np.full((len(rows), width), np.nan)
        if width < 2:
            return Faithful(np.zeros(0), np.zeros(0, np.int64), None)

        async def one(at: int) -> None:
            order = np.random.default_rng([self._what.seed, 13, int(rows[at])]).permutation(width)
            groups = [summaries[self._near[own[at]][i]] for i in order]
            chosen = await self._asked(self._namer.choose(self._text[rows[at]], groups, retry=self._retry))
            if chosen is not None:
                scores[at] = 0
                scores[at, order[chosen]] = 1

        await together([one(at) for at in range(len(rows))])
        return faithful.put_back(self._out, self._near, lambda _rows, _patterns: scores)

    async def _asked(self, question: Coroutine[Any, Any, _T | Lost]) -> _T | None:
        """The answer; None where there is none, or the budget was reached."""
        async with self._room:
            if self._ended is not None:
                question.close()
                return None
            try:
                answer = await question
            except BudgetError as error:
                self._ended = str(error)
                return None
        return None if isinstance(answer, Lost) else answer


def _cleaned(texts: Sequence[str]) -> list[str]:
    from selfrule.privacy.personal import replace

    return [replace(text).text for text in texts]


def notes(got: Names) -> list[str]:
    """What a reader should know of how a model's naming went."""
    made = []
    if got.ended is not None:
        made.append(
            "Naming was stopped before its end, at its budget; the rest is named by codes. The same command goes on."
        )
    elif got.lost:
        made.append(
            "Where the model gave no name, or none of its claims was shown by half of those checked, the name is by codes."
        )
    return made
