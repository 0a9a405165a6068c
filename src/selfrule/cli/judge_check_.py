"""Check a judge: does text steer it, does it agree with labels, does it say the same again, has it drifted.

Conversations written for the purpose are rated, nobody's logs. The embedded judge is checked offline in seconds; a language
model is asked about 320 conversations (110 with --quick), some of them more than once.

Example: selfrule judge-check embedded
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfrule.cli import options
from selfrule.errors import UsageError

if TYPE_CHECKING:
    from selfrule.cli.view import Bar, Log
    from selfrule.judges.check.scorecard import Drift, Scorecard
    from selfrule.records import Conversation
    from selfrule.study.costs import Proposal
    from selfrule.study.judge_check import Checked

Name = Annotated[
    str,
    typer.Argument(
        help="The judge: embedded, anthropic:MODEL, openai:MODEL, openai-compatible:URL#MODEL, ollama:MODEL.",
        metavar="JUDGE",
    ),
]
Quick = Annotated[bool, typer.Option("--quick", help="A part of the sets only: about a quarter of the requests.")]
Repeats = Annotated[
    int, typer.Option("--repeats", help="How often each conversation without an attack is rated.", min=1, max=20)
]
Budget = Annotated[
    float | None, typer.Option("--budget", help="Dollars that this check may cost; it stops cleanly there.", min=0)
]
Anchors = Annotated[
    Path | None,
    typer.Option(
        "--anchors",
        help="Also rate the 40 anchors anew, add their levels to this file, and say what changed since it was last used.",
        metavar="FILE",
    ),
]

Opener = Callable[[list["Conversation"]], AbstractAsyncContextManager["Checked"]]
"""Opens the judge to be checked, once it is known what would be sent to it."""


async def checked(
    opener: Opener, *, quick: bool, repeats: int, anchors: Path | None, watch: Bar | Log
) -> tuple[Scorecard, list[Drift]]:
    """Run a check, and the anchors where a file for them is named.

    Args:
        opener: Opens the judge.
        quick: Whether to take a part of the sets only.
        repeats: How often each clean twin is rated.
        anchors: The file of anchor ratings, or None.
        watch: Shown the progress.

    Returns:
        The scorecard, and what changed on the anchors: since the last run in the file, and since the first.
    """
    import msgspec

    from selfrule.judges.check import corpora
    from selfrule.study import judge_check, judge_drift

    wanted = judge_check.sets(quick=quick, repeats=repeats)
    earlier = judge_drift.runs(anchors) if anchors else []  # a file that is none of ours is found out before any cost
    texts = [*wanted.conversations, *(item.conversation for item in corpora.anchors() if anchors)]
    async with opener(texts) as ready:
        watch.stage("Rating", len(texts), "conversations")
        card = await judge_check.check(
            ready.judge, wanted, at_once=ready.at_once, progress=watch.advance, spent=ready.spent
        )
        if anchors is None:
            return card, []
        now = await judge_drift.rate_anchors(ready.judge, at_once=ready.at_once, progress=watch.advance)
        total = ready.spent() if ready.spent else None
    card = msgspec.structs.replace(card, anchors=len(now.statuses), spent=total)
    judge_drift.keep(anchors, now)
    compared = [earlier[-1], earlier[0]] if len(earlier) > 1 else earlier
    return card, [judge_drift.drift(then, now) for then in compared]


def _allowed(proposal: Proposal) -> bool:
    from selfrule.cli.judging import proposal_lines

    for line in proposal_lines(proposal):
        typer.echo(line, err=True)
    if not proposal.remote:
        return True
    typer.echo("All of them were written for this purpose: nobody's own words leave this machine.", err=True)
    if not sys.stdin.isatty():
        raise UsageError("Nobody is here to confirm that they may be sent and paid for. Add --yes if they may.")
    return typer.confirm("Send them?", default=False, err=True)


def as_json(card: Scorecard, drifts: list[Drift]) -> dict[str, Any]:
    """Scorecard and drift as plain data."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(card)
    return found | {"drift": msgspec.to_builtins(drifts)}


def show(card: Scorecard, drifts: list[Drift], anchors: Path | None) -> None:
    """Print all that was found."""
    from selfrule.cli.drift import print_drift
    from selfrule.cli.scorecard import console, head, points, print_scorecard
    from selfrule.cli.view import plain

    out = console()
    print_scorecard(card, out)
    if anchors is not None and not drifts:
        head("Anchors", out)
        out.print(
            f"Rated for the first time, and kept in {plain(str(anchors))}. Run this again later to see what changes.",
            markup=False,
        )
    for drift in drifts:
        print_drift(drift, out)
    head("What this cannot show", out)
    points(card.cannot, out)


def command(
    judge: Name,
    protocol: options.Protocol = "joint",
    parameters: options.Parameter = None,
    quick: Quick = False,
    repeats: Repeats = 3,
    anchors: Anchors = None,
    budget: Budget = None,
    yes: options.Yes = False,
    prices: options.Prices = None,
    concurrency: options.Concurrency = None,
    json: options.Json = False,
) -> None:
    """Check and print."""
    from selfrule.cli.judging import parameters_of
    from selfrule.cli.view import Bar, Log
    from selfrule.study.judge_opening import open_for_check
    from selfrule.study.judging import Terms
    from selfrule.study.rating import Choices

    choices = Choices(judge=judge, protocol=protocol, parameters=parameters_of(parameters))
    terms = Terms(budget=budget, prices=prices, concurrency=concurrency, confirm=True if yes else _allowed)
    watch = Bar() if sys.stderr.isatty() else Log()
    try:
        card, drifts = asyncio.run(
            checked(partial(open_for_check, choices, terms), quick=quick, repeats=repeats, anchors=anchors, watch=watch)
        )
    finally:
        watch.done()
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(as_json(card, drifts)), indent=1) + b"\n")
        return
    show(card, drifts, anchors)
