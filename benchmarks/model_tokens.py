"""Tokens a conversation by protocol, with a provider's cache and without, on the real sets.

The stand-in counts a token for every four bytes of text (schemas and headers apart) and keeps prefixes as providers do: an
automatic cache in steps of 128 tokens from 1,024 on, or up to the marks that a request sets. Answers are the embedded
judge's, so what is asked only of conversations above none is asked as often as it would be.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from model_standin import Server, table
from selfrule import Study
from selfrule.clients.answers import Answers
from selfrule.clients.names import connect
from selfrule.judges.model import ModelJudge
from selfrule.records import Conversation
from selfrule.store.schemas import conversations_of
from selfrule.study.judging import Terms, open_judge
from selfrule.study.rating import Choices
from selfrule.study.study import create

RAW = Path(__file__).resolve().parents[2] / "shared" / "data" / "raw"
SETS = ("hh-rlhf", "oasst", "syco-bench", "smile", "spiral-bench")
JUDGES = {"openai": "openai:stand-in", "anthropic": "anthropic:claude-stand-in"}
PROTOCOLS = ("separate", "joint", "logprobs")
READ, WRITTEN = 0.1, 1.25
"""What reading from a cache and writing into one cost beside a plain token, by both vendors' price lists of 2026 (OpenAI
charges nothing more for writing)."""


def sample(folder: Path, name: str, most: int) -> list[Conversation]:
    """Conversations of a real set, drawn by their own hash."""
    where = folder / f"tokens-{name}"
    if not (where / "manifest.json").exists():
        create(where).import_(RAW / name)
    found = Study.open(where).conversations().sort_by("conversation_id")
    return list(conversations_of(found.slice(0, most)))


async def _rate(judge: str, protocol: str, some: list[Conversation], answers: Answers, environ: dict[str, str]) -> Any:
    choices = Choices(judge=judge, protocol=protocol)
    async with open_judge(choices, answers, Terms(concurrency=32), environ) as opened:
        return await asyncio.gather(*(opened.rater.rate_one(conversation) for conversation in some))


def measure(folder: Path, *, conversations: int) -> None:
    """Print a table of tokens for each set, protocol and vendor."""
    heading = ["set", "protocol", "vendor", "requests", "in", "cached", "written", "plain", "out", "in at full price"]
    rows = [[*heading, "rated"]]
    about = [["set", "conversations", "turns", "characters", "tokens in the container"]]
    for name in SETS:
        some = sample(folder, name, conversations)
        turns = sum(len(c.turns) for c in some)
        characters = sum(len(turn.text) for c in some for turn in c.turns)
        for vendor, judge in JUDGES.items():
            for protocol in PROTOCOLS:
                if vendor == "anthropic" and protocol == "logprobs":
                    continue
                with Server(answers="embedded") as server:
                    where = folder / "answers" / f"{name}-{vendor}-{protocol}.sqlite"
                    where.unlink(missing_ok=True)
                    answers = Answers(where)
                    ratings = asyncio.run(_rate(judge, protocol, some, answers, server.environ))
                    answers.close()
                    counts = server.counts()
                    if protocol == "joint" and vendor == "openai":
                        about.append([name, *_about(some, turns, characters, judge, server)])
                tokens, n = counts["tokens"], len(some)
                fresh, cached, written = (tokens[kind] / n for kind in ("fresh", "cached", "written"))
                full = fresh + READ * cached + WRITTEN * written
                whole = fresh + cached + written
                cells = (f"{value:,.0f}" for value in (whole, cached, written, fresh, tokens["output"] / n, full))
                rated = sum(rating.status == "rated" for rating in ratings)
                rows.append([name, protocol, vendor, f"{counts['answered'] / n:.2f}", *cells, f"{rated} of {n}"])
                print(" ", *rows[-1], flush=True)
    table(about)
    print("\nA conversation's tokens, by the stand-in's count (four bytes each):")
    table(rows)


def _about(some: list[Conversation], turns: int, characters: int, judge: str, server: Server) -> list[str]:
    """Number of conversations, and what one of them holds on average; tokens of its container by the same rule."""
    client = connect(judge, environ=server.environ)
    planned = [ModelJudge(client).planned(conversation) for conversation in some]  # type: ignore[arg-type]
    data = sum(len(request.shared.encode()) for requests in planned for request in requests) / 4
    n = len(some)
    return [f"{n}", f"{turns / n:.1f}", f"{characters / n:,.0f}", f"{data / n:,.0f}"]
