"""Several studies looked at together: one sample of all of them, and when they may not be put side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.sample import Mask, Sample
from selfrule.errors import UsageError
from selfrule.estimate.frame import Attribute

APART = (
    "Studies have pseudonyms of different keys, so that a person in two of them is counted as two, and intervals between "
    "them may be a little off for it."
)
"""What a reader should know of people wherever several studies are joined."""


def joined(samples: Sequence[Sample], names: Sequence[str]) -> Sample:
    """One sample of several studies; `source` says which each conversation is of.

    Persons of different studies never share a code. Weights stay as they are: each conversation stands for conversations of
    its own study. Whether the studies may be compared is `refuse_unlike`'s to say.

    Args:
        samples: Of each study, at least one.
        names: Of each study.

    Returns:
        All conversations, those of unknown person first. `judge` and `rubric` are joined by " and " where they differ.

    Raises:
        UsageError: There is no sample, or not one name for each.
    """
    if not samples or len(samples) != len(names):
        raise UsageError(
            f"'samples' and 'names' must be of one length above 0. Got {len(samples)} and {len(names)} instead."
        )
    offset = np.cumsum([0, *(int(one.person.max(initial=-1)) + 1 for one in samples)])
    person = np.concatenate(
        [np.where(s.person >= 0, s.person + start, -1) for s, start in zip(samples, offset, strict=False)]
    )
    rows = np.argsort(person >= 0, kind="stable")  # unknown persons first, the others in the order they had
    domains = tuple(dict.fromkeys(name for one in samples for name in one.domain_names))
    return Sample(
        person=person[rows],
        weight=np.concatenate([one.weight for one in samples])[rows],
        column={name: np.concatenate([one.column[name] for one in samples])[rows] for name in samples[0].column},
        domains=np.concatenate([_spread(one, domains) for one in samples])[rows],
        domain_names=domains,
        at=np.concatenate([one.at for one in samples])[rows],
        thumb=np.concatenate([one.thumb for one in samples])[rows],
        turns=np.concatenate([one.turns for one in samples])[rows],
        model=_together([one.model for one in samples], samples, rows),
        product=_together([one.product for one in samples], samples, rows),
        language=_together([one.language for one in samples], samples, rows),
        source=np.repeat(np.arange(len(samples), dtype=np.int16), [len(one) for one in samples])[rows],
        opening=_openings(samples, rows),
        judge=_labels([one.judge for one in samples]),
        rubric=_labels([one.rubric for one in samples]),
        studies=tuple(names),
        unread=sum(one.unread for one in samples),
    )


def refuse_unlike(samples: Sequence[Sample], names: Sequence[str], remedy: str = "") -> None:
    """Refuse studies that were not rated by one judge with one rubric: a difference could be theirs.

    Args:
        samples: Of each study.
        names: Of each study.
        remedy: What else could be done about it, in a sentence.

    Raises:
        UsageError: Judge or rubric differ between the studies, or a study holds ratings with several rubrics.
    """
    refuse_mixed(samples, names)
    for what, labels in (("judge", [one.judge for one in samples]), ("rubric", [one.rubric for one in samples])):
        if len(set(labels)) > 1:
            who = "; ".join(f"{name}: {label or 'unknown'}" for name, label in zip(names, labels, strict=True))
            raise UsageError(
                f"The studies were rated with different {what}s, and a difference between them could be the {what}s' ({who}). "
                f"Rate them with one {what}: selfrule rate STUDY --judge NAME.{' ' if remedy else ''}{remedy}"
            )


def refuse_mixed(samples: Sequence[Sample], names: Sequence[str]) -> None:
    """Refuse a study whose ratings were made with several rubrics.

    Raises:
        UsageError: One of them was.
    """
    for one, name in zip(samples, names, strict=True):
        if " and " in one.rubric:
            raise UsageError(
                f"{name} holds ratings with several rubrics ({one.rubric}), which do not measure the same. Rate it again, in a "
                "study of its own, with one."
            )


def distinct(names: Sequence[str]) -> list[str]:
    """Names that differ: of two that are the same, the later has its number in brackets.

    >>> distinct(["study", "other", "study"])
    ['study', 'other', 'study (2)']
    """
    made: list[str] = []
    for name in names:
        tried, number = name, 1
        while tried in made:
            number += 1
            tried = f"{name} ({number})"
        made.append(tried)
    return made


def _openings(samples: Sequence[Sample], rows: NDArray[np.intp]) -> NDArray[np.int64] | None:
    found = [one.opening for one in samples if one.opening is not None]
    return np.concatenate(found)[rows] if len(found) == len(samples) else None


def _labels(labels: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(label for label in labels if label))


def _spread(sample: Sample, names: tuple[str, ...]) -> Mask:
    """The domains of a sample as columns of `names`."""
    member = np.zeros((len(sample), len(names)), np.bool_)
    member[:, [names.index(name) for name in sample.domain_names]] = sample.domains
    return member


def _together(
    attributes: Sequence[Attribute | None], samples: Sequence[Sample], rows: NDArray[np.intp]
) -> Attribute | None:
    """One attribute of all samples, its names in order."""
    names = tuple(sorted({name for one in attributes if one is not None for name in one.names}))
    if not names:
        return None
    place = {name: code for code, name in enumerate(names)}
    codes = [
        np.full(len(sample), -1, np.int64)
        if one is None
        else np.array([*(place[name] for name in one.names), -1], np.int64)[one.codes]
        for one, sample in zip(attributes, samples, strict=True)
    ]
    return Attribute(np.concatenate(codes)[rows], names)
