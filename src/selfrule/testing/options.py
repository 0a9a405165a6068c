"""The command `python -m selfrule.testing.server`."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path
from typing import get_args

from selfrule.errors import UsageError
from selfrule.testing.answering import Answers
from selfrule.testing.faults import CONTENT, ERRORS, LOST, ROWS
from selfrule.testing.server import StandIn


def stand_in(arguments: list[str] | None = None) -> StandIn:
    """A stand-in as the command line wants it, not yet running.

    Raises:
        UsageError: a value makes no sense.
    """
    words = [f"{name}: {what}" for group in (LOST, CONTENT, ROWS) for name, what in group.items()]
    parser = argparse.ArgumentParser(
        prog="python -m selfrule.testing.server",
        description="A stand-in for OpenAI, Anthropic and Ollama on this machine alone, with faults on request.",
        epilog=f"Faults that are errors: {', '.join(ERRORS)}. Others: {'; '.join(words)}.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--answers", choices=get_args(Answers), default="embedded")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds from request to reply")
    parser.add_argument("--slow", type=float, default=30.0, help="the same under the fault 'slow'")
    parser.add_argument("--faults", default="", help='shares of requests: "429=0.05,cut=0.02"')
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=None, help="requests a second beyond which there are 429s")
    parser.add_argument("--burst", type=float, default=None, help="requests at once before the rate counts")
    parser.add_argument("--context", type=int, default=None, help="tokens of input that fit")
    parser.add_argument("--batch-polls", type=int, default=1, help="how often a batch is asked after before it ends")
    parser.add_argument("--batch-seconds", type=float, default=0.0, help="how long a batch runs at least")
    parser.add_argument("--state", type=Path, default=None, help="a file that counts and batches outlive the server in")
    return StandIn(**vars(parser.parse_args(arguments)))


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; prints one line of JSON with the addresses once the port is open."""
    try:
        server = stand_in(arguments)
    except UsageError as error:
        raise SystemExit(str(error)) from None

    def ready() -> None:
        print(json.dumps({"url": server.url, **server.environ()}), flush=True)

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await server.serve(stop, ready)

    try:
        asyncio.run(run())
    except OSError as error:
        raise SystemExit(f"Cannot listen on {server.host}:{server.port}: {error}. Try --port 0.") from None
    finally:
        server.station.shelf.close()
    return 0
