"""Bare loops to measure selfrule's client against: so many workers, each sends the next body and waits for its answer.

    python benchmarks/model_bare.py aiohttp|sdk BODIES.jsonl --flavour openai|anthropic --url URL [--at-once 64]

`aiohttp` posts ready bytes and reads the answer without looking at it: what no client can beat. `sdk` calls the vendor's own
package on the same transport, as a short script of one's own would. Neither keeps, reads, repairs or counts anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from model_run import under_way

Send = Callable[[bytes], Awaitable[None]]
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


def write_bodies(study: Path, judge: str, into: Path, environ: dict[str, str]) -> None:
    """The bodies that selfrule would send about a study, one a line."""
    from selfrule import Study
    from selfrule.clients.names import connect
    from selfrule.clients.wire import encode
    from selfrule.judges.model import ModelJudge
    from selfrule.store.schemas import conversations_of

    client = connect(judge, environ=environ)
    rates = ModelJudge(client)  # type: ignore[arg-type]  # never asked: it only plans
    with into.open("wb") as lines:
        for batch in Study.open(study).conversations().to_batches(max_chunksize=500):
            for conversation in conversations_of(batch):
                for request in rates.planned(conversation):
                    lines.write(encode(client.body(request)) + b"\n")


async def over(bodies: Iterator[bytes], send: Send, at_once: int) -> list[float]:
    """When each was answered, beginning with when the first was sent."""
    at = [time.perf_counter()]

    async def work() -> None:
        for body in bodies:
            await send(body)
            at.append(time.perf_counter())

    await asyncio.gather(*(work() for _ in range(at_once)))
    return at


async def with_aiohttp(bodies: Iterator[bytes], flavour: str, url: str, at_once: int) -> list[float]:
    """By aiohttp alone."""
    import aiohttp

    headers = {"content-type": "application/json", "authorization": "Bearer none", "x-api-key": "none"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def send(body: bytes) -> None:
            async with session.post(url + PATHS[flavour], data=body) as reply:
                reply.raise_for_status()
                await reply.read()

        return await over(bodies, send, at_once)


async def with_sdk(bodies: Iterator[bytes], flavour: str, url: str, at_once: int) -> list[float]:
    """By the vendor's package, on its aiohttp transport."""
    import httpx2

    limits = httpx2.Limits(max_connections=2 * at_once, max_keepalive_connections=2 * at_once)
    create: Any
    client: Any
    if flavour == "openai":
        import openai

        transport: Any = openai.DefaultAioHttpClient(limits=limits)
        client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, http_client=transport)
        create = client.chat.completions.create
    else:
        import anthropic

        transport = anthropic.DefaultAioHttpClient(limits=limits)
        client = anthropic.AsyncAnthropic(base_url=url, api_key="none", max_retries=0, http_client=transport)
        create = client.messages.create

    async def send(body: bytes) -> None:
        await create(**msgspec.json.decode(body))

    async with client:
        return await over(bodies, send, at_once)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("how", choices=["aiohttp", "sdk"])
    parser.add_argument("bodies", type=Path)
    parser.add_argument("--flavour", choices=list(PATHS), default="openai")
    parser.add_argument("--url", required=True)
    parser.add_argument("--at-once", type=int, default=64)
    given = parser.parse_args()
    lines = given.bodies.read_bytes().splitlines()
    loop = {"aiohttp": with_aiohttp, "sdk": with_sdk}[given.how]
    before = resource.getrusage(resource.RUSAGE_SELF)
    at = asyncio.run(loop(iter(lines), given.flavour, given.url, given.at_once))
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    said = {"seconds": at[-1] - at[0], "under_way": under_way(at[1:]), "cpu": cpu, "conversations": len(lines)}
    print(json.dumps(said))
