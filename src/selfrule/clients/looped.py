"""What belongs to one event loop: made in the loop that first wants it, closed when that loop ends, made anew in the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Looped(Generic[T]):
    """A thing of which every event loop gets its own.

    It lives in an asynchronous generator: `asyncio.run` closes those when it ends, so that nobody who forgets to close a
    client, or who calls `asyncio.run` twice, leaves connections open.

    Args:
        make: Makes one, without waiting.
        close: Closes one.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[object]]) -> None:
        self._make = make
        self._close = close
        self._loop: asyncio.AbstractEventLoop | None = None
        self._life: AsyncGenerator[T, None] | None = None
        self._thing: T | None = None

    async def _living(self) -> AsyncGenerator[T, None]:
        thing = self._make()
        try:
            yield thing
        finally:
            await self._close(thing)

    async def get(self) -> T:
        """The one of the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop or self._thing is None:
            self._life = self._living()
            self._thing = await anext(self._life)
            self._loop = loop
        return self._thing

    async def close(self) -> None:
        """Close the one of the running loop, if there is one."""
        life, self._life, self._thing = self._life, None, None
        if life is not None and self._loop is asyncio.get_running_loop():
            await life.aclose()
