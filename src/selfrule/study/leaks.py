"""Whether what a study shares gives away anybody who is in it: its own shareable outputs, searched for its own people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.errors import TextError
from selfrule.privacy.checker import of_text
from selfrule.privacy.personal import found
from selfrule.privacy.quotation import MOST_WORDS, Quotations
from selfrule.privacy.searching import Needle, Search, fold, needle, own_words, readings, squeezed
from selfrule.store.folder import Folder
from selfrule.store.schemas import turns_of

if TYPE_CHECKING:
    from selfrule.study.study import Study

RELEASED = ("report.html", "patterns-released.json")
"""The files of a study that are to be shared."""
MOST_READ = 2000
"""Conversations in which names and numbers are looked for; runs of words are looked for in all of them."""
_MOST_CHARACTERS = 20_000
_LEAST = 6  # letters and digits of an id, a name of a file or a name: fewer are part of anything
_WORD = re.compile(r"[^\W\d_]+")


class Leak(msgspec.Struct, frozen=True):
    """Something of the study that stands in what is to be shared: where, and of what kind. Not what it is."""

    where: str
    kind: str
    how: str


class Checked(msgspec.Struct, frozen=True):
    """What a search of a study's shareable outputs found.

    Attributes:
        searched: Bytes of each output.
        looked_for: How many different things, by kind.
        conversations: Whose runs of words were looked for: those whose words the study holds.
        read: Of how many of them names and numbers were looked for.
        leaks: What was found.
        violations: Groups of fewer than k that can be read from the outputs, a sentence each.
    """

    searched: dict[str, int]
    looked_for: dict[str, int]
    conversations: int
    read: int
    leaks: list[Leak] = []
    violations: list[str] = []


def outputs(study: Study, k: int) -> Iterator[tuple[str, bytes]]:
    """What a study shares: the files that are there, and the same made now, with every figure and analysis."""
    for name in RELEASED:
        path = study.path / name
        if path.exists():
            yield name, path.read_bytes()
    from selfrule.report import render

    context = study.context(k=k)
    yield "report.html, made now", render(context).encode("utf-8", "replace")
    yield "estimates --shareable", msgspec.json.encode(study.estimate_list(shareable=True, k=k))
    for analysis in context.analyses:
        name = str(analysis.__struct_config__.tag or type(analysis).__name__)
        yield f"{name} --shareable", msgspec.json.encode(analysis)


class Own:
    """What a study knows of its own people, ready to be looked for.

    Pseudonyms, ids and names of files of the input, every run of nine words of every conversation, and the names, numbers, mails
    and addresses that are found in a sample of conversations.

    Args:
        folder: The study's folder.
        seed: Of the sample.
    """

    def __init__(self, folder: Folder, seed: int = 0) -> None:
        self._quotations = Quotations()
        self.wanted: dict[str, set[str]] = {}
        self.conversations, self.read = _gather(folder, self._quotations, self.wanted, np.random.default_rng(seed))
        for entry in folder.manifest().get("inputs", []):
            path = PurePath(entry["label"])
            self.wanted.setdefault("name of a file", set()).update({path.name, path.stem})
        self._search = Search(list(_needles(self.wanted)))

    def leaks(self, where: str, data: bytes) -> list[Leak]:
        """What of it stands in some output."""
        counts: Counter[tuple[str, str]] = Counter()
        for one in self._search.find(data):
            counts[one.label.partition("\0")[0], one.how] += 1
        found = [Leak(where, f"{kind} ({n})" if n > 1 else kind, how) for (kind, how), n in counts.items()]
        longest = max((self._quotations.runs(text) for text in readings(data)), default=0)
        if longest > MOST_WORDS:
            found.append(Leak(where, "words of a conversation", f"{longest} in a row"))
        return found


def check(study: Study, folder: Folder, *, k: int, seed: int = 0) -> Checked:
    """Search a study's shareable outputs for its own people, and check them for groups of fewer than k.

    Args:
        study: The study.
        folder: Its folder.
        k: The smallest group of what is shared.
        seed: Of the sample of conversations in which names are looked for.
    """
    own = Own(folder, seed)
    shared: dict[str, int] = {}
    leaks: list[Leak] = []
    violations: list[str] = []
    for name, data in outputs(study, k):
        form = ".html" if name.startswith("report") else ".json"
        violations += [f"{name}, {where}: {how}" for where, how in of_text(data.decode("utf-8", "replace"), form, k)]
        shared[name] = len(data)
        leaks += own.leaks(name, data)
    looked_for = {kind: len(texts) for kind, texts in sorted(own.wanted.items())}
    return Checked(shared, looked_for, own.conversations, own.read, leaks, violations)


def _gather(
    folder: Folder, quotations: Quotations, wanted: dict[str, set[str]], rng: np.random.Generator
) -> tuple[int, int]:
    """Index every conversation's runs of words; note ids, and what personal data a sample of them holds."""
    total = sum(pq.read_metadata(path).num_rows for path in folder.parts("conversations"))
    drawn = set(rng.choice(total, min(MOST_READ, total), replace=False).tolist())
    indexed = read = 0
    for path in folder.parts("conversations"):
        file = pq.ParquetFile(path)
        for batch in file.iter_batches(1024, columns=["person", "source_id", "turns"]):
            table = pa.Table.from_batches([batch])
            for kind, column in (("pseudonym", "person"), ("id of a conversation", "source_id")):
                wanted.setdefault(kind, set()).update(
                    value for value in pc.unique(table[column]).to_pylist() if value is not None
                )
            for text in _texts(table):
                indexed += 1
                quotations.add(text)
                if indexed - 1 in drawn:
                    read += 1
                    some = text[:_MOST_CHARACTERS]
                    for span in found(some):
                        wanted.setdefault(span.kind, set()).add(some[span.start : span.end])
    return indexed, read


def _texts(table: pa.Table) -> Iterator[str]:
    """The words of each conversation; of none where they were left out of the study."""
    try:
        for turns in turns_of(table):
            yield "\n".join(turn.text for turn in turns)
    except TextError:
        return


def _needles(wanted: dict[str, set[str]]) -> Iterator[Needle]:
    """What to look for: whole texts and long numbers, without what is part of our own words."""
    for kind, texts in wanted.items():
        for place, text in enumerate(sorted(texts)):
            if _tells(text):
                yield needle(f"{kind}\0{place}", text, words=False)


def _tells(text: str) -> bool:
    """Whether a text, found somewhere, says that it is from this study: long enough, and not made of our own words."""
    folded = fold(text)
    words = _WORD.findall(folded)
    few = len(squeezed(folded)) < (_LEAST if not words or words[0][0] < "\u2e80" else 2)
    coded = re.search(
        r"\d{5}|(?=\w*\d)(?=\w*[a-z])\w{8}", folded
    )  # letters of an id may spell our words, between its digits
    return not few and not (words and _ours(words) and not coded)


def _ours(words: Iterable[str]) -> bool:
    return all(word in own_words() for word in words)
