"""Sends the first request with a new prefix ahead of the others, so that they find it in the provider's cache."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from selfrule.clients.types import Request

_MOST = 4096
_PATIENCE_S = 60.0

_Mark = tuple[int, int, int]


class Warming:
    """Which prefixes were sent before. Remembers hashes alone, of the last few thousand prefixes."""

    def __init__(self) -> None:
        self._seen: OrderedDict[_Mark, asyncio.Event] = OrderedDict()

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """Wait while the first request with the same system text, or the same shared text, is out; at most a minute.

        Whether it brings an answer or not, the others go once it is back: one that fails holds nobody up twice.
        """
        ours: list[asyncio.Event] = []
        system, shared = request.prefix
        marks = [(hash(system), 0, 0)]
        if shared:
            marks.append((hash(system), hash(shared), len(shared)))
        try:
            for mark in marks:
                known = self._seen.get(mark)
                if known is None:
                    ours.append(event := asyncio.Event())
                    self._seen[mark] = event
                    if len(self._seen) > _MOST:
                        self._seen.popitem(last=False)
                else:
                    self._seen.move_to_end(mark)
                    if not known.is_set():
                        try:
                            async with asyncio.timeout(_PATIENCE_S):
                                await known.wait()
                        except TimeoutError:
                            known.set()
            yield
        finally:
            for event in ours:
                event.set()
