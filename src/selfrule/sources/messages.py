"""Lists of messages with a role and a content, as chat APIs use them: the part that OpenAI and Anthropic logs share."""

from __future__ import annotations

from typing import Any

from selfrule.records import Draft, Turn
from selfrule.sources.blocks import TOOL_CALL, text_of
from selfrule.sources.fields import read_fields
from selfrule.sources.normalise import ROLE_NAMES, as_dict, as_list, check_words, clean_text, note, role_of
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_time

LISTS = ("messages", "conversation", "conversations", "prompt", "input")  # where a request's messages stand
_ANSWERS = ("response", "completion", "output", "choices")
_WRAPPED = ("body", "choices", "message", "output")  # what a response keeps its answer in
_DEEPEST = 6  # body, choices, message: a response is no deeper
_TIMES = ("created_at", "timestamp", "time", "create_time")


def read_turns(items: list[Any], notes: list[str]) -> list[Turn]:
    """One turn per message, none merged or dropped: a turn's index is the message's index in `items`."""
    # the hot loop of import: plain messages take no function call but Turn's
    turns: list[Turn] = []
    add = turns.append
    previous = None
    for item in items:
        if type(item) is not dict:
            note(notes, "content")
            add(Turn("other", text_of(item, notes)))
            previous = None
            continue
        raw = item.get("role")
        role = (ROLE_NAMES.get(raw) if type(raw) is str else None) or role_of(raw, notes)
        content = item.get("content")
        if type(content) is str:
            text = content if content.isascii() and "\0" not in content else clean_text(content, notes)
        else:
            text = text_of(content, notes)
            if not text and content and type(content) is list and (result := _tool_results(content, notes)) is not None:
                role, text = "tool", result
        at = None
        if len(item) > 2:
            if not text or item.get("tool_calls") or item.get("function_call"):
                text = _with_tools(item, text, notes)
            for name in _TIMES:
                if item.get(name) is not None:
                    at = parse_time(item[name], notes)
                    break
        if role == previous and role in ("user", "assistant"):
            note(notes, "consecutive")
        previous = role
        add(Turn(role, text, at))
    return turns


def _with_tools(item: dict[str, Any], text: str, notes: list[str]) -> str:
    """Tool calls as placeholders after the text; refusals and spoken answers where there is no text."""
    if not text:
        for spoken in (item.get("refusal"), (as_dict(item.get("audio")) or {}).get("transcript")):
            if isinstance(spoken, str):
                text = clean_text(spoken, notes)
    calls = item.get("tool_calls") or item.get("function_call")
    if calls:
        count = len(calls) if isinstance(calls, list) else 1
        text = "\n".join([text] * bool(text) + [TOOL_CALL] * min(count, 100))
    return text


def _tool_results(content: list[Any], notes: list[str]) -> str | None:
    """The text of a message of nothing but tool results: it is the tool's, though its role says user."""
    if any(type(block) is not dict or block.get("type") != "tool_result" for block in content):
        return None
    return "\n".join(filter(None, (text_of(block.get("content"), notes) for block in content)))


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("role"), str) and ("content" in item or "tool_calls" in item)


def find_messages(record: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]] | None:
    """Where the messages of a record stand: (path for people to read, the messages, the object that holds them)."""
    for path in ("", "request", "body", "request.body"):
        holder: dict[str, Any] | None = record
        for step in filter(None, path.split(".")):
            holder = as_dict(holder.get(step)) if holder is not None else None
        if holder is None:
            continue
        for name in LISTS:
            items = as_list(holder.get(name))
            if items and any(map(_is_message, items[:5])):
                return f"{path}.{name}".lstrip("."), items, holder
    return None


_Answer = tuple[list[Turn], int, dict[str, Any]]


def _answer(value: object, notes: list[str], depth: int = 0) -> _Answer:
    """The turns of a logged response, how many alternatives it leaves out, and the object with its model and time."""
    nothing: _Answer = ([], 0, {})
    if depth > _DEEPEST:
        return nothing
    if isinstance(value, str):
        # a table's cell may hold the whole response; an answer that is JSON itself stays an answer
        found = as_dict(value)
        is_response = found is not None and (found.keys() & set(_WRAPPED) or isinstance(found.get("content"), list))
        inside = _answer(found, notes, depth + 1) if is_response else nothing
        return inside if inside[0] or not value.strip() else ([Turn("assistant", clean_text(value, notes))], 0, {})
    if isinstance(value, list):
        first = value[0] if value else None
        if isinstance(first, dict) and ("message" in first or "finish_reason" in first):
            turns, _, _ = _answer(first.get("message") or first.get("text"), notes, depth + 1)
            return turns, len(value) - 1, {}
        said = [
            item
            for item in value
            if isinstance(item, dict) and (item.get("role") or item.get("type") == "function_call")
        ]
        return read_turns([{"role": "assistant", "content": [item], **item} for item in said], notes), 0, {}
    if not isinstance(value, dict):
        return nothing
    for name in _WRAPPED:
        inner = value.get(name)
        if isinstance(inner, list | dict):
            turns, others, about = _answer(inner, notes, depth + 1)
            return turns, others, about or value
    if "content" in value or "tool_calls" in value:
        return read_turns([{**value, "role": value.get("role") or "assistant"}], notes), 0, value
    return [], 0, value


def read_log(record: dict[str, Any]) -> Draft:
    """A conversation from a list of messages, alone or as a logged request with its response.

    Raises:
        RecordError: there are no messages, or none with words.
    """
    notes: list[str] = []
    items = record.get("messages")
    holder = record
    if type(items) is not list or not items:
        found = find_messages(record)
        if found is None:
            if any(as_list(record.get(name)) == [] for name in LISTS):
                raise RecordError("empty", "there are no turns")
            raise RecordError("shape", "no list of messages with 'role' and 'content'", "name its columns with --map")
        _, items, holder = found
    turns = read_turns(items, notes)
    about: dict[str, Any] = {}
    branches = 0
    for name in _ANSWERS:
        value = record.get(name) if holder is record or name in record else holder.get(name)
        if value is not None:
            answer, branches, about = _answer(value, notes)
            # where an assistant speaks last, the answer is among the messages already
            if answer and turns[-1].role != "assistant":
                turns += answer
            break
    system = holder.get("system")
    if system and turns[0].role != "system":
        text = text_of(as_list(system) or system, notes)
        if text:
            turns.insert(0, Turn("system", text))
    check_words(turns)
    more: tuple[object, ...] = (about, record.get("metadata"), record.get("meta"))
    if holder is not record:
        more = (holder, record.get("request"), holder.get("metadata"), *more)
    fields = read_fields(notes, record, *more)
    if fields.get("started_at") is None:
        fields["started_at"] = next((turn.at for turn in turns if turn.at is not None), None)
    return Draft(turns=turns, branches=branches, notes=notes, **fields)
