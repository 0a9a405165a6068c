"""Names of people: by lists, by what stands before and after them, in ten scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

from selfrule.privacy import personal_said as said
from selfrule.privacy.common_words import words
from selfrule.privacy.personal_segments import Segment

Found = tuple[int, int, str]

UPPER = r"A-ZØŁĐÆŒÞĦŊĐ\u0370-\u03a9\u0400-\u042f"
CAP = rf"[{UPPER}][^\W\d_]*+(?:['’-][^\W\d_]++)*+"
"""A capitalised word of a script that has cases."""
_PARTICLE = r"(?:van der|van den|van de|van|von der|von|de la|de los|de|del|della|da|dos|das|do|di|la|le|ter|ten|bin|ibn|al|el|af|av|zu)"
_MORE = rf"(?:[ ](?:{_PARTICLE} )?{CAP}|[ ][{UPPER}]\.)"
_CAPITALISED = re.compile(rf"(?<![\w@#/'’-]){CAP}")
_SEQUENCE = re.compile(rf"(?<![\w@#/'’-]){CAP}{_MORE}{{0,3}}")
_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0900-\u0963\u0e31-\u0e4e])*+")
_LOWER = re.compile(r"(?<![\w@#/-])[^\W\d_]++")
_MARKED = "\u0900-\u0963\u0e31-\u0e4e"  # vowel signs are no letters to `re`
_UNCASED = re.compile(
    rf"[\u0590-\u06ff]+|[{_MARKED}\u0e00-\u0e30]+|[\uac00-\ud7a3]+|[\u3041-\u30ff\u3005]+|[\u4e00-\u9fff々]+"
)
_SPACED = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .\-_*]{1,2}){2,15}[^\W\d_](?![^\W\d_])")
_SENTENCE = re.compile(r"(?:^|[.!?:;\n\r\"“”«»*#>•(\[|…\x00-])[ \"'“”‘’«»*_#>(\[-]*$")
_ENDINGS = ("", "а", "я", "о", "ь", "и", "σ", "ς", "η", "α")
_GERMAN = frozenset(
    "der die das und ich nicht ist ein eine mit den dem zu von auf es er sie wir dass war hat mir mich am im bei als aber wie wenn meine mein gestern heute was haben habe hat seit wurde noch nur auch bei nach einen einem einer kann".split()
)
_NO_NAMES = said.NEVER | said.NEVER_OTHER
_PARTS = re.compile(r"['’-]")


class Names:
    """Lists of names, folded and in lower case.

    Attributes:
        given, family: Those that are no common word.
        common: Those that are one too.
        core: Given names known in several countries.
        lower: Those taken for names in lower case too.
    """

    def __init__(self, source: str) -> None:
        self.given: set[str] = set()
        self.family: set[str] = set()
        self.common: set[str] = set()
        self.core: set[str] = set()
        self.scripts: dict[str, set[str]] = {}
        kind, script = "given", "latin"
        for line in source.splitlines():
            if line.startswith("#"):
                continue
            if line.startswith("["):
                kind, _, script = line.strip("[]").partition(" ")
                continue
            for word in line.split():
                name = word.rstrip("?*")
                if word.endswith("?"):
                    self.common.add(name)
                else:
                    (self.given if kind == "given" else self.family).add(name)
                    if word.endswith("*"):
                        self.core.add(name)
                self.scripts.setdefault(f"{kind} {script}", set()).add(name)
        self.all = self.given | self.family
        self.lower = (self.core | said.LOWER_TOO) - said.NEVER - said.LOWER_NEVER

    def has(self, word: str) -> bool:
        """Whether a word in lower case is a name and no common word; case endings of Cyrillic and Greek set aside."""
        if word in self.all:
            return True
        if len(word) > 4 and "\u0370" <= word[0] <= "\u052f":
            stems = (word[:-1], word[:-2]) if len(word) > 5 else (word[:-1],)
            return any(stem + ending in self.all for stem in stems for ending in _ENDINGS)
        return (
            any(part in self.given for part in _PARTS.split(word))
            if "-" in word or "'" in word or "’" in word
            else False
        )


@lru_cache(maxsize=1)
def names() -> Names:
    """The lists of the package."""
    return Names((resources.files("selfrule.privacy") / "names.txt").read_text("utf-8"))


def find(segment: Segment) -> Iterator[Found]:
    """Stretches of a segment's text."""
    known, text = names(), segment.text
    yield from _by_context(segment, known)
    yield from _by_case(text, known)
    present = segment.words & known.lower
    if present:
        for match in _LOWER.finditer(text):
            if match[0] in present:
                yield match.start(), match.end(), "name"
    if "other" in segment.needs:
        yield from _uncased(text, known)
    for match in _SPACED.finditer(text):
        joined = re.sub(r"[^\w]|_", "", match[0]).lower()
        if known.has(joined) or joined in known.common:
            yield match.start(), match.end(), "name"


def _by_context(segment: Segment, known: Names) -> Iterator[Found]:
    common = words()
    text = segment.text
    for rule, strict in said.RULES:
        for start, end, kind in rule.find(segment):
            first = _TOKEN.match(text, start)
            if first is None:
                continue
            word = first[0].lower()
            if _never(word):
                continue
            if len(word) == 1:
                word = _TOKEN.findall(text, start, end)[-1].lower()
            is_name = known.has(word) or word in known.common
            if strict and not is_name and (word in common or (first[0].islower() and word.isascii())):
                continue
            yield start, end, kind


def _by_case(text: str, known: Names) -> Iterator[Found]:
    common = words()
    english: bool | None = None
    for match in _SEQUENCE.finditer(text):
        tokens = list(_CAPITALISED.finditer(text, match.start(), match.end()))
        lowered = [token[0].lower() for token in tokens]
        bare = [w[:-2] if w.endswith(("'s", "’s")) else w for w in lowered]
        sure = [(known.has(w) or w in said.SURE) and not _never(w) for w in bare]
        may = [yes or w in known.common for yes, w in zip(sure, bare, strict=True)]
        at_start = bool(_SENTENCE.search(text[max(0, match.start() - 12) : match.start()]))
        if any(sure):
            first = next(i for i, yes in enumerate(sure) if yes)
            while first > 0 and (may[first - 1] or bare[first - 1] not in common) and bare[first - 1] not in said.NEVER:
                first -= 1
            last = max(i for i, yes in enumerate(sure) if yes)
            while last + 1 < len(bare) and (may[last + 1] or bare[last + 1] not in common):
                last += 1
            end = match.end() if last == len(bare) - 1 else tokens[last].end()
            yield tokens[first].start(), end, "name"
            continue
        if len(bare) == 1:
            before = text[max(0, match.start() - 24) : match.start()]
            if _never(bare[0]):
                continue
            foreign = "\u0370" <= bare[0][0] <= "\u052f"  # there only what has a name of its own is capitalised
            if foreign:
                named = not at_start and len(bare[0]) > 2 and not match[0].isupper()
            else:
                unlisted = bare[0] not in common
                named = (may[0] or unlisted) and bool(said.BEFORE.search(before))
                if not named and unlisted and len(bare[0]) > 2 and match[0][1:].islower():
                    # where nouns have no capitals, what no list of words knows is most likely a name
                    named = not at_start or lowered[0] != bare[0]
                    named = named and not german(text)
            if named:
                yield match.start(), match.end(), "name"
            continue
        if all(may) and not any(w in said.NEVER for w in bare) and not all(token[0].isupper() for token in tokens):
            yield match.start(), match.end(), "name"
            continue
        if at_start or all(token[0].isupper() for token in tokens):
            continue
        strange = [w not in common and w not in said.NEVER for w in bare]
        if may[0] and any(strange[1:]):
            yield match.start(), match.end(), "name"
        elif "\u0370" <= bare[0][0] <= "\u052f":
            if not any(w in said.NEVER_OTHER for w in bare):
                yield match.start(), match.end(), "name"
        elif all(strange):
            if english is None:
                english = _is_english(text)
            if english:
                yield match.start(), match.end(), "name"


def _never(word: str) -> bool:
    """Whether a word, or what it is the plural of, is a name of no person."""
    return word in _NO_NAMES or (word.endswith("s") and word != "thais" and word[:-1] in _NO_NAMES)


def german(text: str) -> bool:
    """Whether a text looks German, where every noun is capitalised."""
    return len(_GERMAN & set(_LOWER.findall(text.lower()))) > 1


def _is_english(text: str) -> bool:
    """Whether most different words of a text's first 20,000 characters are common English ones."""
    found = {word for word in _LOWER.findall(text[:20_000]) if word.islower()}
    return not found or 2 * len(found & words()) > len(found)


def _uncased(text: str, known: Names) -> Iterator[Found]:
    scripts = known.scripts
    runs = _UNCASED.finditer(text)
    for match in runs:
        word = match[0]
        head = word[0]
        if "\u0590" <= head <= "\u06ff":
            yield from _semitic(text, match, known)
        elif "\u0900" <= head <= "\u097f":
            if word in known.all and word not in said.DEVANAGARI_WORDS:
                yield match.start(), match.end(), "name"
        elif "\u0e00" <= head <= "\u0e7f":
            yield from _inside(match, scripts.get("given thai", set()), 6)
            yield from _inside(match, scripts.get("family thai", set()), 6)
        elif "\uac00" <= head <= "\ud7a3":
            full = said.HANGUL.match(word)
            if full and full[1] in scripts["family hangul"] and word[3:] in said.HANGUL_ENDINGS and _syllables(full[2]):
                yield match.start(), match.start() + 3, "name"
                continue
            if full and full[2] in scripts["given hangul"] and full[1] in scripts["family hangul"]:
                yield match.start(), match.start() + 3, "name"
            elif len(word) > 2 and word[:2] in scripts["given hangul"] and word[2:] in said.HANGUL_ENDINGS:
                yield match.start(), match.start() + 2, "name"
        elif head <= "\u30ff":
            if word in scripts["family kana"] or (word in scripts["given kana"] and len(word) > 2):
                yield match.start(), match.end(), "name"
        else:
            yield from _han(match, scripts)


def _syllables(given: str) -> bool:
    """Whether both syllables of a word stand so in some Korean given name."""
    listed = names().scripts["given hangul"]
    return any(one[0] == given[0] for one in listed) and any(one[1:] == given[1] for one in listed)


def _semitic(text: str, match: re.Match[str], known: Names) -> Iterator[Found]:
    word = match[0]
    stems = [word] + ([word[1:]] if len(word) > 3 and word[0] in "وفبلكולבמהשכ" else [])
    for cut, stem in enumerate(stems):
        if stem in known.all and stem not in said.SEMITIC_WORDS and len(stem) > 2:
            yield match.start() + cut, match.end(), "name"
            return


def _inside(match: re.Match[str], listed: set[str], least: int) -> Iterator[Found]:
    """Listed names inside a run of a script without spaces: the longest from each place."""
    run, place = match[0], 0
    longest = 16
    while place + least <= len(run):
        for size in range(min(longest, len(run) - place), least - 1, -1):
            if run[place : place + size] in listed:
                yield match.start() + place, match.start() + place + size, "name"
                place += size
                break
        else:
            place += 1


def _han(match: re.Match[str], scripts: dict[str, set[str]]) -> Iterator[Found]:
    run = match[0]
    family, given = scripts["family han"], scripts["given han"]
    for called in said.CALLED_HAN.finditer(run):
        for size in (4, 3, 2, 1):
            start = called.start() - size
            name = run[start : called.start()]
            if start >= 0 and (
                (size > 2 and name[:2] in family)
                or (size < 4 and name[0] in said.HAN_FAMILIES)
                or (size == 2 and name in given)
            ):
                yield match.start() + start, match.start() + called.start(), "name"
                break
    for after in said.WITH_HAN.finditer(run):
        if after["family"] in family:
            yield match.start() + after.start("family"), match.start() + after.end("given"), "name"
    place = 0
    while place + 2 <= len(run):
        step = 1
        for f, g in ((2, 2), (2, 1), (1, 2), (3, 2), (2, 3)):
            name = run[place : place + f + g]
            if len(name) == f + g and name[:f] in family and name[f:] in given and name not in said.HAN_WORDS:
                if f + g < 3:
                    continue
                yield match.start() + place, match.start() + place + f + g, "name"
                step = f + g
                break
        else:
            pair = run[place : place + 2]
            if pair in family and pair in said.JAPANESE_FAMILIES:
                yield match.start() + place, match.start() + place + 2, "name"
                step = 2
        place += step
