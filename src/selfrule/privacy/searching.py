"""A search for what must not be there: a text is read in every way in which somebody may read it, then searched.

What is looked for is found whatever its case, accents, spacing or width, behind percent, HTML, JSON, base64 or hex escapes, in
UTF-8 or UTF-16, with characters of no width inside, with other separators between digits, and by five letters of a name.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from urllib.parse import unquote_to_bytes

LETTERS = 5  # of a word in letters: fewer are part of too many words
_LEAST_DIGITS = 9
_LAYERS = 3
_MOST_READ = 64 * 1024 * 1024
_BEGINNING = 6
_OURS = ("report", "rubric", "cli", "patterns", "analyses", "study")

_ESCAPED = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|([0-7]{3}))")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){6,}(?![0-9A-Za-z])")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s.\-()/+_:\u2010-\u2015]{1,3}(?=\d)")
_INLINE = re.compile(r"</?(?:a|abbr|b|em|font|i|mark|q|s|small|span|strong|sub|sup|u|wbr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_NUMBER = re.compile(rf"\d{{{_LEAST_DIGITS},}}")
_SCRIPTS_OF_FEW = ((0x2E80, 0x9FFF, 2), (0x20000, 0x3FFFF, 2), (0x3040, 0x30FF, 3), (0xAC00, 0xD7AF, 2))
_WORDS = re.compile(r"[^\W\d_]+")
_PART = re.compile(r"\w+")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})[./](\d{1,2})[./](\d{4})|(\d{1,2}) ([a-z]+) (\d{4})")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip


def fold(text: str) -> str:
    """The text in lower case, of plain width, without accents and without characters that cannot be seen."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text).casefold().translate(_unseen()))


@lru_cache(maxsize=1)
def _unseen() -> dict[int, None]:
    """Accents, vowel signs, and what cannot be seen, but for spaces and ends of lines."""
    dropped = {"Mn", "Mc", "Cf", "Cc"}
    every = range(sys.maxunicode + 1)
    return {c: None for c in every if unicodedata.category(chr(c)) in dropped and chr(c) not in "\n\t"}


def squeezed(folded: str) -> str:
    """Letters and digits alone of a folded text."""
    return "".join(_PART.findall(folded)).replace("_", "")


def readings(data: bytes, layers: int = _LAYERS) -> list[str]:
    """Every way to read some bytes, folded: as they are, and with what is escaped in them laid open, so many layers deep."""
    data = data[:_MOST_READ]
    first = [data.decode("utf-8", "replace")]
    if b"\0" in data or "\ufffd" in first[0]:
        first += [data.decode(name, "ignore") for name in ("utf-16-le", "utf-16-be")]
        first += [data.replace(b"\0", b"").decode("utf-8", "ignore")]
    seen = dict.fromkeys(first)
    latest = first
    for _ in range(layers):
        made = [other for text in latest for other in _opened(text) if other not in seen]
        latest = list(dict.fromkeys(made))
        if not latest:
            break
        seen.update(dict.fromkeys(latest))
    return list(dict.fromkeys(fold(text) for text in seen))


def _opened(text: str) -> Iterator[str]:
    """The text with one kind of escape laid open, for each kind that it has."""
    if "&" in text and (opened := html.unescape(text)) != text:
        yield opened
    if "%" in text and (opened := unquote_to_bytes(text).decode("utf-8", "replace")) != text:
        yield opened
    if "\\" in text:
        opened = _ESCAPED.sub(_character, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if opened != text:
            yield opened
        raw = re.sub(r"(?:\\x[0-9a-fA-F]{2})+", lambda m: _bytes(m[0].replace("\\x", "")), text)
        if raw != text:
            yield raw
    if "=" in text and (opened := _QUOTED.sub(lambda m: _bytes(m[0].replace("=", "")), text)) != text:
        yield opened
    found = [*_sixty_four(text), *(_bytes(m[0]) for m in _HEX.finditer(text))]
    inside = "\n".join(part for part in found if _readable(part))
    if inside:
        yield inside
    if "<" in text and (opened := _TAG.sub(" ", _INLINE.sub("", text))) != text:
        yield opened  # a name may be set in pieces, Zor<b>vane</b>; what stands in two boxes is not one word


def _character(match: re.Match[str]) -> str:
    point = int(next(g for g in match.groups()[:4] if g), 16) if not match[5] else int(match[5], 8)
    return chr(point) if point < 0x110000 else match[0]


def _bytes(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-8", "replace")


def _sixty_four(text: str) -> Iterator[str]:
    for match in _BASE64.finditer(text):
        core = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        if len(core) % 4 == 1:
            continue
        try:
            yield base64.b64decode(core + "=" * (-len(core) % 4)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue


def _readable(text: str) -> bool:
    odd = sum(not c.isprintable() or c == "\ufffd" for c in text)
    return bool(text) and odd * 10 <= len(text)


@dataclass(frozen=True)
class Needle:
    """One thing to look for, and the forms that give it away.

    Attributes:
        label: What it is called where it is found; no part of what is looked for unless that is meant to be shown.
        whole: Squeezed texts, each of which is a find.
        literal: Folded texts, each of which is a find.
        digits: Runs of digits, found whatever stands between them.
        pieces: Folded pieces of words (`pieces`), each of which is a find.
    """

    label: str
    whole: frozenset[str] = frozenset()
    literal: frozenset[str] = frozenset()
    digits: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """A find: which needle, by which of its forms, and what stood there."""

    label: str
    how: str
    form: str


def least(word: str) -> int:
    """How many letters of a word give it away: five, or fewer in scripts that write more with one."""
    point = ord(word[0])
    return next((size for first, last, size in _SCRIPTS_OF_FEW if first <= point <= last), LETTERS)


def pieces(text: str) -> frozenset[str]:
    """Every run of `least` letters of every word of a text long enough to have one."""
    found: set[str] = set()
    for word in _WORDS.findall(fold(text)):
        size = least(word)
        found.update(word[at : at + size] for at in range(len(word) - size + 1))
    return frozenset(found)


def needle(label: str, text: str, *, whole: bool = True, words: bool = True, run: int | None = None) -> Needle:
    """What gives a text away: all of it, its numbers, dates in any order, pieces of its words, or runs of `run` of its words.

    Args:
        label: What to call it.
        text: What is looked for.
        whole: Whether all of it is a find.
        words: Whether pieces of its words are.
        run: So many words of it in a row are a find.
    """
    folded = fold(text)
    numbers = {re.sub(r"\D", "", part) for part in re.findall(r"[\d][\d\s.\-()/+_:]*\d", folded)}
    dates = frozenset(form for match in _DATE.finditer(folded) for form in _dated(match))
    apart = _PART.findall(folded)
    runs = {"".join(apart[at : at + run]) for at in range(len(apart) - run + 1)} if run else set()
    alone = squeezed(folded)
    few = alone.isdigit() or len(alone) < (least(alone) if alone and alone[0].isalpha() else _LEAST_DIGITS)
    return Needle(
        label,
        frozenset(runs | ({alone} if whole and not few else set())),
        dates,
        frozenset(part for n in numbers for part in _numbered(n)) if not dates else frozenset(),
        pieces(text) if words and not dates else frozenset(),
    )


def _numbered(digits: str) -> Iterator[str]:
    """A number, and what is left of it without a country's code where that is long enough to be no chance."""
    if len(digits) >= _LEAST_DIGITS:
        yield digits
        yield from (digits[cut:] for cut in (1, 2, 3) if len(digits) - cut > _LEAST_DIGITS)


def _dated(match: re.Match[str]) -> Iterator[str]:
    if match[1]:
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match[4]:
        day, month, year = int(match[4]), int(match[5]), int(match[6])
    else:
        day, year = int(match[7]), int(match[9])
        month = next((at for at, name in enumerate(_MONTHS, 1) if name == match[8]), 0)
    if not 1 <= month <= 12:
        return
    for d, m in ((f"{day}", f"{month}"), (f"{day:02}", f"{month:02}")):
        for mark in "-./ ":
            yield f"{year}{mark}{m}{mark}{d}"
            yield f"{d}{mark}{m}{mark}{year}"
            yield f"{m}{mark}{d}{mark}{year}"
    name = _MONTHS[month - 1]
    yield from (f"{day} {name} {year}", f"{name} {day}, {year}", f"{name} {day} {year}", f"{day} {name[:3]} {year}")
    yield f"{year}\u5e74{month}\u6708{day}\u65e5"


@dataclass
class Search:
    """Looks for many needles at once.

    Attributes:
        needles: What to look for.
        neutral: Pieces that say nothing, for they are part of our own words.
    """

    needles: Iterable[Needle]
    neutral: frozenset[str] = frozenset()
    _pieces: dict[int, dict[str, set[str]]] = field(default_factory=dict, init=False)
    _forms: dict[str, dict[str, set[str]]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for one in self.needles:
            for piece in one.pieces - self.neutral:
                self._pieces.setdefault(len(piece), {}).setdefault(piece, set()).add(one.label)
            for how, forms in (("whole", one.whole), ("date", one.literal), ("digits", one.digits)):
                for form in forms:
                    self._forms.setdefault(how, {}).setdefault(form, set()).add(one.label)

    def find(self, data: bytes | str, layers: int = _LAYERS) -> list[Found]:
        """Every needle that is in the data, once, by the longest of its forms that is; `layers`: see `readings`."""
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        best: dict[str, Found] = {}
        for text in readings(raw, layers):
            for found in self._in(text):
                known = best.get(found.label)
                if known is None or len(found.form) > len(known.form):
                    best[found.label] = found
        return sorted(best.values(), key=lambda found: (found.label, found.form))

    def _in(self, text: str) -> Iterator[Found]:
        words = set(_WORDS.findall(text)) if self._pieces else set()
        for size, wanted in self._pieces.items():
            held = {word[at : at + size] for word in words for at in range(len(word) - size + 1)}
            for piece in wanted.keys() & held:
                yield from (Found(label, "piece", piece) for label in wanted[piece])
        views: dict[str, Callable[[], str]] = {
            "whole": lambda: squeezed(text),
            "date": lambda: text,
            "digits": lambda: "\n".join(_NUMBER.findall(_BETWEEN_DIGITS.sub("", text))),
        }
        for how, forms in self._forms.items():
            view = views[how]()
            for form in _held(view, forms):
                yield from (Found(label, how, form) for label in forms[form])


def _held(view: str, forms: Iterable[str]) -> Iterator[str]:
    """Which of some forms a text holds. Only those whose beginning it holds are looked for one by one."""
    begun = {view[at : at + _BEGINNING] for at in range(len(view) - _BEGINNING + 1)}
    for form in forms:
        if (len(form) < _BEGINNING or form[:_BEGINNING] in begun) and form in view:
            yield form


@lru_cache(maxsize=1)
def own_text() -> str:
    """Our own words: the wording of reports, rubric and commands, as the package holds it. They give nobody away."""
    found: list[str] = []
    waiting = [resources.files("selfrule") / name for name in _OURS]
    while waiting:
        here = waiting.pop()
        if here.is_dir():
            waiting.extend(here.iterdir())
        elif here.name.endswith((".py", ".j2", ".css", ".js", ".toml")):
            found.append(here.read_text(encoding="utf-8"))
    return "\n".join(found)


@lru_cache(maxsize=1)
def own_words() -> frozenset[str]:
    """Every word of `own_text`, folded."""
    return frozenset(_WORDS.findall(fold(own_text())))
