"""Rating from the command line: what is about to be sent is shown and confirmed, what it came to is printed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from selfrule.errors import UsageError

if TYPE_CHECKING:
    from selfrule.study.costs import Proposal
    from selfrule.study.judged import Summary
    from selfrule.study.study import Study, Watcher


@dataclass(frozen=True)
class Asked:
    """The judge options of `audit` and `rate`, as given."""

    judges: list[str] | None = None
    protocol: str = "joint"
    parameters: list[str] | None = None
    no_screen: bool = False
    screen_recall: float = 0.98
    check: float | None = None
    budget: float | None = None
    batch: bool = False
    wait: bool = False
    yes: bool = False
    prices: Path | None = None
    retry: list[str] | None = None
    concurrency: int | None = None


def parameters_of(given: list[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` pairs as a dictionary; a value that is no JSON is taken as text.

    Raises:
        UsageError: a pair has no "=".
    """
    import json

    found: dict[str, Any] = {}
    for pair in given or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"The '--param' must be NAME=VALUE, such as reasoning_effort=low. Got {pair!r} instead.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def rate(study: Study, asked: Asked, *, workers: int | None, watch: Watcher, no_text: bool = False) -> list[Summary]:
    """Rate a study as asked; prints the bill of what language models did."""
    summaries = study.rate(
        judge=asked.judges or None,
        protocol=asked.protocol,
        parameters=parameters_of(asked.parameters),
        screen=not asked.no_screen,
        screen_recall=asked.screen_recall,
        check=asked.check,
        budget=asked.budget,
        batch=asked.batch,
        wait=asked.wait,
        confirm=True if asked.yes else _confirm,
        retry=asked.retry or (),
        prices=asked.prices,
        concurrency=asked.concurrency,
        workers=workers,
        watcher=watch,
        no_text=no_text,
    )
    watch.done()
    for summary in summaries:
        for line in summary_lines(summary):
            typer.echo(line, err=True)
    return summaries


def dollars(amount: float | None) -> str:
    """An amount for people: cents where it is small, "not known" where no price is."""
    if amount is None:
        return "not known (no price for this model; give one with --prices)"
    return f"${amount:,.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.4f}"


def proposal_lines(proposal: Proposal) -> list[str]:
    """What is about to happen, a sentence a line."""
    lines = []
    for share in proposal.shares:
        most = "at most " if share is not proposal.shares[0] else ""
        where = f"sent to {share.host}" if share.host else "on this machine"
        lines.append(f"{share.judge}: {most}{share.conversations:,} conversations, {where}")
        lines.append(
            f"  about {share.requests:,} requests, {share.usage.input:,} tokens in "
            f"({share.usage.cached:,} of them the rubric, the same each time), {share.usage.output:,} out"
        )
        if share.host:
            money = dollars(share.cost)
            if share.cost is not None and share.cost_cached is not None and share.cost_cached < share.cost:
                money = f"{dollars(share.cost_cached)} with the provider's cache, {dollars(share.cost)} without"
            lines.append(f"  cost: {money}")
    if proposal.conversations:
        lines.append("  (what was answered before, or is in a batch, is not asked again)")
    if proposal.sampled < proposal.conversations:
        lines.append(f"  (sized from {proposal.sampled:,} of them; real counts differ)")
    if proposal.budget is not None:
        lines.append(f"Budget: {dollars(proposal.budget)}; it stops there, and everything answered is kept.")
    return lines


def _confirm(proposal: Proposal) -> bool:
    for line in proposal_lines(proposal):
        typer.echo(line, err=True)
    if not proposal.remote:
        return True
    typer.echo(
        f"The full text of these conversations would leave this machine, to {', '.join(proposal.remote)}.", err=True
    )
    if not sys.stdin.isatty():
        raise UsageError("Nobody is here to confirm that conversations may be sent. Add --yes if they may.")
    return typer.confirm("Send them?", default=False, err=True)


def summary_lines(summary: Summary) -> list[str]:
    """What a judge did and what it came to."""
    counts = ", ".join(f"{status} {number:,}" for status, number in summary.statuses.items())
    lines = [f"{summary.judge}: {counts or 'nothing new to rate'}"]
    for model in summary.models:
        usage = model.usage
        lines.append(
            f"  {model.name}: {model.requests:,} requests, {model.kept:,} answers already paid for; tokens in "
            f"{usage.input:,} ({usage.cached:,} from cache), out {usage.output:,}; cost {dollars(model.cost)}"
        )
        if model.faults:
            lines.append("    tried again: " + ", ".join(f"{fault} {n:,}" for fault, n in sorted(model.faults.items())))
    if summary.in_batches:
        lines.append(
            f"  {summary.in_batches:,} questions are with the provider. Run the same command again to collect them."
        )
    lines += [f"  {problem}" for problem in summary.problems]
    if summary.ended:
        lines.append(f"  Stopped: {summary.ended}")
    return lines
