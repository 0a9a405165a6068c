"""The self-test: plant, run everything, search every byte, say what leaked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from selfrule.privacy.checker import of_text
from selfrule.privacy.quotation import MOST_WORDS, Quotations
from selfrule.privacy.searching import Found, Needle, Search, needle, own_text, pieces
from selfrule.testing.canaries import surfaces
from selfrule.testing.canaries.hostile import hostile
from selfrule.testing.canaries.planting import Planted, plant
from selfrule.testing.canaries.surfaces import Audience, Processes, Runner, Surface
from selfrule.testing.canaries.values import PATHS, Canary, Kind

_RUN: dict[Kind, int] = {"phrase": MOST_WORDS + 1}
_GENERIC = frozenset({"lane", "terrace", "street", "mews", "gasse", "marine", "feinoptik", "dairies", "textiles"})
_COMMON = frozenset({"the", "under", "our", "stair", "hums", "seven", "notes", "whenever", "grandmother", "counts",
                     "winter", "geese", "aloud"})  # fmt: skip


class Leak(msgspec.Struct, frozen=True):
    """Something planted that was found where it must not be.

    Attributes:
        surface: Where.
        audience: Who may see that.
        canary: What was found, as it was planted.
        how: "whole", "piece", "digits", "date" or "run".
        form: What stood there.
    """

    surface: str
    audience: Audience
    canary: Canary
    how: str
    form: str


@dataclass
class Result:
    """What a self-test found.

    Attributes:
        seed: It can be repeated with it.
        canaries: How many were planted.
        surfaces: How many outputs were searched, by audience.
        bytes: Of them.
        failed: Commands that did not end well, though they should have.
        patterns: Patterns that were released.
        leaks: What was found.
        violations: What the checker of released files says, a sentence each.
    """

    seed: int
    canaries: int = 0
    surfaces: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    failed: list[str] = field(default_factory=list)
    patterns: int = 0
    leaks: list[Leak] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing leaked, nothing small was shown, and every command ran."""
        return not (self.leaks or self.violations or self.failed)

    def summary(self) -> dict[str, Any]:
        """The same as plain data."""
        return {name: msgspec.to_builtins(getattr(self, name)) for name in self.__dataclass_fields__}


@lru_cache(maxsize=1)
def neutral() -> frozenset[str]:
    """Pieces of our own words: a piece of a name that is part of "average" gives nobody away."""
    return pieces(own_text()) | pieces(" ".join(_COMMON | _GENERIC))


def needles(canaries: Iterable[Canary], *, words: bool = True) -> tuple[dict[str, Canary], list[Needle]]:
    """What to look for: canaries by the label of their needle, and the needles."""
    by_label, made = {}, []
    for at, canary in enumerate(dict.fromkeys(canaries)):
        label = str(at)
        by_label[label] = canary
        made.append(needle(label, canary.text, words=words, run=_RUN.get(canary.kind)))
    return by_label, made


@dataclass(frozen=True)
class Sweep:
    """Which commands a self-test runs beside audit, patterns and report.

    Attributes:
        shared: With --shareable.
        told: Others.
        bad: Of the files that cannot be read every `bad[1]`-th, from `bad[0]` on.
    """

    shared: Sequence[tuple[str, ...]] = surfaces.SHARED
    told: Sequence[tuple[str, ...]] = surfaces.TOLD
    bad: tuple[int, int] = (0, 1)


WHOLE = Sweep()
QUICK = Sweep(surfaces.QUICK, surfaces.TOLD[:1], (0, 5))


def part(seed: int) -> Sweep:
    """A few of all commands, another few with every seed: twenty seeds run each command several times."""
    shared, told = surfaces.SHARED, surfaces.TOLD
    return Sweep([c for at, c in enumerate(shared) if at % 7 == seed % 7], [told[seed % len(told)]], (seed % 7, 7))


class Watch:
    """Looks for canaries in surfaces: all of them in what is shared, fewer in what stays with the user.

    A user's own terminal may show the names of the user's files and folders. The study's own files hold conversations, which
    is what a study is; raw ids of persons they must not hold.
    """

    def __init__(self, planted: Planted) -> None:
        everything = planted.canaries
        said = {c.text for c in everything if c.place not in PATHS}
        # a name that is also one of a file is looked for nowhere but in what is shared
        named = {c.text for c in everything if c.place in PATHS}
        inside = [c for c in everything if c.place not in PATHS and not any(_alike(c.text, name) for name in named)]
        raw = [c for c in everything if c.place == "person"]
        self._search = {
            "shareable": _Lookup(everything),
            "terminal": _Lookup(inside, apart=named - said),
            "names": _Lookup(everything),
            "left": _Lookup(everything),
            "stored": _Lookup(raw, words=False),
        }
        self._quotations = Quotations(planted.texts())

    def leaks(self, surface: Surface) -> Iterator[Leak]:
        """What of the planted is in a surface."""
        lookup = self._search[surface.audience]
        layers = 0 if surface.audience == "stored" else 3
        for found in lookup.find(surface.data, layers):
            yield Leak(surface.name, surface.audience, lookup.canaries[found.label], found.how, found.form)
        if surface.audience in {"shareable", "terminal"}:
            run = self._quotations.runs(surface.data.decode("utf-8", "replace"))
            if run > MOST_WORDS:
                yield Leak(
                    surface.name, surface.audience, Canary("phrase", "", ""), "run", f"{run} words of a conversation"
                )


def _alike(text: str, name: str) -> bool:
    """Whether two names share a piece, so that one found tells nothing of the other."""
    return bool(pieces(text) & pieces(name))


class _Lookup:
    def __init__(self, canaries: Iterable[Canary], apart: Iterable[str] = (), *, words: bool = True) -> None:
        self.canaries, made = needles(canaries, words=words)
        allowed = neutral().union(*(pieces(text) for text in apart))
        self._search = Search(made, allowed)

    def find(self, data: bytes, layers: int) -> list[Found]:
        return self._search.find(data, layers)


def run(
    folder: Path,
    *,
    seed: int = 0,
    conversations: int = 1000,
    people: int = 200,
    per: int = 22,
    k: int = 10,
    sweep: Sweep = WHOLE,
    model: bool = False,
    runner: Runner | None = None,
) -> Result:
    """Plant canaries, run the product over them and search everything it says.

    Args:
        folder: A new or empty folder; all of it may be deleted afterwards.
        seed: The same seed plants the same.
        conversations: How many conversations.
        people: Of how many persons.
        per: Conversations a pattern, on average.
        k: The smallest group that is released.
        sweep: Which commands are run.
        model: Whether a hostile language model describes and names, which copies whatever it is sent, and knows all canaries.
        runner: What runs commands; processes of their own where it is not given.

    Returns:
        What was found.
    """
    planted = plant(folder / "planted", seed, conversations, people)
    study = folder / "study"
    home = folder / "home"
    home.mkdir()
    result = Result(seed, len(planted.canaries))
    watch = Watch(planted)
    with ExitStack() as stack:
        server = stack.enter_context(hostile(planted.canaries)) if model else None
        ask = runner or Processes(home, server.environ() if server else None)
        judge = f"openai-compatible:{server.openai_url}#stand-in" if server else None
        for surface in _said(ask, study, planted, result, per=per, k=k, sweep=sweep, judge=judge):
            result.surfaces[surface.audience] += 1
            result.bytes += len(surface.data)
            result.leaks.extend(watch.leaks(surface))
            result.violations.extend(_violations(surface, k))
    for surface in surfaces.left(home):
        result.surfaces[surface.audience] += 1
        result.leaks.extend(watch.leaks(surface))
    result.patterns = released(study)
    return result


def _said(
    ask: Runner, study: Path, planted: Planted, result: Result, *, per: int, k: int, sweep: Sweep, judge: str | None
) -> Iterator[Surface]:
    """Every surface of one study, in the order in which a person would make them."""

    def told(arguments: list[str], whole: bool = True) -> Surface:
        ran = ask(arguments)
        if ran.code != 0:
            result.failed.append(f"{arguments[0]} ended with {ran.code}")
        return Surface(" ".join([arguments[0], *arguments[2:3]]), "terminal", (ran.out if whole else b"") + ran.err)

    yield told(["audit", str(planted.folder), "-o", str(study), "--workers", "1", "--k", str(k)])
    asked = ["--judge", judge, "--yes"] if judge else []
    if judge:
        yield told(["facets", str(study), *asked])
    yield told(["patterns", str(study), "--per", str(per), "--k", str(k), *asked], whole=False)
    yield told(["report", str(study), "--k", str(k)])
    yield from surfaces.files(study)
    more = ["--k", str(k)]
    for name, *options in sweep.shared:
        extra = ["--per", str(per), *asked] if name == "patterns" else []
        for surface in surfaces.said(ask, study, [(name, *options, *extra)], more):
            if surface.audience == "shareable" and not surface.data:
                result.failed.append(f"{surface.name} said nothing")
            yield surface
    for name, *options in sweep.told:
        ran = ask([name, str(study), *options])
        yield Surface(" ".join([name, *options]), "terminal", ran.out + ran.err)
    yield from surfaces.provoked(
        ask, study, [path for at, path in enumerate(planted.bad) if at % sweep.bad[1] == sweep.bad[0]]
    )


def _violations(surface: Surface, k: int) -> Iterator[str]:
    """What the checker of released files reads from a surface, where it is of a form that it reads."""
    kinds = [kind for kind in ("html", "json", "csv") if kind in surface.name]
    if surface.audience == "shareable" and kinds:
        for where, how in of_text(surface.data.decode("utf-8", "replace"), f".{kinds[0]}", k):
            yield f"{surface.name}, {where}: {how}"


def released(study: Path) -> int:
    """How many patterns a study's released file holds."""
    path = study / "patterns-released.json"
    return len(json.loads(path.read_bytes())["patterns"]) if path.exists() else 0
