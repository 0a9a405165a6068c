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
from selfrule.testing.questions import Trouble
from selfrule.testing.server import StandIn

_WORDS: dict[Trouble, str] = {
    "rate_limited": "too many requests",
    "server": "an error in the server",
    "unavailable": "the server is not available",
    "overloaded": "the server is overloaded",
    "denied": "the key is wrong",
    "missing": "there is no such model",
    "broke": "the account is out of credit",
    "over_long": "the request does not fit the model's context",
    "filtered": "the provider's filter refuses the request",
    "invalid": "the request is malformed",
}


def stand_in(arguments: list[str] | None = None) -> StandIn:
    """A stand-in as the command line wants it, not yet running.

    Raises:
        UsageError: a value makes no sense.
    """
    explained = {**{name: _WORDS[trouble] for name, trouble in ERRORS.items()}, **LOST, **CONTENT, **ROWS}
    explained["429-after"] += ", and how long to wait"
    parser = argparse.ArgumentParser(
        prog="python -m selfrule.testing.server",
        description="A stand-in for OpenAI, Anthropic and Ollama on this machine alone, with faults on request.",
        epilog="faults:\n" + "\n".join(f"  {name:<13} {what}" for name, what in explained.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="this machine alone unless told")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--answers", choices=get_args(Answers), default="embedded", help="who answers")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds from request to reply")
    parser.add_argument("--slow", type=float, default=30.0, help="the same under the fault 'slow'")
    parser.add_argument("--faults", default="", help='shares of requests: "429=0.05,cut=0.02"')
    parser.add_argument("--seed", type=int, default=0, help="of the draws of faults")
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
