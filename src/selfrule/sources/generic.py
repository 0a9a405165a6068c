"""Any other table or log whose column names say what they hold: a guessed mapping, told to the user as `--map` text."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from selfrule.records import Draft
from selfrule.sources.fields import NAMES
from selfrule.sources.mapped import MappedReader
from selfrule.sources.mapping import Mapping
from selfrule.sources.normalise import as_list
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_thumb

_LISTS = (
    *("messages", "turns", "dialogue", "dialog", "conversation", "conversations", "history", "utterances", "chat"),
    *("transcript", "thread", "log"),
)
_ROLES = ("role", "speaker", "from", "sender", "author", "who", "name")
_TEXTS = ("content", "text", "utterance", "value", "message", "body")
_TIMES = ("time", "timestamp", "created_at", "create_time", "date", "created_date")
_CONVERSATIONS = (
    *("conversation_id", "conversation", "conv_id", "dialogue_id", "dialog_id", "thread_id", "session_id", "chat_id"),
)
# columns of one exchange a row; the order decides where several are there
_PROMPTS = (
    *("prompt", "question", "instruction", "statement", "query", "user_message", "user_input", "user_prompt", "user"),
    *("human", "input", "interjection"),
)
_RESPONSES = (
    *("response", "answer", "output", "completion", "reply", "model_response", "assistant_message", "bot_response"),
    *("assistant_response", "assistant", "generation", "model_output", "bot"),
)
_SYSTEMS = ("system", "system_prompt")


def guess(record: dict[str, Any]) -> Mapping | None:
    """The mapping that a record's column names suggest, or None. Names are matched whatever their case."""
    names = {key.lower(): key for key in record if isinstance(key, str)}
    found = _guess_list(record, names) or _guess_pair(record, names) or _guess_turn_row(record, names)
    if found is None:
        return None
    used = set(found.values())
    fields = {"id": "source_id", "time": "started_at"}
    for key in ("id", "person", "time", "model", "product", "language", "thumb", "score", "country", "tags"):
        for name in NAMES[fields.get(key, key)]:
            column = names.get(name)
            if column is not None and column not in used and record[column] not in (None, ""):
                found.setdefault(key, column)
                break
    for name in NAMES["rating"]:
        column = names.get(name)
        if column is not None:
            # words are a thumb, numbers a score: 1 of 5 stars is no thumb up
            words = (
                isinstance(record[column], str) and parse_thumb(record[column]) and not record[column].strip().isdigit()
            )
            found.setdefault("thumb" if words else "score", column)
    return Mapping(**found)  # type: ignore[arg-type] # names of columns, never `roles`


def _first(names: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)


def _guess_list(record: dict[str, Any], names: dict[str, str]) -> dict[str, str] | None:
    """A list of turns inside the record, under a usual name or any other."""
    columns = [names[name] for name in _LISTS if name in names]
    for column in dict.fromkeys([*columns, *names.values()]):
        items = as_list(record[column])
        inner = next((item for item in items[:5] if isinstance(item, dict)), None) if items else None
        if inner is None:
            continue
        parts = {key.lower(): key for key in inner if isinstance(key, str)}
        role, text = _first(parts, _ROLES), _first(parts, _TEXTS)
        if role is not None and text is not None and role != text:
            time = _first(parts, _TIMES)
            return {"turns": column, "text": text, "role": role} | ({"time": time} if time else {})
    return None


def _guess_pair(record: dict[str, Any], names: dict[str, str]) -> dict[str, str] | None:
    """A prompt and a response, both texts."""
    texts = {name: column for name, column in names.items() if isinstance(record[column], str)}
    prompt, response = _first(texts, _PROMPTS), _first(texts, _RESPONSES)
    if prompt is None or response is None:
        return None
    found = {"prompt": prompt, "response": response}
    if prompt.lower() == "instruction" and "input" in texts:
        found["context"] = texts["input"]
    system = _first(texts, _SYSTEMS)
    return found | ({"system": system} if system else {})


def _guess_turn_row(record: dict[str, Any], names: dict[str, str]) -> dict[str, str] | None:
    """One turn of a conversation that other rows go on with."""
    texts = {name: column for name, column in names.items() if isinstance(record[column], str)}
    conversation, role, text = _first(names, _CONVERSATIONS), _first(texts, _ROLES), _first(texts, _TEXTS)
    if conversation is None or role is None or text is None:
        return None
    return {"text": text, "role": role, "conversation": conversation}


def _told(mapping: Mapping) -> str:
    """The mapping as text, without a name that is none of ours: logs kept by person have people's names for columns."""
    known = mapping.turns is None or mapping.turns.lower() in _LISTS
    return (mapping if known else structs.replace(mapping, turns="NAME")).describe()


class Generic:
    """Reads what `guess` understands."""

    name = "generic"
    title = "Guessed from column names"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """The column names suggest a mapping; the reason spells it out."""
        mapping = guess(record)
        return f"column names suggest --map {_told(mapping)}" if mapping is not None else None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """One conversation per record; a row that is one turn of several needs `mapped.MappedReader.group_rows`."""
        mapping = guess(record)
        if mapping is None:
            remedy = "say where things are: --map text=...,role=...,turns=... or --map prompt=...,response=..."
            raise RecordError("shape", "its column names do not say where the conversation is", remedy)
        if mapping.conversation is not None:
            reason = "one turn a row; the rows of a conversation have to be read together"
            raise RecordError("turn_row", reason, f"--map {mapping.describe()}")
        return MappedReader(mapping).read(record, file)
