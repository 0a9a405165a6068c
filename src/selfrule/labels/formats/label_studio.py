"""Labels as Label Studio has them: a JSON array of tasks, with an annotation a label.

A task's `data` holds `dialogue` (`author`, `text`) for a Paragraphs tag. Each construct is a Choices control of that id, with
the level in words; `actualized_MARKER` too; `turns_CONSTRUCT` and `labeller` are text areas. A skipped task is an annotation with
`was_cancelled`. Format: https://labelstud.io/guide/task_format
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec

from selfrule.labels.formats.row import ANSWERS, Entry, Read, ValueUnreadError, flat, from_flat, iso
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS, load

_OBJECT = "dialogue"
_TEXTS = ("labeller", *(f"turns_{construct}" for construct in CONSTRUCTS))


def config() -> str:
    """The labelling configuration of such a project: paste it under Settings, Labeling Interface, Code."""
    rubric = load()
    lines = ["<View>", f'  <Paragraphs name="{_OBJECT}" value="${_OBJECT}" layout="dialogue"/>']
    for construct in rubric.constructs:
        lines += [
            f"  <Header value={quoteattr(construct.name)}/>",
            f'  <Header size="5" value={quoteattr(construct.plain)}/>',
            *_choices(construct.id, LEVELS),
            f'  <TextArea name="turns_{construct.id}" toName="{_OBJECT}" rows="1" maxSubmissions="1" '
            'placeholder="Turns that it rests on, counted from 0: 0, 3"/>',
        ]
    for marker in rubric.markers:
        lines += [f"  <Header value={quoteattr(marker.name)}/>", *_choices(f"actualized_{marker.id}", ANSWERS)]
    lines += [
        '  <Header value="Sure of all of these?"/>',
        *_choices("status", ("labelled", "unsure")),
        f'  <TextArea name="labeller" toName="{_OBJECT}" rows="1" maxSubmissions="1" '
        'placeholder="Your name (left empty: your account)"/>',
        "</View>",
    ]
    return "\n".join(lines) + "\n"


def _choices(name: str, values: Iterable[str]) -> list[str]:
    inside = [f'    <Choice value="{value}"/>' for value in values]
    return [f'  <Choices name="{name}" toName="{_OBJECT}" choice="single" showInline="true">', *inside, "  </Choices>"]


def write(entries: Iterable[Entry], *, conversations: bool) -> Iterator[bytes]:
    """The file, a task at a time."""
    before = b"[\n"
    for entry in entries:
        data: dict[str, Any] = {
            "conversation_id": entry.conversation_id,
            "content_hash": entry.content_hash,
            "source_id": entry.source_id,
            "draw": entry.draw,
        }
        turns = (entry.turns or []) if conversations else []
        data[_OBJECT] = [{"author": f"{n} {turn.role}", "text": turn.text} for n, turn in enumerate(turns)]
        task = {"data": data, "annotations": [_annotation(label) for label in entry.labels]}
        yield before + msgspec.json.encode(task)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _annotation(label: Label) -> dict[str, Any]:
    values = flat(label)
    values |= {f"turns_{c}": values[f"evidence_{c}"] for c in CONSTRUCTS}
    names = [*CONSTRUCTS, *(f"actualized_{m}" for m in MARKERS), "status", *_TEXTS]
    result = []
    for name in names:
        if values[name] == "" or (name == "status" and label.status == "skipped"):
            continue
        kind = "textarea" if name in _TEXTS else "choices"
        value = {"text": [values[name]]} if kind == "textarea" else {"choices": [values[name]]}
        result.append({"id": name, "from_name": name, "to_name": _OBJECT, "type": kind, "value": value})
    made = {"result": result, "was_cancelled": label.status == "skipped", "created_at": iso(label.at)}
    return made | ({} if label.seconds is None else {"lead_time": label.seconds})


def read(data: bytes) -> Read:
    """The labels of an export (JSON). Tasks without annotations are passed over."""
    found = Read()
    try:
        tasks = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found.problems.append("the file is not JSON")
        return found
    for number, task in enumerate(tasks if isinstance(tasks, list) else [tasks], 1):
        place = f"task {number}"
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            found.problems.append(f"{place}: not a task with data")
            continue
        annotations = task.get("annotations") or []
        for annotation in annotations if isinstance(annotations, list) else [None]:
            try:
                found.rows.append(from_flat(place, _values(task["data"], annotation)))
            except ValueUnreadError as error:
                found.problems.append(f"{place}: {error}")
    return found


def _values(data: dict[str, Any], annotation: Any) -> dict[str, Any]:
    if not isinstance(annotation, dict):
        raise ValueUnreadError("an annotation is no JSON object")
    values = {name: data.get(name) for name in ("conversation_id", "source_id", "content_hash", "draw", "inclusion")}
    values |= {"at": annotation.get("created_at"), "seconds": annotation.get("lead_time"), "labeller": _who(annotation)}
    given = annotation.get("result") or []
    for one in given if isinstance(given, list) else []:
        value = one.get("value") if isinstance(one, dict) else None
        name = one.get("from_name") if isinstance(one, dict) else None
        if not isinstance(value, dict) or not isinstance(name, str):
            continue
        said = value.get("choices", value.get("text", value.get("rating", value.get("number"))))
        if isinstance(said, list) and len(said) == 1:
            said = said[0]
        if isinstance(said, list) and name in CONSTRUCTS:
            raise ValueUnreadError(f"{len(said)} choices for {name}, and a conversation has one level of it")
        if said not in (None, ""):
            values[name] = said
    if annotation.get("was_cancelled"):
        values["status"] = "skipped"
    return values


def _who(annotation: dict[str, Any]) -> str | None:
    """Who made an annotation: Label Studio writes a number, or the account."""
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("username") or who.get("id")
    return f"label-studio {who}" if isinstance(who, int) else who
