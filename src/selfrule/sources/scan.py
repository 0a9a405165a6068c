r"""Byte-level scanning: JSON values out of a stream of any length, one by one, in bounded memory.

A JSON parser for streams stops at the first error; a conversation log must not. This scanner only balances brackets outside
of strings, so that each element is cut out whole and decoded on its own: a malformed element costs itself alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

LARGEST_RECORD = 512 << 20  # bytes; a single record beyond this is a problem, not a reason to run out of memory
_BLOCK = 4 << 20

# everything up to the next bracket outside a string; possessive, so that an open string fails at once
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([\[\]{}])', re.DOTALL)
# an open string at the end of what has been read: where it starts
_QUIET = re.compile(rb'(?:[^"\[\]{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_OPENERS = frozenset(b'{[]}"')
_BETWEEN = re.compile(rb"[\s,\x00\x1e\xef\xbb\xbf]*+")  # commas, spaces, record separators and a byte order mark


class Cut:
    """The stream ended, or ran past the size limit, inside a value. `kind` is "truncated", "too_large" or "malformed"."""

    def __init__(self, kind: str, reason: str) -> None:
        self.kind, self.reason = kind, reason


def json_values(stream: IO[bytes]) -> Iterator[bytes | Cut]:
    """The elements of a top-level array, or the top-level values of concatenated or single JSON objects, as raw bytes.

    Args:
        stream: Bytes in UTF-8.

    Yields:
        One element each; a `Cut` where a value cannot be cut out.
    """
    buffer = bytearray()
    position = 0  # scanned up to here
    start = -1  # where the value being read begins
    depth = 0
    base = 0  # 1 inside a top-level array
    ended = False
    wanted = _BLOCK
    while True:
        if depth == base:
            position = _BETWEEN.match(buffer, position).end()  # type: ignore[union-attr]
            if position < len(buffer) and buffer[position] not in _OPENERS:
                # a bare scalar or stray text between values: step over to the next bracket or line
                following = re.compile(rb"[\[\]{}\n,]").search(buffer, position)
                if following is None and not ended:
                    pass
                else:
                    end = following.start() if following else len(buffer)
                    if bytes(buffer[position:end]).strip() not in (b"null", b""):
                        yield Cut("malformed", "text between records that is no JSON object")
                    position = end if following else len(buffer)
                    if following and bytes(buffer[end : end + 1]) in (b"\n", b","):
                        position = end + 1
                    continue
        found = _TO_BRACKET.match(buffer, position)
        if found is None:
            if ended:
                rest = bytes(buffer[position if start < 0 else start :]).strip()
                if start >= 0 or (base == 0 and rest):
                    yield Cut("truncated", "the file ends in the middle of this record")
                elif base == 1 and depth == 1:
                    yield Cut("truncated", "the file ends before its list is closed")
                return
            # what is surely outside strings need not be looked at again; what is before the value can go
            position = _QUIET.match(buffer, position).end()  # type: ignore[union-attr]
            keep = start if start >= 0 else position
            if keep:
                del buffer[:keep]
                position -= keep
                start = 0 if start >= 0 else -1
            if len(buffer) > LARGEST_RECORD:
                yield Cut(
                    "too_large", f"a record of more than {LARGEST_RECORD >> 20} MB, or a quote that is never closed"
                )
                return
            # an open string is scanned again from its start: read twice as much each time to stay linear
            wanted = max(_BLOCK, len(buffer))
            more = stream.read(wanted)
            ended = not more
            buffer += more
            continue
        bracket = found.group(1)
        position = found.end()
        if bracket in b"{[":
            if depth == base:
                if bracket == b"[" and base == 0 and depth == 0 and start < 0:
                    base = depth = 1
                    continue
                start = position - 1
            depth += 1
            continue
        depth -= 1
        if depth < base:
            base = depth = 0  # the top-level array is closed (or a stray bracket): go on with what follows
            start = -1
        elif depth == base and start >= 0:
            yield bytes(memoryview(buffer)[start:position])
            start = -1


def lines(stream: IO[bytes], block: int) -> Iterator[bytes | Cut]:
    """Blocks of whole lines, each about `block` bytes; the last one may lack its final newline.

    Yields:
        Bytes that hold whole lines, in order; a `Cut` where one line is longer than the largest record.
    """
    rest = b""
    while True:
        more = stream.read(max(block - len(rest), _BLOCK))
        if not more:
            if rest:
                yield rest
            return
        end = more.rfind(b"\n") + 1
        if end:
            yield rest + more[:end] if rest else more[:end]
            rest = more[end:]
        else:
            rest += more
            if len(rest) > LARGEST_RECORD:
                yield Cut("too_large", f"a line of more than {LARGEST_RECORD >> 20} MB")
                return
