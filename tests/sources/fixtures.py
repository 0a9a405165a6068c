"""Records of each format, written by hand from the formats' public descriptions. No third-party text."""

from __future__ import annotations

from typing import Any

ROOT_UUID = "00000000-0000-4000-8000-000000000000"


def node(
    key: str, parent: str | None, role: str, text: str | list[Any], at: float | None = None, **more: Any
) -> dict[str, Any]:
    """One node of a ChatGPT export; `more` goes into the message (content_type, metadata, recipient, ...)."""
    parts = [text] if isinstance(text, str) else text
    content: dict[str, Any] = {"content_type": more.pop("content_type", "text"), "parts": parts}
    content.update(more.pop("content", {}))
    message = {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": at,
        "update_time": None,
        "content": content,
        "status": "finished_successfully",
        "end_turn": role == "assistant" or None,
        "weight": 1.0,
        "metadata": {},
        "recipient": "all",
        "channel": None,
        **more,
    }
    return {"id": key, "message": message, "parent": parent, "children": []}


def chatgpt(nodes: list[dict[str, Any]], current: str | None, **more: Any) -> dict[str, Any]:
    """A conversation of a ChatGPT export from its nodes; children are filled in."""
    mapping = {n["id"]: n for n in nodes}
    for key, entry in mapping.items():
        if entry["parent"] in mapping:
            mapping[entry["parent"]]["children"].append(key)
    return {
        "title": "A walk",
        "create_time": 1741600000.25,
        "update_time": 1741600400.0,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": current,
        "conversation_id": "67ce-chat",
        "id": "67ce-chat",
        "gizmo_id": None,
        "default_model_slug": "auto",
        **more,
    }


def chatgpt_full() -> dict[str, Any]:
    """Hidden nodes, an edited question, a regenerated answer, a picture, a tool, thoughts, voice."""
    model = {"metadata": {"model_slug": "gpt-4o"}}
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-abc", "width": 3}
    voice = {"content_type": "audio_transcription", "text": "And by bike?", "direction": "in"}
    recording = {
        "content_type": "real_time_user_audio_video_asset_pointer",
        "audio_asset_pointer": {"asset_pointer": "x"},
    }
    return chatgpt(
        [
            {"id": "root", "message": None, "parent": None, "children": []},
            node("s", "root", "system", "", metadata={"is_visually_hidden_from_conversation": True}),
            node(
                "ctx",
                "s",
                "user",
                [],
                content_type="user_editable_context",
                content={"user_profile": "I am secretly tall", "parts": None},
            ),
            node("u1", "ctx", "user", "How far is the lake?", 1741600001.5),
            node("u1-edited-away", "ctx", "user", "How far is the sea?", 1741600000.9),
            node("a1-old", "u1-edited-away", "assistant", "Far.", 1741600001.0, **model),
            node("th", "u1", "assistant", [], content_type="thoughts", content={"thoughts": [{"content": "hm"}]}),
            node("call", "th", "assistant", "search('lake')", recipient="browser", content_type="code"),
            node("out", "call", "tool", "12 km says a page", content_type="execution_output"),
            node("rec", "out", "assistant", [], content_type="reasoning_recap", content={"content": "Thought 4 s"}),
            node("a2", "rec", "assistant", "Twelve kilometres.", None, **model),
            node("a2-regenerated-away", "rec", "assistant", "Thirteen.", 1741600003.0, **model),
            node(
                "u2",
                "a2",
                "user",
                [picture, "Is this it?"],
                1741600050.0,
                content_type="multimodal_text",
                metadata={
                    "attachments": [
                        {"name": "me_and_anna.jpg", "mime_type": "image/jpeg"},
                        {"name": "diary of anna.pdf", "mime_type": "application/pdf"},
                    ]
                },
            ),
            node("a3", "u2", "assistant", "Yes, that is the lake.", 1741600060.0, metadata={"model_slug": "gpt-5"}),
            node("u3", "a3", "user", [voice, recording], 1741600100.0, content_type="multimodal_text"),
            node("draw", "u3", "assistant", '{"prompt": "bike"}', recipient="dalle.text2im"),
            node("img", "draw", "tool", [picture], 1741600110.0, content_type="multimodal_text"),
            node("a4", "img", "assistant", "Here is a bike.", 1741600111.0, **model),
        ],
        "a4",
    )


def claude_message(key: str, parent: str | None, sender: str, text: str, **more: Any) -> dict[str, Any]:
    """One message of a Claude.ai export; `text` is repeated in a content block, as the export does."""
    message = {
        "uuid": key,
        "text": text,
        "content": [{"start_timestamp": None, "type": "text", "text": text, "citations": []}],
        "sender": sender,
        "created_at": f"2025-03-01T10:00:{len(key) % 60:02d}.250000Z",
        "updated_at": "2025-03-01T10:00:30.000000Z",
        "attachments": [],
        "files": [],
        **more,
    }
    if parent is not None:
        message["parent_message_uuid"] = parent
    return message


def claude_full() -> dict[str, Any]:
    """Thinking, a tool, attachments, and a branch."""
    answer = [
        {"type": "thinking", "thinking": "They sound worried.", "text": "They sound worried."},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "name": "web_search", "input": {"q": "bread"}},
        {"type": "tool_result", "content": [{"type": "text", "text": "a page about bread"}]},
        {"type": "text", "text": "Bake it at 230 degrees."},
    ]
    files = {
        "attachments": [{"file_name": "letter_to_Anna.txt", "file_type": "text/plain", "extracted_content": "Anna!"}],
        "files": [{"file_name": "my oven.PNG"}, {"file_name": "notes about anna"}],
    }
    return {
        "uuid": "c1a2-claude",
        "name": "Bread",
        "created_at": "2025-03-01T09:59:59.000000Z",
        "updated_at": "2025-03-01T10:05:00.000000Z",
        "account": {"uuid": "acc-77"},
        "chat_messages": [
            claude_message("m1", ROOT_UUID, "human", "How do I bake bread?", **files),
            claude_message("m2", "m1", "assistant", "never read, since content is there", content=answer),
            claude_message("m3-left", "m2", "human", "And cake?", created_at="2025-03-01T10:01:00Z"),
            claude_message("m3", "m2", "human", "And rolls?", created_at="2025-03-01T10:02:00Z"),
            claude_message("m4", "m3", "assistant", "Rolls take 15 minutes.", created_at="2025-03-01T10:02:10Z"),
        ],
    }


WILDCHAT_FLAT: dict[str, Any] = {
    "conversation_hash": "9f" * 16,
    "model": "gpt-4-0314",
    "timestamp": "2023-04-09T00:05:00+00:00",
    "conversation": [
        {
            "role": "user",
            "content": "Name a tree.",
            "language": "English",
            "country": "Chile",
            "hashed_ip": "ab" * 32,
            "header": {"accept-language": "es", "user-agent": "Mozilla"},
            "timestamp": None,
            "turn_identifier": 100,
            "toxic": False,
            "redacted": False,
        },
        {
            "role": "assistant",
            "content": "Oak.",
            "language": "English",
            "timestamp": "2023-04-09T00:02:53+00:00",
            "turn_identifier": 100,
            "toxic": False,
            "redacted": False,
        },
    ],
    "turn": 1,
    "language": "English",
    "toxic": True,
    "redacted": False,
    "state": "Region",
    "country": "Chile",
    "hashed_ip": "ab" * 32,
    "header": {},
    "openai_moderation": [],
    "detoxify_moderation": [],
}
WILDCHAT_NESTED = {
    key: value
    for key, value in WILDCHAT_FLAT.items()
    if key not in ("country", "hashed_ip", "header", "state", "detoxify_moderation")
}
LMSYS: dict[str, Any] = {
    "conversation_id": "33f0",
    "model": "vicuna-13b",
    "conversation": [{"role": "user", "content": "Hola"}, {"role": "assistant", "content": "¡Hola!"}],
    "turn": 1,
    "language": "Spanish",
    "openai_moderation": [{"flagged": False}],
    "redacted": True,
}
SHAREGPT: dict[str, Any] = {
    "id": "QWJhYvA_0",
    "conversations": [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": "Why is the sky blue?"},
        {"from": "gpt", "value": "Scattering."},
        {"from": "bing", "value": "Sunlight is scattered."},
    ],
}
OPENAI: dict[str, Any] = {
    "id": "c-1",
    "user_id": "u-17",
    "model": "gpt-4o",
    "product": "helpdesk",
    "lang": "de-AT",
    "country": "AT",
    "feedback": "thumbs_down",
    "score": "3.5",
    "created_at": 1741600000,
    "tags": ["pilot", "web"],
    "messages": [
        {"role": "system", "content": "Du hilfst."},
        {"role": "user", "content": "Guten Tag"},
        {"role": "assistant", "content": "", "created_at": "2025-03-10T10:00:00"},
        {"role": "user", "content": [{"type": "text", "text": "Was ist das?"}, {"type": "image_url", "image_url": {}}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function", "function": {}}]},
        {"role": "tool", "tool_call_id": "1", "content": "42"},
        {"role": "assistant", "content": "Ein Bild."},
    ],
}
OPENAI_LOG: dict[str, Any] = {
    "custom_id": "req-5",
    "request": {"model": "gpt-4o", "user": "u-18", "messages": [{"role": "user", "content": "Hi"}]},
    "response": {
        "id": "chatcmpl-1",
        "created": 1741600000,
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"},
            {"index": 1, "message": {"role": "assistant", "content": "Hey!"}, "finish_reason": "stop"},
        ],
    },
}
ANTHROPIC: dict[str, Any] = {
    "model": "claude-sonnet-4",
    "system": [{"type": "text", "text": "You are kind."}],
    "metadata": {"user_id": "u-19"},
    "messages": [
        {"role": "user", "content": [{"type": "image", "source": {}}, {"type": "text", "text": "What is this?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "a cat, I think"},
                {"type": "text", "text": "I will look closer."},
                {"type": "tool_use", "id": "t1", "name": "zoom", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "whiskers"}]},
    ],
    "response": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-20250514",
        "content": [{"type": "text", "text": "A cat."}],
    },
}
HH: dict[str, Any] = {
    "chosen": "\n\nHuman: May I pet it?\n\nAssistant: Ask its owner first.",
    "rejected": "\n\nHuman: May I pet it?\n\nAssistant: Sure.",
}


def oasst_message(key: str, role: str, text: str, replies: list[dict[str, Any]] = [], **more: Any) -> dict[str, Any]:  # noqa: B006
    """One message of a tree."""
    return {"message_id": key, "text": text, "role": role, "lang": "en", "replies": replies, **more}


OASST: dict[str, Any] = {
    "message_tree_id": "tree-1",
    "tree_state": "ready_for_export",
    "prompt": oasst_message(
        "tree-1",
        "prompter",
        "What is rain?",
        [
            oasst_message("r1", "assistant", "Wet.", rank=1),
            oasst_message(
                "r0",
                "assistant",
                "Water that falls.",
                [oasst_message("q", "prompter", "And snow?", [oasst_message("z", "assistant", "Frozen water.")])],
                rank=0,
                created_date="2023-02-05T14:23:50.983374+00:00",
            ),
            oasst_message("r-", "assistant", "Removed.", rank=0, deleted=True),
        ],
        user_id="person-9",
    ),
}
INSPECT: dict[str, Any] = {
    "id": 4,
    "epoch": 2,
    "input": "Is it so?",
    "target": "Yes",
    "messages": [
        {"id": "a", "role": "user", "content": "attachment://" + "0a" * 16, "source": "input"},
        {
            "id": "b",
            "role": "assistant",
            "content": [{"type": "reasoning", "reasoning": "x"}, {"type": "text", "text": "Yes"}],
        },
    ],
    "output": {"model": "gpt-4o-mini-2024-07-18", "choices": [{"message": {"role": "assistant", "content": "Yes"}}]},
    "scores": {"match": {"value": "C"}},
    "attachments": {"0a" * 16: "Is the lake deep?"},
    "events": [{"event": "span_begin", "timestamp": "2025-09-23T08:09:59.035345-04:00"}],
    "eval": {"model": "openai/gpt-4o-mini", "task": "lakes"},
}
PAIR: dict[str, Any] = {"Prompt": "Add 2 and 2", "Response": "4", "model": "m-1", "User_ID": "u-20"}
DIALOGUE: dict[str, Any] = {
    "topic": "work",
    "dialogue": [
        {"speaker": "counselor", "utterance": "How are you?", "time": "2020-06-30T19:00:24"},
        {"speaker": "client", "utterance": "Tired.", "time": "2020-06-30T19:01:02"},
    ],
}

# the records of each format, by the name of its reader
RECORDS: dict[str, list[dict[str, Any]]] = {
    "chatgpt": [chatgpt_full()],
    "claude_ai": [claude_full()],
    "inspect_eval": [INSPECT],
    "wildchat": [WILDCHAT_FLAT, WILDCHAT_NESTED],
    "lmsys": [LMSYS],
    "hh_rlhf": [HH],
    "oasst": [OASST],
    "sharegpt": [SHAREGPT],
    "anthropic_messages": [ANTHROPIC],
    "openai_messages": [OPENAI, OPENAI_LOG],
    "generic": [PAIR, DIALOGUE],
}
CASES = [(name, record) for name, records in RECORDS.items() for record in records]


def with_text(name: str, text: str) -> dict[str, Any]:
    """A smallest record of a format in which the person says `text` and the assistant answers "ok"."""
    pair = [{"role": "user", "content": text}, {"role": "assistant", "content": "ok"}]
    makers: dict[str, Any] = {
        "chatgpt": lambda: chatgpt([node("u", None, "user", text), node("a", "u", "assistant", "ok")], "a"),
        "claude_ai": lambda: {
            "uuid": "c",
            "chat_messages": [
                claude_message("m1", ROOT_UUID, "human", text),
                claude_message("m2", "m1", "assistant", "ok"),
            ],
        },
        "inspect_eval": lambda: {"id": 1, "epoch": 1, "target": "", "messages": pair},
        "wildchat": lambda: {"conversation_hash": "h", "conversation": pair},
        "lmsys": lambda: {"conversation_id": "c", "model": "m", "turn": 1, "conversation": pair},
        "hh_rlhf": lambda: {
            "chosen": f"\n\nHuman: {text}\n\nAssistant: ok",
            "rejected": f"\n\nHuman: {text}\n\nAssistant: no",
        },
        "oasst": lambda: {"prompt": oasst_message("p", "prompter", text, [oasst_message("a", "assistant", "ok")])},
        "sharegpt": lambda: {"conversations": [{"from": "human", "value": text}, {"from": "gpt", "value": "ok"}]},
        "anthropic_messages": lambda: {"system": "Be kind.", "messages": pair},
        "openai_messages": lambda: {"messages": pair},
        "generic": lambda: {"prompt": text, "response": "ok"},
    }
    return makers[name]()


def with_turns(name: str, count: int) -> dict[str, Any]:
    """A record of a format with `count` turns, alternating."""
    roles = [("user", "assistant")[i % 2] for i in range(count)]
    items = [{"role": role, "content": f"turn {i}"} for i, role in enumerate(roles)]
    if name == "chatgpt":
        nodes = [node(f"n{i}", f"n{i - 1}" if i else None, role, f"turn {i}") for i, role in enumerate(roles)]
        return chatgpt(nodes, f"n{count - 1}")
    if name == "claude_ai":
        senders = {"user": "human", "assistant": "assistant"}
        return {
            "uuid": "c",
            "chat_messages": [
                claude_message(f"m{i}", f"m{i - 1}" if i else ROOT_UUID, senders[role], f"turn {i}")
                for i, role in enumerate(roles)
            ],
        }
    if name == "hh_rlhf":
        text = "".join(f"\n\n{'Human' if role == 'user' else 'Assistant'}: turn {i}" for i, role in enumerate(roles))
        return {"chosen": text, "rejected": text}
    if name == "oasst":
        tree: list[dict[str, Any]] = []
        for i in reversed(range(count)):
            tree = [
                oasst_message(f"m{i}", "prompter" if roles[i] == "user" else "assistant", f"turn {i}", tree, rank=0)
            ]
        return {"message_tree_id": "t", "prompt": tree[0]}
    if name == "sharegpt":
        return {"conversations": [{"from": item["role"], "value": item["content"]} for item in items]}
    if name == "generic":
        return {"dialogue": [{"speaker": item["role"], "utterance": item["content"]} for item in items]}
    record = with_text(name, "x")
    record["conversation" if name in ("wildchat", "lmsys") else "messages"] = items
    return record
