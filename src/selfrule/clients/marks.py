"""The ids of a batch's requests, marked with the batch's tag: at Anthropic nothing else of ours comes back with a batch."""

from __future__ import annotations

import base64
import hashlib
import re

from selfrule.errors import UsageError

_MARKED = re.compile(r"s([0-9a-f]{12})-([rx])([A-Za-z0-9_-]*)")
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,49}")


def mark(tag: str) -> str:
    """What the ids of a batch's requests begin with: "s" and 12 hex digits of the tag's hash."""
    return "s" + hashlib.blake2b(tag.encode(), digest_size=6).hexdigest()


def mark_in(wire_id: str) -> str:
    """The mark that an id carries; "" for none."""
    found = _MARKED.fullmatch(wire_id)
    return f"s{found[1]}" if found is not None else ""


def marked(tag: str, custom_id: str) -> str:
    """An id as Anthropic gets it, at most 64 letters, digits, "-" and "_"; `unmarked` gives it back.

    Raises:
        UsageError: an id that is neither short enough nor hexadecimal.
    """
    if _PLAIN.fullmatch(custom_id):
        return f"{mark(tag)}-r{custom_id}"
    try:
        packed = bytes.fromhex(custom_id)
    except ValueError:
        packed = b""
    if not packed or packed.hex() != custom_id or len(packed) > 36:
        raise UsageError(
            f"A request of a batch has the id {custom_id[:70]!r}: it must be 1 to 49 of the characters A-Z, a-z, 0-9, - and _, "
            "or up to 72 hex digits."
        )
    return f"{mark(tag)}-x{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def unmarked(wire_id: str) -> str:
    """The id that `marked` was given; an id without a mark as it is."""
    found = _MARKED.fullmatch(wire_id)
    if found is None:
        return wire_id
    kind, rest = found[2], found[3]
    return rest if kind == "r" else base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).hex()
