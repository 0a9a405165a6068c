"""Options that several commands share: one wording each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Inputs = Annotated[
    list[Path],
    typer.Argument(help="Files, folders or zips of conversation logs; - reads standard input.", metavar="INPUT..."),
]
StudyPath = Annotated[Path, typer.Argument(help="A study's folder, as made by audit.", metavar="STUDY")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="The study's folder [default: NAME-study here].", metavar="STUDY")
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Where the fields are in a format of your own: text=body,role=sender (docs/formats.md), or a TOML file.",
        metavar="FIELD=PLACE",
    ),
]
Sampled = Annotated[
    float | None,
    typer.Option(
        "--sampled",
        help="Share of the conversations that was drawn at random to make the input, such as 0.01; or map weight=FIELD or "
        "inclusion=FIELD (docs/sampling.md).",
        metavar="SHARE",
    ),
]
BetweenPeople = Annotated[
    bool,
    typer.Option(
        "--between-people", help="They were held between people, without an assistant: label every figure so."
    ),
]
Population = Annotated[
    int | None,
    typer.Option(
        "--population",
        help="Conversations there were, of which this is a simple random sample.",
        metavar="N",
        min=1,
    ),
]
Reader = Annotated[
    str | None, typer.Option("--format", help="The reader to use, instead of recognising the format.", metavar="NAME")
]
ScreenRecall = Annotated[
    float,
    typer.Option("--screen-recall", help="Share of flagged conversations that the screen is to keep, in (0, 1]."),
]
Check = Annotated[
    float | None,
    typer.Option(
        "--check-screen",
        help="Share of screened-out conversations rated all the same, to measure what the screen missed, in [0, 1]. "
        "[default: 1 for the embedded judge, about 500 conversations for a language model]",
    ),
]
Judge = Annotated[
    list[str] | None,
    typer.Option(
        "--judge",
        help="Who rates: embedded, anthropic:MODEL, openai:MODEL, openai-compatible:URL#MODEL, ollama:MODEL; with commas a "
        "cascade from cheap to strong; given again, a panel. [default: embedded]",
        metavar="NAME",
    ),
]
Protocol = Annotated[
    str,
    typer.Option(
        "--protocol",
        help="How a language model is asked: joint (one answer), separate (one request a construct, as the study did), "
        "logprobs (one token a construct, with probabilities).",
    ),
]
Parameter = Annotated[
    list[str] | None,
    typer.Option("--param", help="Sent with every request, as JSON: reasoning_effort=low.", metavar="NAME=VALUE"),
]
NoScreen = Annotated[bool, typer.Option("--no-screen", help="Let a language model rate what the screen drops too.")]
Budget = Annotated[
    float | None,
    typer.Option("--budget", help="Dollars that this study may cost in all; it stops cleanly there.", min=0),
]
Batch = Annotated[
    bool,
    typer.Option(
        "--batch", help="Through the provider's batches, at their price: submit, leave, run it again to collect."
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="With --batch: stay until every batch has come back.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before conversations are sent to a remote judge.")]
Prices = Annotated[
    Path | None,
    typer.Option("--prices", help="Prices, context lengths and limits of models (docs/judges.md).", metavar="FILE"),
]
Retry = Annotated[
    list[str] | None,
    typer.Option(
        "--retry", help="Ask again where it was: refused, filtered, truncated, unparseable.", metavar="STATUS"
    ),
]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", help="Most requests in flight [default: the model's own].", min=1)
]
Workers = Annotated[int | None, typer.Option("--workers", help="Processes [default: all cores].", min=1)]
Private = Annotated[
    bool,
    typer.Option(
        "--private",
        help="Also write the private report, which quotes turns: of your own export, its story. Not for sharing.",
    ),
]
Smallest = Annotated[int, typer.Option("--k", help="Smallest group that a shareable report shows.", min=2)]
NoText = Annotated[
    bool,
    typer.Option(
        "--no-text",
        help="Leave the words of conversations out of the study once they are rated; stands for what is added later too.",
    ),
]
Encrypt = Annotated[
    bool,
    typer.Option("--encrypt", help="Encrypt the words of the study at rest; passphrase in SELFRULE_PASSPHRASE."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if any record was skipped.")]
Json = Annotated[bool, typer.Option("--json", help="Print figures as JSON.")]
