"""Whether a judge still says what it said: the anchors rated again, and held against an earlier time.

The file of anchor ratings holds levels and statuses by number of the anchor, no text; each run is added to it.
"""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from selfrule.errors import InputError
from selfrule.judges.check import corpora
from selfrule.judges.check.scorecard import Drift
from selfrule.records import Rating
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, PRIMITIVES, load
from selfrule.study.judge_check import AT_ONCE, Job, Progress, rate_all
from selfrule.study.judge_score import levels_of, pooled

_FORMAT = "selfrule-anchors-1"


class AnchorRun(msgspec.Struct, frozen=True):
    """The anchors as one judge rated them at one time. `at` is UTC; `levels` by anchor and construct, where rated."""

    judge: str
    rubric: str
    prompt: str | None
    anchors: str
    at: str
    statuses: dict[str, str]
    levels: dict[str, dict[str, int | None]]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    runs: list[AnchorRun]


async def rate_anchors(judge: Any, *, at_once: int = AT_ONCE, progress: Progress | None = None) -> AnchorRun:
    """Rate the anchors now.

    A model's stored answers are answers of then. So the anchors are asked anew each day (UTC): its number is their
    `sample`, and a run that was broken off still pays for nothing twice on that day.
    """
    now = datetime.datetime.now(datetime.UTC)
    jobs = [Job(item.conversation, sample=now.toordinal()) for item in corpora.anchors()]
    done = await rate_all(judge, jobs, at_once=at_once, progress=progress)
    return run_of(str(judge.label), [one.rating for one in done], now)


def run_of(judge: str, ratings: Sequence[Rating], at: datetime.datetime) -> AnchorRun:
    """Ratings of all anchors by the judge of that label, in their order, as a run made at a time."""
    pairs = list(zip(corpora.anchors(), ratings, strict=True))
    return AnchorRun(
        judge=judge,
        rubric=load().label,
        prompt=next((rating.prompt for rating in ratings if rating.prompt), None),
        anchors=corpora.digest("anchors"),
        at=at.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        statuses={item.id: rating.status for item, rating in pairs},
        levels={item.id: dict(rating.levels) for item, rating in pairs if rating.status == "rated"},
    )


def runs(path: Path) -> list[AnchorRun]:
    """The runs of a file, oldest first; none where there is no such file.

    Raises:
        InputError: the file cannot be read, is none of ours, or is about other anchors than these.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Name another file with --anchors.") from error
    try:
        found = msgspec.json.decode(content, type=_File)
    except msgspec.MsgspecError as error:
        raise InputError(f"{path} is no file of anchor ratings ({error}). Name another with --anchors.") from error
    known, now = {item.id for item in corpora.anchors()}, corpora.digest("anchors")
    if found.format != _FORMAT or any(run.anchors != now or set(run.statuses) != known for run in found.runs):
        raise InputError(
            f"{path} holds ratings of other anchors than this version's ({now[:8]}). Name a new file with --anchors."
        )
    return found.runs


def keep(path: Path, run: AnchorRun) -> None:
    """Add a run to a file, which is written anew beside it and then renamed.

    Raises:
        InputError: the file cannot be written, or is none of ours.
    """
    content = msgspec.json.format(msgspec.json.encode(_File(_FORMAT, [*runs(path), run])), indent=1)
    beside = path.with_name(path.name + ".tmp")
    try:
        with beside.open("wb") as file:
            file.write(content + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}). Name another file with --anchors.") from error


def drift(previous: AnchorRun, current: AnchorRun) -> Drift:
    """What changed between two runs of the anchors; those rated both times are compared."""
    both = [item for item in corpora.anchors() if item.id in previous.levels and item.id in current.levels]
    pairs = [(previous.levels[item.id], current.levels[item.id]) for item in both]
    moved = {c: [_step(before.get(c), after.get(c)) for before, after in pairs] for c in CONSTRUCTS}
    flags = [(_flagged(before), _flagged(after)) for before, after in pairs]
    gained, lost = flags.count((False, True)), flags.count((True, False))
    before, after = (_levels(run, [item.id for item in both]) for run in (previous, current))
    group = np.unique([item.group for item in both], return_inverse=True)[1]
    agreed = pooled(before, after, group)
    return Drift(
        before=previous.judge,
        after=current.judge,
        then=previous.at,
        now=current.at,
        conversations=len(both),
        unrated=len(corpora.anchors()) - len(both),
        levels=agreed.exact.n,
        higher={c: moved[c].count(1) for c in CONSTRUCTS},
        lower={c: moved[c].count(-1) for c in CONSTRUCTS},
        same=agreed.exact,
        kappa=agreed.kappa,
        gained=gained,
        lost=lost,
        p_value=mcnemar(gained, lost),
    )


def mcnemar(gained: int, lost: int) -> float:
    """Exact two-sided p-value of McNemar's test: of the pairs that differ, as many one way as the other.

    Twice the binomial probability, at one half, of the smaller count or fewer; at most 1, and 1 where none differs.

    References:
        McNemar Q (1947). Psychometrika 12:153-157. doi:10.1007/BF02295996

    Example:
        >>> mcnemar(0, 0), mcnemar(5, 0), mcnemar(3, 3)
        (1.0, 0.0625, 1.0)
    """
    n = gained + lost
    as_far = sum(math.comb(n, k) for k in range(min(gained, lost) + 1))
    return min(1.0, as_far / (1 << n) * 2)


def _step(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else (after > before) - (after < before)


def _flagged(levels: dict[str, int | None]) -> bool:
    return any((levels.get(primitive) or 0) >= FLAGGED_FROM for primitive in PRIMITIVES)


def _levels(run: AnchorRun, names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    made = [Rating(name, "", "rated", run.judge, run.rubric, levels=run.levels[name]) for name in names]
    return levels_of(made).reshape(len(names), len(CONSTRUCTS))
