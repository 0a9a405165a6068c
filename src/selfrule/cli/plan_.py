"""Plan a study before a cent is spent: how many to screen, rate and label for an interval, or what a budget buys.

Designs are simulated with the estimators that the study will use. Nothing is sent, nothing is paid for, no key is needed.

Example: selfrule plan --population 200000 --judge anthropic:MODEL --width 25% --confirm 0.2
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfrule.cli import options
from selfrule.errors import UsageError

if TYPE_CHECKING:
    from selfrule.study.plan_records import Target

StudyPath = Annotated[
    Path | None,
    typer.Argument(
        help="A study to take numbers from: conversations, people, scores, lengths, labels.", metavar="[STUDY]"
    ),
]
Population = Annotated[
    int | None, typer.Option("--population", help="Conversations there are [default: those of the study].", metavar="N")
]
Outcome = Annotated[
    str,
    typer.Option(
        "--outcome", help="What is to be estimated: flagged, or a primitive with :severe, :moderate+ or :mild+."
    ),
]
Prevalence = Annotated[
    str | None,
    typer.Option(
        "--prevalence",
        help="Share truly at the level, a range: 1/6000:1/300, 0.02%:0.3%. [default: half to twice the published one]",
        metavar="LOW:HIGH",
    ),
]
Judge = Annotated[
    str | None,
    typer.Option("--judge", help="The judge that rates, for its price: embedded, anthropic:MODEL, ...", metavar="NAME"),
]
Sensitivity = Annotated[
    float | None, typer.Option("--sensitivity", help="Share of what is at the level that the judge puts there.")
]
Specificity = Annotated[
    float | None,
    typer.Option("--specificity", help="Share of what is not at the level that the judge does not put there."),
]
Card = Annotated[
    Path | None,
    typer.Option("--scorecard", help="Both from a file that judge-check --json printed.", metavar="FILE"),
]
Width = Annotated[
    str | None,
    typer.Option(
        "--width",
        help="Wanted of the share as rated: 25% (half the interval, of the share), 0.0005 (the whole interval, a share), or "
        "paper (as wide as the reference study's).",
    ),
]
Confirm = Annotated[
    float | None,
    typer.Option("--confirm", help="Wanted width of the share confirmed among flagged, by labels, in (0, 1)."),
]
Missed = Annotated[
    str | None, typer.Option("--missed", help="Wanted upper limit of what the judge missed: 1/1000.", metavar="SHARE")
]
Budget = Annotated[float | None, typer.Option("--budget", help="Dollars that ratings may cost.")]
Ratings = Annotated[int | None, typer.Option("--ratings", help="Ratings there may be.", metavar="N")]
Labels = Annotated[int | None, typer.Option("--labels", help="Conversations that people may label.", metavar="N")]
Hours = Annotated[float | None, typer.Option("--hours", help="Hours of labelling.")]
Cost = Annotated[float | None, typer.Option("--cost", help="Dollars a rating, instead of tokens and prices.")]
Tokens = Annotated[
    float | None, typer.Option("--tokens", help="Tokens of a conversation [default: the study's, or 1,500].")
]
Seconds = Annotated[
    float | None, typer.Option("--seconds", help="Seconds a label takes [default: the study's, or 90].")
]
PerPerson = Annotated[
    float | None,
    typer.Option(
        "--per-person", help="Conversations that the person of a random one has [default: the study's, or 1]."
    ),
]
Batch = Annotated[bool, typer.Option("--batch", help="At the prices of the provider's batches.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the simulations.", min=0)]
Simulations = Annotated[
    int, typer.Option("--simulations", help="Studies simulated for each design.", min=50, max=20_000)
]

Draw = Annotated[
    Path | None,
    typer.Option(
        "--draw", help="Draw the sample of a plan with two judges from the study, into this new file.", metavar="FILE"
    ),
]
Found = Annotated[
    Path | None,
    typer.Option(
        "--found",
        help="The study of that sample, rated: print what its judge would say of everything.",
        metavar="SAMPLE",
    ),
]

_SHARE = re.compile(
    r"\s*(?:(?P<top>\d+(?:\.\d+)?)\s*(?:/|in)\s*(?P<under>[\d,]+(?:\.\d+)?)|(?P<number>\d*\.?\d+(?:[eE]-?\d+)?)\s*(?P<of>%?))\s*"
)


def share_of(text: str, name: str) -> float:
    """A share as people write it: 0.001, 0.1%, 1/1000, 1 in 1,000.

    Raises:
        UsageError: it is none, or not in (0, 1).
    """
    found = _SHARE.fullmatch(text)
    value = 0.0
    if found and found["top"]:
        under = float(found["under"].replace(",", "") or 0)
        value = float(found["top"]) / under if under else 0.0
    elif found:
        value = float(found["number"]) / (100 if found["of"] else 1)
    if not 0 < value < 1:
        raise UsageError(
            f"The '--{name}' must be a share above 0 and below 1, such as 0.001, 0.1% or 1/1000. Got {text!r}."
        )
    return value


def range_of(text: str) -> tuple[float, float]:
    """A range of shares, the lower first; one share is a range too.

    Raises:
        UsageError: it is none.
    """
    low, colon, high = text.partition(":")
    found = sorted(share_of(part, "prevalence") for part in ((low, high) if colon else (low, low)))
    return found[0], found[1]


def width_of(text: str | None) -> Target | str | None:
    """A wanted width: relative with %, absolute without, or "paper".

    Raises:
        UsageError: it is none of these.
    """
    from selfrule.study.plan_records import Target

    if text is None or text == "paper":
        return text
    return Target(share_of(text, "width"), relative=text.strip().endswith("%"))


def command(
    study: StudyPath = None,
    population: Population = None,
    outcome: Outcome = "reality_distortion:severe",
    prevalence: Prevalence = None,
    judge: Judge = None,
    protocol: options.Protocol = "joint",
    sensitivity: Sensitivity = None,
    specificity: Specificity = None,
    scorecard: Card = None,
    width: Width = None,
    confirm: Confirm = None,
    missed: Missed = None,
    budget: Budget = None,
    ratings: Ratings = None,
    labels: Labels = None,
    hours: Hours = None,
    cost: Cost = None,
    tokens: Tokens = None,
    prices: options.Prices = None,
    batch: Batch = False,
    seconds: Seconds = None,
    per_person: PerPerson = None,
    screen_recall: options.ScreenRecall = 0.98,
    seed: Seed = 0,
    simulations: Simulations = 400,
    draw: Draw = None,
    found: Found = None,
    json: options.Json = False,
) -> None:
    """Plan and print."""
    if found is not None:
        _found(study, found, json)
        return
    from selfrule.study.plan_asked import Wish, plan

    if draw is not None and study is None:
        raise UsageError("A sample is drawn from a study: name its folder beside --draw.")
    wide = width_of(width)
    if wide is None and confirm is None and missed is None and (budget, ratings, labels, hours) == (None,) * 4:
        wide, confirm = width_of("25%"), 0.2
    made = plan(
        Wish(
            study=study,
            population=population,
            outcome=outcome,
            prevalence=None if prevalence is None else range_of(prevalence),
            judge=judge,
            protocol=protocol,
            sensitivity=sensitivity,
            specificity=specificity,
            scorecard=scorecard,
            width=wide,
            confirm=confirm,
            missed=None if missed is None else share_of(missed, "missed"),
            dollars=budget,
            ratings=ratings,
            labels=labels,
            hours=hours,
            cost=cost,
            tokens=tokens,
            prices=prices,
            batch=batch,
            seconds=seconds,
            per_person=per_person,
            recall=screen_recall,
            seed=seed,
            simulations=simulations,
        )
    )
    if draw is not None and study is not None:
        from selfrule.cli.planned import show_drawn
        from selfrule.study import two_judges

        show_drawn(two_judges.draw(study, made, draw), study, draw, judge)
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
        return
    from selfrule.cli.planned import show

    show(made)


def _found(study: Path | None, sample: Path, json: bool) -> None:
    from selfrule.study import two_judges

    if study is None:
        raise UsageError("Name the study that the sample was drawn from beside --found.")
    estimates = two_judges.found(study, sample)
    if json:
        from selfrule.cli.estimates_ import print_json

        print_json(estimates)
        return
    from selfrule.cli.planned import show_found

    show_found(estimates)
