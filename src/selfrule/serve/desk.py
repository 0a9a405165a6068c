"""What the labelling page can do, without HTTP: open a conversation, read its turns, keep a draft, give a label.

Blind by construction: a desk knows conversations and labels by people. What a judge or the screen said never reaches it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from selfrule.errors import UsageError
from selfrule.labels.names import name_of
from selfrule.records import Label, Turn
from selfrule.rubric import CONSTRUCTS, load
from selfrule.serve.asked import Answer, Give, MarkerId, Open, Save, State
from selfrule.serve.drafts import Draft, Drafts
from selfrule.serve.pace import pace
from selfrule.serve.pieces import Shown, shown, window

KEPT = 4  # conversations held in memory: this one, those next to it, and another labeller's


class Item(Protocol):
    """A conversation in the queue."""

    @property
    def conversation_id(self) -> str:
        """Its id."""

    @property
    def content_hash(self) -> str:
        """The hash of its turns."""

    @property
    def turns(self) -> Sequence[Turn]:
        """All of them."""

    @property
    def position(self) -> int:
        """Its place in the queue, from 1."""

    @property
    def language(self) -> str | None:
        """Its language, where the log or the reader knows it."""


class Left(Protocol):
    """How far a labeller is."""

    @property
    def left(self) -> int:
        """Conversations that they would still be given."""


class Queue(Protocol):
    """Where conversations come from and labels go: `study.labelling.Labelling`."""

    def next(self, labeller: str) -> Item | None:
        """The conversation that this labeller is to label next: the same until it is given."""

    def task(self, conversation_id: str) -> Item:
        """A conversation of the queue."""

    def give(self, label: Label) -> None:
        """Keep a label; it is on the disk when this returns."""

    def previous(self, labeller: str) -> list[Label]:
        """What this labeller gave, the conversation begun last first; of several labels of one the latest."""

    def progress(self, labeller: str) -> Left:
        """How far this labeller is."""


class RefusalError(Exception):
    """Something that the page asked for cannot be done; says why, and holds no conversation text."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Desk:
    """One study's labelling. Not for several threads at once."""

    def __init__(self, queue: Queue, drafts: Drafts, clock: Callable[[], float] = time.time) -> None:
        self.queue, self.drafts, self.clock = queue, drafts, clock
        self._items: OrderedDict[str, Item] = OrderedDict()

    def open(self, asked: Open) -> dict[str, Any]:
        """The next conversation, or the one labelled before or after another one."""
        labeller = _named(asked.labeller)
        given = self.queue.previous(labeller)[::-1]
        at = {label.conversation_id: number for number, label in enumerate(given)}
        if asked.before is not None:
            number = at.get(asked.before, len(given)) - 1
            if number < 0:
                raise RefusalError(404, "There is nothing before this one.")
            return self._opened(labeller, self._item(given[number].conversation_id), given)
        if asked.after is not None and at.get(asked.after, len(given)) + 1 < len(given):
            return self._opened(labeller, self._item(given[at[asked.after] + 1].conversation_id), given)
        item = self.queue.next(labeller)
        if item is not None:
            self._hold(item)
        return self._opened(labeller, item, given)

    def turns(self, conversation: str, first: int, backwards: bool) -> list[Shown]:
        """A window of a conversation's turns."""
        return window(self._item(conversation).turns, first, backwards=backwards)

    def piece(self, conversation: str, turn: int, piece: int) -> Shown:
        """A piece of a long turn."""
        try:
            return shown(self._item(conversation).turns, turn, piece)
        except IndexError:
            raise RefusalError(404, "There is no such turn.") from None

    def save(self, asked: Save) -> None:
        """Keep a draft, unless it began from a label that has been replaced since."""
        labeller = _named(asked.labeller)
        self._checked(asked.id, asked.state)
        if asked.base != _base(self._label(labeller, asked.id)):
            raise RefusalError(409, "This conversation was labelled elsewhere meanwhile: another tab, perhaps.")
        self.drafts.keep(labeller, asked.id, Draft(asked.base, asked.state))

    def give(self, asked: Give) -> dict[str, Any]:
        """Keep a label and open the next conversation. The label is on the disk when this returns."""
        labeller = _named(asked.labeller)
        item = self._checked(asked.id, asked.state)
        state = asked.state
        missing = [construct for construct in CONSTRUCTS if construct not in state.levels]
        if asked.status == "labelled" and missing:
            raise RefusalError(422, f"No level yet for {', '.join(load().name(c) for c in missing)}.")
        last = self._label(labeller, asked.id)
        skipped = asked.status == "skipped"
        levels = {} if skipped else {c: state.levels.get(c) for c in CONSTRUCTS}
        label = Label(
            conversation_id=item.conversation_id,
            content_hash=item.content_hash,
            labeller=labeller,
            at=max(int(self.clock() * 1000), _base(last) + 1),
            status=asked.status,
            rubric=load().label,
            levels=dict(levels),
            evidence={c: sorted(set(state.evidence.get(c, []))) for c, level in levels.items() if level},
            actualized={} if skipped else {m.id: state.actualized.get(m.id, "unknown") for m in load().markers},
            seconds=round(state.seconds, 1),
        )
        self.queue.give(label)
        self.drafts.drop(labeller, asked.id)
        return self.open(Open(labeller))

    def _opened(self, labeller: str, item: Item | None, given: list[Label]) -> dict[str, Any]:
        progress = pace(given, self.clock()) | {"of": len(given) + self.queue.progress(labeller).left}
        opened: dict[str, Any] = {"labeller": labeller, "progress": progress, "task": None}
        if item is None:
            return opened
        label = next((kept for kept in given if kept.conversation_id == item.conversation_id), None)
        base = _base(label)
        state = self.drafts.find(labeller, item.conversation_id, base) or _begun(label)
        state.turn = min(state.turn, max(len(item.turns) - 1, 0))
        opened["task"] = {
            "id": item.conversation_id,
            "position": item.position,
            "language": item.language,
            "turns": len(item.turns),
            "given": label.status if label else None,
            "base": base,
            "state": state,
        }
        return opened

    def _checked(self, conversation: str, state: State) -> Item:
        item = self._item(conversation)
        if any(turn >= len(item.turns) for cited in state.evidence.values() for turn in cited):
            raise RefusalError(422, "A turn is cited that is not there.")
        return item

    def _label(self, labeller: str, conversation: str) -> Label | None:
        given = self.queue.previous(labeller)
        return next((label for label in given if label.conversation_id == conversation), None)

    def _item(self, conversation: str) -> Item:
        if conversation not in self._items:
            try:
                self._hold(self.queue.task(conversation))
            except (KeyError, UsageError):
                raise RefusalError(404, "This conversation is not in the queue.") from None
        self._items.move_to_end(conversation)
        return self._items[conversation]

    def _hold(self, item: Item) -> None:
        self._items[item.conversation_id] = item
        self._items.move_to_end(item.conversation_id)
        while len(self._items) > KEPT:
            self._items.popitem(last=False)


def _named(given: str) -> str:
    try:
        return name_of(given)
    except UsageError as error:
        raise RefusalError(422, str(error)) from None


def _base(label: Label | None) -> int:
    return label.at if label else 0


def _begun(label: Label | None) -> State:
    """Where a labeller begins: empty, or from what they said before."""
    if label is None:
        return State()
    return State(
        levels={c: level for c, level in label.levels.items() if level is not None},
        evidence={c: list(turns) for c, turns in label.evidence.items()},
        actualized=msgspec.convert(label.actualized, dict[MarkerId, Answer]),
        seconds=label.seconds or 0.0,
    )
