"""Makes `privacy/names.txt` and `privacy/words.txt`: names of people by script, and common English words.

    python -m training.names FAKER_WHEEL_UNPACKED SCOWL_FOLDER

Names are those of Faker's `person` providers (MIT licence), words those of SCOWL up to size 35 and the proper names' own lists
(Debian's package `scowl`; its notice stands at the head of words.txt). A name that is also a common word, of SCOWL up to size
50 or in lower case in our own written conversations, is marked "?": it counts as a name only where the text around says so.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
import textwrap
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from selfrule.privacy.personal_view import fold

ROOT = Path(__file__).parents[1]
CORE = 4
OUT = ROOT / "src" / "selfrule" / "privacy"
PLACES = """london paris israel jordan austin chelsea brooklyn georgia florida virginia carolina dallas houston india china
asia america africa europe madison lincoln washington sydney adelaide charlotte victoria jackson cheyenne dakota kenya ireland
holland france england scotland milan florence sienna vienna berlin phoenix memphis orlando denver cairo malaysia chad cuba
boston wellington nelson hamilton houston montana nevada savannah egypt persia persian britain german germany spain italia italy
japan korea vietnam thailand russia poland brazil mexico canada texas trinidad kent essex salem zion troy paris rome roma
islam christian muslim hindu jesus christ god allah buddha mohammed muhammad moses satan luna atlas apollo venus mercury saturn
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october
november december""".split()  # noqa: SIM905
WORDS = """alle als also ama amo ana ano ante arte au aux beau belle bella bien bon bonne casa che cher ciel cielo clara claro
con cosa das der des die dia dos du ein el ella elle en es esa ese esta este fein feliz fin frei fue fur gut hab hay
ich ihr ist jana je jede jung kai klar klein kein la las le les leon liebe lo los luz ma mal man mar mari mas mein mia
mit mon mona nena ni nina nos nur o ola ora para pia por pura que ria rosa se sei si sie sein sol son soy su sur tal
tan toda todo tu tut un und une uni uns va ven vera vida vie vino viva von was wer wie will wir wo ya yo zu alma bela
mila mira nova perla reina rey santos santa amor amber dolores paz luna sana sara data anna nova nota mano bruno verde
cruz pardo rubio blanco moreno calvo prieto delgado castillo campos ramos flores reyes iglesias montes sierra valle
rios vega vidal leal bravo guerra soto salas pena rojas crespo casado aime aimee jolie reine rene pascal noel ange ami
petit grand roux blanc roy bonnet lemaire marchand boucher mercier berger fischer schneider weber becker schafer koch
bauer richter wolf neumann schwarz braun zimmermann kruger hartmann lange werner krause kaiser fuchs vogel jung hahn
keller frank winter sommer herbst horn stein berg busch kuhn bock roth adler ernst max
""".split()  # noqa: SIM905


def main(faker: Path, scowl: Path) -> None:
    """Write both files."""
    sys.path.insert(0, str(faker))
    common = {fold(w).lower() for size in (10, 20, 35, 40, 50) for w in _scowl(scowl, f"english-words.{size}")}
    written: Counter[str] = Counter()
    for path in sorted((ROOT / "data" / "written").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            for message in json.loads(line).get("messages", ()):
                written.update(set(re.findall(r"\b[^\W\d_]+\b", fold(message["content"]))))
    common |= {w for w, n in written.items() if w.islower() and n >= 2} | set(PLACES) | set(WORDS)
    given, family, locales = _faker()
    lines = [
        "# Names of people, by script: made by training/names.py from Faker 40.54.0 (MIT, Copyright (c) 2012 Daniele Faraglia).",
        '# A "?" marks those that are also common words, a "*" given names of four countries or more.',
        *("# " + line for line in textwrap.wrap(MIT, 138)),
    ]
    for kind, found in (("given", given), ("family", family)):
        by_script: dict[str, list[str]] = {}
        for name in sorted(found):
            script = script_of(name)
            least = {"han": 1, "kana": 2, "hangul": 1}.get(script, 3)
            if script and len(name) >= least and (script != "latin" or len(name) <= 14):
                mark = (
                    "?"
                    if name in common
                    else "*"
                    if kind == "given" and locales[name] >= CORE and len(name) > 3
                    else ""
                )
                by_script.setdefault(script, []).append(name + mark)
        for script, names in sorted(by_script.items()):
            lines += [f"[{kind} {script}]", *_wrapped(names)]
    (OUT / "names.txt").write_text("\n".join(lines) + "\n")
    words = {w for size in (10, 20, 35) for kind in ("english-words", "american-words", "british-words")
             for w in _scowl(scowl, f"{kind}.{size}")}  # fmt: skip
    head = ["# Common English words: SCOWL, size 35 (Debian's package scowl 2020.12.07), made by training/names.py.",
            *("# " + line for line in NOTICE.splitlines())]  # fmt: skip
    plain = sorted({w.lower() for w in words if w.isascii() and w.isalpha() and w.islower() and len(w) > 1})
    (OUT / "words.txt").write_text("\n".join([*head, *_wrapped(plain)]) + "\n")


MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated "
    'documentation files (the "Software"), to deal in the Software without restriction, including without limitation '
    "the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and "
    "to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above "
    "copyright notice and this permission notice shall be included in all copies or substantial portions of the "
    'Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT '
    "LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT "
    "SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION "
    "OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER "
    "DEALINGS IN THE SOFTWARE. "
)

NOTICE = """The collective work is Copyright 2000-2018 by Kevin Atkinson. Permission to use, copy, modify, distribute and sell
these word lists, the associated scripts, the output created from the scripts, and its documentation for any purpose is hereby
granted without fee, provided that the above copyright notice appears in all copies and that both that copyright notice and
this permission notice appear in supporting documentation. Kevin Atkinson makes no representations about the suitability of
this array for any purpose. It is provided "as is" without express or implied warranty."""


def script_of(name: str) -> str | None:
    """The one script of a name of letters and its marks; None where it has two or none."""
    found = set()
    for char in name:
        label = unicodedata.name(char, "")
        for start, script in (("LATIN", "latin"), ("CYRILLIC", "cyrillic"), ("GREEK", "greek"), ("ARABIC", "arabic"),
                              ("HEBREW", "hebrew"), ("DEVANAGARI", "devanagari"), ("THAI", "thai"), ("CJK", "han"),
                              ("HIRAGANA", "kana"), ("KATAKANA", "kana"), ("HANGUL", "hangul")):  # fmt: skip
            if label.startswith(start):
                found.add(script)
                break
        else:
            return None
    return found.pop() if len(found) == 1 else None


def _faker() -> tuple[set[str], set[str], Counter[str]]:
    package: Any = importlib.import_module("faker.providers.person")
    given: set[str] = set()
    family: set[str] = set()
    locales: Counter[str] = Counter()
    for info in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"faker.providers.person.{info.name}").Provider
        here: set[str] = set()
        for attribute in dir(provider):
            into = (
                given if attribute.startswith("first_name") else family if attribute.startswith("last_name") else None
            )
            values = provider.__dict__.get(attribute) if into is not None else None
            if into is None or values is None or not hasattr(values, "__iter__"):
                continue
            for value in values:
                for one in [value] if isinstance(value, str) else value if isinstance(value, (tuple, list)) else []:
                    parts = [fold(part).lower() for part in str(one).split() if part.isalpha() or not part.isascii()]
                    into.update(parts)
                    here.update(parts if into is given else ())
        locales.update(here)
    return given, family, locales


def _scowl(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text(encoding="latin-1").splitlines() if (folder / name).exists() else []


def _wrapped(words: list[str], width: int = 130) -> list[str]:
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return [*lines, line]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
