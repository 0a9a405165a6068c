"""Labelling a study: a queue by design, handed out conversation by conversation, and labels kept so that none is lost.

Several people may label at once, from several processes. What leaves here for a labeller holds nothing that a judge or the
screen said.
"""

from __future__ import annotations

import datetime
import statistics
from pathlib import Path

import msgspec

from selfrule.errors import TextError, UsageError
from selfrule.labels.draws import Draw, Item, inclusion
from selfrule.labels.given import Lines, Store, append_lines, locked
from selfrule.labels.handing import Handed, Queue, line
from selfrule.labels.names import name_of
from selfrule.records import Label, Turn
from selfrule.store.folder import Folder
from selfrule.store.text import LEFT_OUT
from selfrule.study.label_checks import checked
from selfrule.study.label_draws import Draws
from selfrule.study.label_rows import Stored, stored


class Task(msgspec.Struct, frozen=True):
    """One conversation to label: `position` is its place in a queue of `of`, from 1; `language` as the log says."""

    conversation_id: str
    content_hash: str
    turns: list[Turn]
    position: int
    of: int
    language: str | None


class Progress(msgspec.Struct, frozen=True):
    """How far the labelling is.

    `of` conversations are in the queue, `reached` of them handed out or labelled by anyone. This labeller gave a word on
    `labelled` + `unsure` + `skipped` of them, `today` since midnight (local time), and would be given `left` more, one not
    finished included. `seconds` is the median that one took, None before the first. `labellers` counts everyone's.
    """

    labeller: str
    of: int
    reached: int
    labelled: int
    unsure: int
    skipped: int
    left: int
    today: int
    seconds: float | None
    labellers: dict[str, int]

    @property
    def mine(self) -> int:
        """Conversations of the queue on which this labeller gave a word."""
        return self.labelled + self.unsure + self.skipped


class Labelling:
    """The labelling of one study. Every method waits for a file lock of milliseconds, and may be called from any thread."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._root = folder.root / "labels"
        self._draws = Draws(folder)
        self._store = Store(self._root / "given")
        self._handed: dict[str, dict[str, dict[str, int]]] = {}
        self._lines: dict[str, Lines] = {}

    @property
    def draw(self) -> Draw | None:
        """The current draw; None before the first."""
        return self._draws.current()

    @property
    def store(self) -> Store:
        """All labels given, as of now."""
        return self._store.refresh()

    def open_draw(
        self,
        budget: int,
        *,
        doubles: float | None = None,
        seed: int | None = None,
        floor: float | None = None,
        table: str | None = None,
    ) -> Draw:
        """The queue to label from: made, made longer, or kept as it is where it is long enough.

        Where conversations were added or rated anew since, it is drawn anew; labels given before keep their worth, and
        nobody is asked for them again.

        Args:
            budget: Conversations in the queue, at least 1.
            doubles: Share that a second labeller gets too, in [0, 1]; default that of the current draw, else 0.1.
            seed: Of the random numbers; default likewise, else 0.
            floor: Least share of the labels for what the judge does not flag, in [0, 1]; default likewise, else 0.3.
            table: The ratings table to stratify by; default the one whose figures are reported.

        Raises:
            UsageError: a value is out of its range.
            StudyError: nothing has been rated yet.
        """
        with locked(self._root / ".lock"):
            return self._draws.open(budget, doubles=doubles, seed=seed, floor=floor, table=table)

    def next(self, labeller: str) -> Task | None:
        """The next conversation for a labeller, the same one until they give a word on it; None where nothing is left.

        Raises:
            UsageError: there is no draw yet, or the name is none.
        """
        name = name_of(labeller)
        with locked(self._root / ".lock"):
            draw = self._sure()
            place, fresh = self._queue(draw).choose(name)
            if place is None:
                return None
            if fresh:
                self._hand(draw, draw.items[place].conversation_id, name)
        return self._task(draw, place)

    def task(self, conversation_id: str) -> Task:
        """A conversation of the queue, whoever it was given to.

        Raises:
            UsageError: it is not in the queue.
        """
        draw = self._sure()
        return self._task(draw, self._place(draw, conversation_id))

    def give(self, label: Label) -> None:
        """Keep a label; it is on the disk when this returns. A second one for the same conversation replaces the first.

        Raises:
            UsageError: the label is not of a conversation of the queue, or not by the rubric; says what is wrong.
        """
        with locked(self._root / ".lock"):
            draw = self._sure()
            place = self._place(draw, label.conversation_id)
            kept = checked(label, self._stored(draw.items[place]), draw.rubric)
            self._store.append([msgspec.structs.replace(kept, draw=draw.id, stratum=None, inclusion=None)])
            if kept.labeller not in self._queue(draw).handed.get(label.conversation_id, {}):
                self._hand(draw, label.conversation_id, kept.labeller)

    def previous(self, labeller: str) -> list[Label]:
        """The labels of a labeller that stand in this queue, the conversation begun last first; nothing says by what design."""
        name = name_of(labeller)
        with locked(self._root / ".lock"):
            draw = self._sure()
            self._store.refresh()
            there = {item.conversation_id for item in draw.items}
            mine = [one for (who, which), one in self._store.standing.items() if who == name and which in there]
        return [msgspec.structs.replace(one, stratum=None, inclusion=None) for one in reversed(mine)]

    def progress(self, labeller: str) -> Progress:
        """How far a labeller is, and the queue."""
        name = name_of(labeller)
        with locked(self._root / ".lock"):
            draw = self._sure()
            queue = self._queue(draw)
            there = {item.conversation_id for item in draw.items}
            counted: dict[str, int] = {}
            mine = []
            for (who, which), label in self._store.standing.items():
                if which in there and label.rubric == draw.rubric:
                    counted[who] = counted.get(who, 0) + 1
                    if who == name:
                        mine.append(label)
        midnight = datetime.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        seconds = [one.seconds for one in mine if one.seconds is not None]
        return Progress(
            labeller=name,
            of=len(draw.items),
            reached=len(there & queue.known),
            labelled=sum(one.status == "labelled" for one in mine),
            unsure=sum(one.status == "unsure" for one in mine),
            skipped=sum(one.status == "skipped" for one in mine),
            left=sum(queue.may(item, name) for item in draw.items),
            today=sum(one.at >= midnight.timestamp() * 1000 for one in mine),
            seconds=statistics.median(seconds) if seconds else None,
            labellers=counted,
        )

    def reached(self) -> tuple[int, dict[str, float]]:
        """How many places of the queue count as reached, and by them the inclusion probability of each stratum."""
        with locked(self._root / ".lock"):
            draw = self._sure()
            count = self._queue(draw).reached()
        return count, inclusion(draw, count)

    def imported(self, labels: list[Label]) -> None:
        """Keep labels that were made elsewhere, checked before; those of the current draw count as handed out by it."""
        with locked(self._root / ".lock"):
            self._store.append(labels)
            draw = self._draws.current()
            of_draw = [label for label in labels if draw is not None and label.draw == draw.id]
            if draw is not None and of_draw:
                there = {item.conversation_id for item in draw.items}
                lines = [line(one.conversation_id, one.labeller) for one in of_draw if one.conversation_id in there]
                append_lines(self._log(draw), lines)

    def _sure(self) -> Draw:
        draw = self._draws.current()
        if draw is None:
            raise UsageError(
                f"Nothing has been drawn for labelling yet. Run: selfrule labels {self._folder.root} draw --n 200"
            )
        return draw

    def _queue(self, draw: Draw) -> Queue:
        """The draw with what has been given and handed out up to now."""
        lines = self._lines.setdefault(draw.id, Lines(self._log(draw)))
        handed = self._handed.setdefault(draw.id, {})
        for _, text in lines.new():
            try:
                one = msgspec.json.decode(text, type=Handed)
            except msgspec.DecodeError:
                continue  # torn by a crash: it was not handed out, for the answer came after
            handed.setdefault(one.conversation_id, {})[one.labeller] = one.at
        given: dict[str, set[str]] = {}
        for (who, which), label in self._store.refresh().standing.items():
            if label.rubric == draw.rubric:
                given.setdefault(which, set()).add(who)
        return Queue(draw, handed, given)

    def _log(self, draw: Draw) -> Path:
        return self._root / "handed" / f"{draw.id}.jsonl"

    def _hand(self, draw: Draw, conversation_id: str, labeller: str) -> None:
        append_lines(self._log(draw), [line(conversation_id, labeller)])

    def _place(self, draw: Draw, conversation_id: str) -> int:
        for place, item in enumerate(draw.items):
            if item.conversation_id == conversation_id:
                return place
        raise UsageError("This conversation is not in the queue for labelling (it may have been drawn anew since).")

    def _stored(self, item: Item) -> Stored:
        return stored(self._folder, item.part, item.conversation_id)

    def _task(self, draw: Draw, place: int) -> Task:
        found = self._stored(draw.items[place])
        if not found.words:
            raise TextError(LEFT_OUT)
        return Task(
            conversation_id=found.conversation_id,
            content_hash=found.content_hash,
            turns=found.turns,
            position=place + 1,
            of=len(draw.items),
            language=found.language,
        )
