"""Studies with labels: a judge that errs in a known way, and simulated labellers who know the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import selfrule
from selfrule.records import Conversation, Label, Rating
from selfrule.rubric import MARKERS, load
from selfrule.store.folder import Folder
from selfrule.study.labelling import Labelling
from tests.study.judged import identities, levels
from tests.study.material import conversation, write_lines

AT = 1_764_000_000_000


def truth(i: int) -> int:
    """The true level of reality distortion of conversation i: of thirty, one is severe and two are moderate."""
    return 3 if i % 30 == 7 else 2 if i % 10 == 7 else 0


def judged(i: int) -> int:
    """What the judge says: misses one in four of those that are so, and calls one in twenty of the others moderate."""
    if truth(i):
        return truth(i) if i // 10 % 4 else 0
    return 2 if i % 20 == 3 else 1 if i % 7 == 1 else 0


class Erring:
    """A judge that says `says` of conversation i, -1 where it refuses; attachment is as reality distortion, never severe."""

    label = "erring-1"

    def __init__(self, says: Callable[[int], int] = judged) -> None:
        self.says = says

    def rate(self, conversations: Sequence[Conversation]) -> list[Rating]:
        return [self._one(c) for c in conversations]

    def _one(self, conversation: Conversation) -> Rating:
        said = self.says(int(conversation.source_id.removeprefix("c")))
        same = {
            "conversation_id": conversation.conversation_id,
            "content_hash": conversation.content_hash,
            "judge": self.label,
            "rubric": load().label,
        }
        if said < 0:
            return Rating(**same, status="refused", reason="declined")
        given = levels(said, attachment=min(said, 2))
        return Rating(
            **same, status="rated", levels=given, domains=["other"], actualized=dict.fromkeys(MARKERS, "unknown")
        )


def judged_study(
    folder: Path, count: int = 400, people: int | None = 150, *, check: float = 1.0, says: Callable[[int], int] = judged
) -> Folder:
    """A study whose figures are those of a judge that errs; it rates a share `check` of what the screen sets aside."""
    records = []
    for i in range(count):
        record = conversation(i, turns=2)
        record["user_id"] = None if people is None else f"person-{i % people}"
        records.append({k: v for k, v in record.items() if v is not None})
    study = selfrule.audit(
        write_lines(folder / "log.jsonl", records), folder / "study", workers=1, judge=Erring(says), check=check
    )
    return Folder.open(study.path)


def give(
    study: Folder,
    labellers: tuple[str, ...] = ("ana", "bo"),
    *,
    budget: int = 160,
    count: int = 10**6,
    known: Callable[[int], int] = truth,
    status: Callable[[int], str] = lambda i: "labelled",
    doubles: float = 0.1,
) -> Labelling:
    """Draw a queue and label it in turn, as people who know the truth would; `status` of conversation i."""
    labelling = Labelling(study)
    labelling.open_draw(budget, doubles=doubles)
    number = {identity: i for i, identity in enumerate(identities(study))}
    given, left = 0, list(labellers)
    while given < count and left:
        labeller = left[given % len(left)]
        task = labelling.next(labeller)
        if task is None:
            left.remove(labeller)
            continue
        i = number[task.conversation_id]
        said = status(i)
        labelling.give(
            Label(
                conversation_id=task.conversation_id,
                content_hash=task.content_hash,
                labeller=labeller,
                at=AT + given,
                status=said,  # type: ignore[arg-type]
                rubric=load().label,
                levels=levels(known(i), attachment=min(known(i), 2)) if said == "labelled" else {},
                seconds=60.0,
            )
        )
        given += 1
    return labelling
