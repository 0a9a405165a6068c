"""Content of one message as text: strings, lists of content blocks, and marked placeholders for what is no text."""

from __future__ import annotations

import re
from typing import Any

from selfrule.sources.normalise import clean_text, note

IMAGE, AUDIO, VIDEO, TOOL_CALL, OTHER = "[image]", "[audio]", "[video]", "[tool call]", "[other content]"

# kinds that never reach the person: the model's own thinking, and what tools told it
_UNSEEN = {
    *("thinking", "redacted_thinking", "reasoning", "thoughts", "reasoning_recap", "summary_text"),
    *("tool_result", "web_search_tool_result", "code_execution_tool_result", "mcp_tool_result", "search_result"),
    *("function_call_output", "function_response", "model_editable_context", "user_editable_context", "token_budget"),
}
_PLACEHOLDERS = {
    **dict.fromkeys(("image", "image_url", "input_image", "image_file", "image_asset_pointer"), IMAGE),
    **dict.fromkeys(("audio", "input_audio", "output_audio", "audio_url", "audio_asset_pointer"), AUDIO),
    "real_time_user_audio_video_asset_pointer": AUDIO,
    **dict.fromkeys(
        ("video", "video_url", "input_video", "video_asset_pointer", "video_container_asset_pointer"), VIDEO
    ),
    **dict.fromkeys(
        ("tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "function_call", "functionCall"), TOOL_CALL
    ),
    **dict.fromkeys(("document", "file", "input_file", "container_upload"), "[attachment: document]"),
}
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+/-]{0,39}")


def attachment(kind: object) -> str:
    """The placeholder of an attached file: its type alone, never its name."""
    text = kind.strip().lower() if isinstance(kind, str) else ""
    if text.startswith("image"):
        return IMAGE
    return f"[attachment: {text if _TYPE.fullmatch(text) else 'file'}]"


def text_of(content: object, notes: list[str]) -> str:
    """The words of one message's content.

    Text blocks are joined by line breaks; images, audio, files and tool calls become placeholders; thinking and tool
    results are left out, since the person did not read them.
    """
    if isinstance(content, str):
        return clean_text(content, notes)
    if content is None:
        return ""
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        if isinstance(content, int | float) and not isinstance(content, bool) and abs(content) < 10**40:
            return str(content)  # a table's cell that looked like a number
        note(notes, "content")
        return ""
    pieces: list[str] = []
    spoken = False
    for block in content:
        piece = block if isinstance(block, str) else _block(block, notes)
        if piece:
            pieces.append(clean_text(piece, notes))
            spoken = spoken or (isinstance(block, dict) and block.get("content_type") == "audio_transcription")
    if spoken:
        # the words of a voice message stand for its recording
        pieces = [piece for piece in pieces if piece != AUDIO]
    return pieces[0] if len(pieces) == 1 else "\n".join(pieces)


def _block(block: Any, notes: list[str]) -> str:
    if not isinstance(block, dict):
        if block is not None:
            note(notes, "content")
        return ""
    kind = block.get("type") or block.get("content_type")
    if not isinstance(kind, str):
        kind = "text"
    if kind in _UNSEEN:
        return ""
    placeholder = _PLACEHOLDERS.get(kind)
    if placeholder is not None:
        return (
            str(block["transcript"])
            if placeholder is AUDIO and isinstance(block.get("transcript"), str)
            else placeholder
        )
    for key in ("text", "refusal"):
        text = block.get(key)
        if isinstance(text, str):
            return text
    if kind == "text" and block.get("text") is None:
        return ""
    note(notes, "content")
    return OTHER
