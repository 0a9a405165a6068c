"""Running the labelling page: a server on loopback, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from selfrule.errors import UsageError
from selfrule.serve.app import Pages
from selfrule.serve.guard import Guard

_CLOSING_S = 2.0  # for what is being saved; whoever still holds a connection then is cut off


def listening(port: int) -> socket.socket:
    """A socket on loopback; 0 for a free port.

    Raises:
        UsageError: the port is taken, or not ours to have.
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # at once again after a stop, on the same port
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", port))
        server.listen(128)
    except (OSError, OverflowError) as error:
        server.close()
        raise UsageError(f"Port {port} cannot be had ({error}). Name another with --port, or none.") from error
    return server


async def _serve(
    pages: Pages, guard: Guard, server: socket.socket, ready: threading.Event, stop: asyncio.Event
) -> None:
    runner = web.AppRunner(pages.application(guard), access_log=None, shutdown_timeout=_CLOSING_S)
    await runner.setup()
    try:
        await web.SockSite(runner, server).start()
        ready.set()
        await stop.wait()
    finally:
        await runner.cleanup()


def run(pages: Pages, guard: Guard, server: socket.socket) -> None:
    """Serve until Ctrl-C or a termination. What was acknowledged by then is on the disk."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        await _serve(pages, guard, server, threading.Event(), stop)

    asyncio.run(main())


@contextmanager
def hosted(pages: Pages, guard: Guard, port: int = 0) -> Iterator[str]:
    """The page from a thread, while the block runs; gives its address. For tests and measurements."""
    server = listening(port)
    guard.port = server.getsockname()[1]
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def serve() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(_serve(pages, guard, server, ready, stop))

    thread = threading.Thread(target=serve, name="labelling page", daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield guard.address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
