"""Untrusted text made safe to lay out. Escaping is the template's; this removes what escaping leaves alone."""

from __future__ import annotations

import re

# Control characters, lone surrogates and noncharacters cannot stand in HTML; marks that turn the direction of the
# text around them could make one name read as part of another.
_BROKEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TURNING = re.compile(r"[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def clean(text: object, limit: int = 400) -> str:
    r"""At most `limit` characters of a text, on which no browser, terminal or encoder chokes.

    What cannot be shown becomes U+FFFD, marks that turn the writing direction are dropped, a cut ends in an ellipsis.

    >>> clean("a\x00b"), clean("x" * 10, limit=5)
    ('a�b', 'xxxx…')
    """
    got = str(text)
    cut = got[: limit + 1]
    cut = _TURNING.sub("", _BROKEN.sub("\ufffd", cut.replace("\r\n", "\n").replace("\r", "\n")))
    return f"{cut[: limit - 1].rstrip()}…" if len(got) > limit else cut


def one_line(text: object, limit: int = 120) -> str:
    r"""`clean`, with every run of white space made one space.

    >>> one_line("a\n\n b")
    'a b'
    """
    return clean(" ".join(str(text)[: limit * 4].split()), limit)
