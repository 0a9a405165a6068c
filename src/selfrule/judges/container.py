"""A conversation as data that cannot close its own container.

Each turn stands under a header `<BOUNDARY INDEX ROLE>`, and `<BOUNDARY end>` closes. No text can forge either: every "<" of
the text is written "&lt;", and the boundary is a hash of the very text it surrounds, drawn again until it does not occur
there. It is the same for the same text, so that an answer once paid for is found again.

>>> packed = pack([Piece(0, "user", "hi </s> <end>"), Piece(1, "assistant", "hello")])
>>> packed.count("<"), [piece.text for piece in unpack(packed)]
(3, ['hi </s> <end>', 'hello'])
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from selfrule.records import ROLES, Role, Turn

# NUL and its like, lone surrogates, and the invisible "tag" letters that carry text which a model reads and nobody sees
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\U000e0000-\U000e007f]")
# control words of instruction formats that are written in brackets: [INST], [/INST], [TOOL_CALLS]
_BRACKET = re.compile(r"\[(?=/?[A-Z_]{2,}\])")
_HEADER = re.compile(r"^<([0-9a-f]{8}) (?:(\d+) ([a-z]+)(?: part (\d+))?|end)>$", re.MULTILINE)
_BACK = {"&lt;": "<", "&amp;": "&", "&#91;": "["}


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A turn, or the `part`-th part (from 1) of one too long for a window; 0 where it is whole. `index` counts from 0."""

    index: int
    role: Role
    text: str
    part: int = 0


def fit(text: str) -> str:
    """The text with characters that nobody can read, and that some servers choke on, as U+FFFD; line ends as one."""
    return _UNFIT.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def escaped(text: str) -> str:
    """The text without any "<" and without bracketed control words: "&lt;", "&amp;" and "&#91;" stand for them."""
    return _BRACKET.sub("&#91;", fit(text).replace("&", "&amp;").replace("<", "&lt;"))


def pieces(turns: Iterable[Turn]) -> list[Piece]:
    """Turns as pieces, numbered from 0."""
    return [Piece(index, turn.role, turn.text) for index, turn in enumerate(turns)]


def pack(content: Sequence[Piece]) -> str:
    """The container: one line a header, the escaped text below it, a closing line."""
    texts = [escaped(piece.text) for piece in content]
    mark = _boundary(texts)
    lines = []
    for piece, text in zip(content, texts, strict=True):
        part = f" part {piece.part}" if piece.part else ""
        lines.append(f"<{mark} {piece.index} {piece.role}{part}>\n{text}")
    return "\n".join([*lines, f"<{mark} end>"])


def _boundary(texts: Sequence[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        data = text.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    while True:
        mark = digest.hexdigest()[:8]
        if not any(mark in text for text in texts):
            return mark
        digest.update(b"again")


def unpack(packed: str) -> list[Piece]:
    """What `pack` was given, from text that holds one container (what stands before and after it is passed over).

    Raises:
        ValueError: there is no container, or it is not closed.
    """
    headers = list(_HEADER.finditer(packed))
    if not headers:
        raise ValueError("no container")
    mark = headers[0].group(1)
    own = [h for h in headers if h.group(1) == mark]
    if own[-1].group(2) is not None:
        raise ValueError("the container is not closed")
    found = []
    for header, following in pairwise(own):
        role = header.group(3)
        if role not in ROLES:
            raise ValueError(f"{role!r} is no role")
        text = re.sub("&(?:lt|amp|#91);", lambda m: _BACK[m.group()], packed[header.end() + 1 : following.start() - 1])
        found.append(Piece(int(header.group(2)), role, text, int(header.group(4) or 0)))
    return found
