"""The rubric as a labeller reads it: cut from the full wording, construct by construct, as safe markup."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from selfrule.errors import RubricError
from selfrule.rubric import LEVELS, Rubric, load

if TYPE_CHECKING:
    from markupsafe import Markup

_HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
_ROW = re.compile(rf"^\| ({'|'.join(LEVELS)}) \| (.+?) \|$", re.MULTILINE)
_INLINE = re.compile(rf"(?<!\w)({'|'.join(LEVELS)}): ")


class Wording(msgspec.Struct, frozen=True):
    """What a labeller reads of one construct.

    `lead` says what it asks, `levels` what each of the four levels looks like, `notes` (may be empty) the finer rules;
    `marker` (primitives alone) when its actualized marker is a yes. All are markup, escaped.
    """

    id: str
    kind: str
    name: str
    plain: str
    lead: Markup
    levels: tuple[Markup, ...]
    notes: Markup
    marker: str | None
    marker_text: Markup


def marked(text: str) -> Markup:
    """Running text of the rubric as markup: escaped, with its emphasis kept, lists as lists.

    >>> marked("if *x* < y")
    Markup('if <em>x</em> &lt; y')
    """
    from markupsafe import Markup, escape

    def inline(piece: str) -> str:
        safe = str(escape(" ".join(piece.replace("`", "").split())))
        return re.sub(r"\*(.+?)\*", r"<em>\1</em>", safe)

    head, *items = re.split(r"^- ", text.strip(), flags=re.MULTILINE)
    body = inline(head)
    if items:
        body += "<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>"
    return Markup(body)  # noqa: S704 - escaped above


def sections(text: str) -> dict[str, str]:
    """The bodies of the rubric's sections, by construct id or else by the heading's own words."""
    found = list(_HEADING.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts = {}
    for match, end in zip(found, ends, strict=True):
        construct = re.search(r"\(`(\w+)`\)", match.group(1))
        name = construct.group(1) if construct else match.group(1).split("(")[0].split(":")[0].strip()
        parts[name] = text[match.end() : end].strip()
    return parts


def _cut(name: str, body: str) -> tuple[str, dict[str, str], str]:
    """A section's lead, the text of each level, and what follows."""
    rows = list(_ROW.finditer(body))
    if rows:
        lead, notes = body[: body.index("|")], body[rows[-1].end() :]
        levels = {row.group(1): row.group(2) for row in rows}
    else:
        marks = list(_INLINE.finditer(body))
        if not marks:
            raise RubricError(f"The rubric's section on {name} says nothing of its levels. Restore rubric.md.")
        body, _, fixed = body.partition("Fixed points: ")
        lead, notes = body[: marks[0].start()], _capital(fixed)
        ends = [mark.start() for mark in marks[1:]] + [len(body)]
        levels = {mark.group(1): body[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}
    if list(levels) != list(LEVELS):
        raise RubricError(f"The rubric's section on {name} has the levels {list(levels)}, not {list(LEVELS)}.")
    return lead, levels, re.sub(r"^Notes?\.\s*", "", notes.strip())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def wordings(rubric: Rubric) -> tuple[Wording, ...]:
    """The seven constructs in the rubric's order.

    Raises:
        RubricError: a construct's section is missing, or lacks one of its four levels.
    """
    parts = sections(rubric.text)
    markers = parts.get("Actualized markers", "")
    found = []
    for construct in rubric.constructs:
        if construct.id not in parts:
            raise RubricError(f"The rubric has no section on {construct.id}. Restore rubric.md.")
        lead, levels, notes = _cut(construct.id, parts[construct.id])
        mark = re.search(rf"`actualized_{construct.id}`: (.+?)(?=^- |^Dissatisfaction|\Z)", markers, re.M | re.S)
        found.append(
            Wording(
                id=construct.id,
                kind=construct.kind,
                name=construct.name,
                plain=construct.plain,
                lead=marked(lead),
                levels=tuple(marked(_capital(levels[level])) for level in LEVELS),
                notes=marked(notes),
                marker=construct.actualized,
                marker_text=marked(_capital(mark.group(1))) if mark else marked(""),
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def words() -> tuple[Wording, ...]:
    """The seven constructs of the rubric that the package ships."""
    return wordings(load())


@lru_cache(maxsize=1)
def weighing() -> Markup:
    """How a rater weighs what it sees: what holds for all constructs."""
    return marked(sections(load().text)["How a rater weighs what it sees"])
