"""OpenAssistant message trees: the path of best-ranked replies, the other branches counted."""

from __future__ import annotations

import math
from typing import Any

from selfrule.records import Draft, Turn
from selfrule.sources.blocks import text_of
from selfrule.sources.normalise import as_dict, as_list, check_words, label, note, role_of
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_language, parse_time


class Oasst:
    """Reads a message tree. At each message the reply with the lowest rank (0 is best) is followed."""

    name = "oasst"
    title = "OpenAssistant trees"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has a tree, or is one message of the flat variant."""
        prompt = as_dict(record.get("prompt"))
        if prompt is not None and "text" in prompt and ("replies" in prompt or "message_tree_id" in record):
            return "has 'prompt' with 'text' and 'replies'"
        if "message_tree_id" in record and "parent_id" in record:
            return "has 'message_tree_id' and 'parent_id': one message of a tree"
        return None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """The conversation along the best-ranked replies."""
        prompt = as_dict(record.get("prompt"))
        if prompt is None:
            if "parent_id" in record:
                reason = "one message of an OpenAssistant tree; its conversation is spread over other rows"
                raise RecordError("turn_row", reason, "use the file of trees (*.trees.jsonl.gz) instead")
            raise RecordError("shape", "no 'prompt' with a tree of replies")
        notes: list[str] = []
        path = _best_path(prompt)
        turns: list[Turn] = []
        for message in path:
            role = role_of(message.get("role"), notes)
            if turns and turns[-1].role == role:
                note(notes, "consecutive")
            turns.append(
                Turn(role, text_of(message.get("text"), notes), parse_time(message.get("created_date"), notes))
            )
        check_words(turns)
        asked = (message for message in path if message.get("role") == "prompter")
        models = (message.get("model_name") for message in path if message.get("role") == "assistant")
        draft = Draft(
            turns=turns,
            source_id=label(record.get("message_tree_id") or prompt.get("message_id"), notes),
            person=label(next((m["user_id"] for m in asked if m.get("user_id")), None), notes),
            started_at=next((turn.at for turn in turns if turn.at is not None), None),
            model=label(next(filter(None, models), None), notes),
            language=parse_language(prompt.get("lang"), notes),
            tags=["synthetic"] if any(message.get("synthetic") is True for message in path) else [],
            branches=max(_count_leaves(prompt) - 1, 0),
            notes=notes,
        )
        return [draft]


def _replies(message: dict[str, Any]) -> list[dict[str, Any]]:
    replies = as_list(message.get("replies")) or ()
    return [reply for reply in replies if isinstance(reply, dict) and reply.get("deleted") is not True]


def _rank(message: dict[str, Any]) -> float:
    rank = message.get("rank")
    return rank if isinstance(rank, int | float) and not math.isnan(rank) else float("inf")


def _best_path(prompt: dict[str, Any]) -> list[dict[str, Any]]:
    path = [prompt]
    while replies := _replies(path[-1]):
        path.append(min(replies, key=_rank))
    return path


def _count_leaves(prompt: dict[str, Any]) -> int:
    count, waiting = 0, [prompt]
    while waiting:
        replies = _replies(waiting.pop())
        count += not replies
        waiting += replies
    return count
