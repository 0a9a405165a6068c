"""ChatGPT data export: `conversations.json`, a tree of messages per conversation.

The person saw the path that ends at `current_node`. Edited messages and regenerated answers are other branches: left
out and counted. What the interface hides (system prompts, custom instructions, calls to tools and what tools returned,
thoughts) is left out; a picture that a tool made was seen and stays as "[image]".
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from selfrule.records import Draft, Role, Turn
from selfrule.sources.blocks import IMAGE, attachment, text_of
from selfrule.sources.normalise import as_dict, as_list, check_words, label, note, role_of
from selfrule.sources.reader import RecordError
from selfrule.sources.tree import leaves, path_to_root
from selfrule.sources.values import parse_time

_HIDDEN_CONTENT = {
    *("thoughts", "reasoning_recap", "user_editable_context", "model_editable_context", "system_error"),
    *("execution_output", "tether_browsing_display", "tether_quote", "sonic_webpage", "computer_output"),
}
_HIDDEN_FLAGS = (
    "is_visually_hidden_from_conversation",
    "is_user_system_message",
    "is_contextual_answers_system_message",
)


class ChatGPT:
    """Reads one element of `conversations.json`."""

    name = "chatgpt"
    title = "ChatGPT export"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has the message tree of an export."""
        mapping = as_dict(record.get("mapping"))
        if mapping is None:
            return None
        if "current_node" in record:
            return "has 'mapping' and 'current_node'"
        nodes = (node for node in list(mapping.values())[:5] if isinstance(node, dict))
        return "has 'mapping', a tree of messages" if any("message" in n and "parent" in n for n in nodes) else None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """The conversation along the path to `current_node`."""
        mapping = as_dict(record.get("mapping"))
        if mapping is None:
            raise RecordError("shape", "no 'mapping' of messages", "export the conversation again")
        nodes = {key: node for key, node in mapping.items() if isinstance(node, dict)}
        parents = {key: node["parent"] if isinstance(node.get("parent"), str) else None for key, node in nodes.items()}
        notes: list[str] = []
        ends = [key for key in leaves(list(nodes), parents) if as_dict(nodes[key].get("message")) is not None]
        current = record.get("current_node")
        if not isinstance(current, str) or current not in nodes:
            current = _latest(ends, nodes)
            if current is None:
                raise RecordError("empty", "there are no turns")
            note(notes, "branch_guessed")
        path = path_to_root(current, parents, notes)
        turns, models, tags = _turns([as_dict(nodes[key].get("message")) for key in path], notes)
        check_words(turns)
        started = parse_time(record.get("create_time"), notes)
        if started is None:
            started = next((turn.at for turn in turns if turn.at is not None), None)
        if record.get("gizmo_id"):
            tags.append("custom_gpt")
        model = models.most_common(1)[0][0] if models else label(record.get("default_model_slug"), notes)
        draft = Draft(
            turns=turns,
            source_id=label(record.get("conversation_id") or record.get("id"), notes),
            started_at=started,
            model=model,
            product="ChatGPT",
            tags=tags,
            branches=len(set(ends) - set(path)),
            notes=notes,
        )
        return [draft]


def _latest(ends: list[str], nodes: dict[str, Any]) -> str | None:
    """The end of the branch written to last: the latest time, else the last in the file."""
    times = (parse_time((as_dict(nodes[key]["message"]) or {}).get("create_time"), []) or 0 for key in ends)
    return max(zip(times, range(len(ends)), ends, strict=True), default=(0, 0, None))[2]


def _turns(messages: list[dict[str, Any] | None], notes: list[str]) -> tuple[list[Turn], Counter[str], list[str]]:
    """The turns that the person read or wrote, how often each model spoke, and tags."""
    turns: list[Turn] = []
    models: Counter[str] = Counter()
    voice = False
    previous: Role | None = None
    for message in messages:
        seen = _seen(message, notes) if message is not None else None
        if message is None or seen is None:
            previous = None  # something hidden stands between
            continue
        role, text, spoken = seen
        voice = voice or spoken
        metadata = as_dict(message.get("metadata")) or {}
        model = label(metadata.get("model_slug"), notes) if role == "assistant" else None
        if model is not None:
            models[model] += 1
        if role == previous:
            note(notes, "consecutive")
        previous = role
        turns.append(Turn(role, text, parse_time(message.get("create_time"), notes)))
    return turns, models, ["voice"] * voice


def _seen(message: dict[str, Any], notes: list[str]) -> tuple[Role, str, bool] | None:
    """(role, text, whether spoken) of a message, or None where the interface does not show it."""
    author = as_dict(message.get("author")) or {}
    content = as_dict(message.get("content")) or {}
    metadata = as_dict(message.get("metadata")) or {}
    role = role_of(author.get("role"), notes)
    kind = content.get("content_type")
    if role == "system" or any(metadata.get(flag) for flag in _HIDDEN_FLAGS):
        return None
    if role == "tool":
        return ("assistant", IMAGE, False) if _has_image(content) else None
    if isinstance(kind, str) and kind in _HIDDEN_CONTENT:
        return None
    # what the assistant says to a tool is not said to the person
    if role == "assistant" and ((message.get("recipient") or "all") != "all" or message.get("channel") == "analysis"):
        return None
    parts = as_list(content.get("parts"))
    text = text_of(parts if parts is not None else content.get("text"), notes)
    if role == "user":
        files = (as_list(metadata.get("attachments")) or [])[:100]
        marks = [attachment(entry.get("mime_type")) for entry in files if isinstance(entry, dict)]
        # pictures stand in the message's own parts already
        text = "\n".join([text] * bool(text) + [mark for mark in marks if mark != IMAGE])
    spoken = any(isinstance(p, dict) and p.get("content_type") == "audio_transcription" for p in parts or ())
    return None if role == "assistant" and not text else (role, text, spoken)


def _has_image(content: dict[str, Any]) -> bool:
    return any(
        isinstance(part, dict) and part.get("content_type") == "image_asset_pointer"
        for part in as_list(content.get("parts")) or ()
    )
