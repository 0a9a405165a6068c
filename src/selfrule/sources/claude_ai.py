"""Claude.ai data export: `conversations.json`, a list of messages per conversation, with branches in newer exports.

Only `content` blocks of type text are words the person read; thinking and tool use are left out. Attached files become
placeholders that name their type, never the file.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from selfrule.records import Draft, Turn
from selfrule.sources.blocks import attachment, text_of
from selfrule.sources.normalise import as_list, check_words, clean_text, label, note, role_of
from selfrule.sources.reader import RecordError
from selfrule.sources.tree import leaves, path_to_root
from selfrule.sources.values import parse_time

_ROOT = "00000000-0000-4000-8000-000000000000"  # the parent that a conversation's first message names


class ClaudeAI:
    """Reads one element of `conversations.json`."""

    name = "claude_ai"
    title = "Claude.ai export"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has the messages of an export."""
        return "has 'chat_messages'" if as_list(record.get("chat_messages")) is not None else None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """The conversation along the branch that the person saw last."""
        messages = as_list(record.get("chat_messages"))
        if messages is None:
            raise RecordError("shape", "no list 'chat_messages'", "export the conversation again")
        notes: list[str] = []
        kept, branches = _last_branch([m for m in messages if isinstance(m, dict)], record, notes)
        if any(not isinstance(message, dict) for message in messages):
            note(notes, "content")
        turns = []
        models: Counter[str] = Counter()
        previous = None
        for message in kept:
            role = role_of(message.get("sender"), notes)
            if role == previous:
                note(notes, "consecutive")
            previous = role
            turns.append(Turn(role, _text(message, notes), parse_time(message.get("created_at"), notes)))
            if role == "assistant" and (model := label(message.get("model"), notes)) is not None:
                models[model] += 1
        check_words(turns)
        started = parse_time(record.get("created_at"), notes)
        if started is None:
            started = next((turn.at for turn in turns if turn.at is not None), None)
        model = models.most_common(1)[0][0] if models else label(record.get("model"), notes)
        draft = Draft(
            turns=turns,
            source_id=label(record.get("uuid"), notes),
            person=label(record.get("account"), notes),
            started_at=started,
            model=model,
            product="Claude.ai",
            branches=branches,
            notes=notes,
        )
        return [draft]


def _last_branch(
    messages: list[dict[str, Any]], record: dict[str, Any], notes: list[str]
) -> tuple[list[dict[str, Any]], int]:
    """The messages of the branch seen last, in order, and how many other branches there are."""
    if not any(isinstance(message.get("parent_message_uuid"), str) for message in messages):
        return messages, 0
    by_id: dict[str, dict[str, Any]] = {}
    parents: dict[str, str | None] = {}
    previous: str | None = None
    for index, message in enumerate(messages):
        key = message.get("uuid")
        if not isinstance(key, str) or key in by_id:
            key = f"#{index}"
        parent = message.get("parent_message_uuid")
        by_id[key] = message
        # a message that names none follows the one before it, as in exports without branches
        parents[key] = (None if parent == _ROOT else parent) if isinstance(parent, str) else previous
        previous = key
    ends = leaves(list(by_id), parents)
    current = record.get("current_leaf_message_uuid")
    if not isinstance(current, str) or current not in by_id:
        if not ends:
            note(notes, "cycle")
            return messages, 0
        times = [parse_time(by_id[key].get("created_at"), []) or 0 for key in ends]
        current = max(zip(times, range(len(ends)), ends, strict=True))[2]
        if len(ends) > 1:
            note(notes, "branch_guessed")
    path = path_to_root(current, parents, notes)
    return [by_id[key] for key in path], len(set(ends) - set(path))


def _text(message: dict[str, Any], notes: list[str]) -> str:
    blocks = as_list(message.get("content"))
    if blocks:
        words = [b.get("text") for b in blocks if isinstance(b, dict) and b.get("type") in ("text", None)]
        text = text_of([word for word in words if isinstance(word, str)], notes)
    else:
        plain = message.get("text")
        text = clean_text(plain, notes) if isinstance(plain, str) else ""
    files = [*(as_list(message.get("attachments")) or ()), *(as_list(message.get("files")) or ())][:100]
    marks = [attachment(_file_type(entry)) for entry in files if isinstance(entry, dict)]
    return "\n".join([text] * bool(text) + marks)


def _file_type(entry: dict[str, Any]) -> object:
    """The type of an attached file: as given, else its name's ending."""
    given = entry.get("file_type") or entry.get("file_kind")
    if given:
        return given
    name = entry.get("file_name")
    ending = name.rpartition(".")[2] if isinstance(name, str) and "." in name else ""
    if ending.lower() in ("png", "jpg", "jpeg", "gif", "webp", "heic"):
        return "image"
    # an ending is short; anything longer may be part of a name
    return ending if len(ending) <= 5 else None
