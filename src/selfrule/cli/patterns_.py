"""What happens in flagged conversations: kinds of them, with names, sizes and summaries, and nobody in them.

Flagged conversations are described, clustered and named: by codes, on this machine, or with --judge by a language model, whose
every claim is counted against members. What passes the release gate stands in patterns-released.json and in the report; the
rest is counted as withheld. Private: every pattern is printed. Add --shareable for what passes the gate.

Example: selfrule patterns my-study --shareable
"""

from __future__ import annotations

from typing import Annotated

import typer

from selfrule.cli import analysed, options

Judge = Annotated[
    str | None,
    typer.Option(
        "--judge",
        help="Who describes and names: embedded, anthropic:MODEL, openai:MODEL, openai-compatible:URL#MODEL, ollama:MODEL. "
        "[default: as they were made last, or embedded]",
        metavar="NAME",
    ),
]
Per = Annotated[
    int | None,
    typer.Option("--per", help="Conversations a pattern, on average. [default: as last, or 55]", metavar="N", min=1),
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="The same seed gives the same patterns. [default: as last, or 0]", min=0)
]
Embedding = Annotated[
    str | None,
    typer.Option(
        "--embedding",
        help="Folder of a sentence-transformers model on this machine. [default: vectors of words, built in]",
        metavar="FOLDER",
    ),
]
Facets = Annotated[
    str | None,
    typer.Option(
        "--facets",
        help="Which descriptions: embedded, or a table under facets/. [default: those made last]",
        metavar="NAME",
    ),
]
Epsilon = Annotated[
    float | None,
    typer.Option(
        "--epsilon",
        help="Privacy budget: released counts get noise that hides any one person (needs selfrule[dp]).",
        metavar="E",
    ),
]
Again = Annotated[bool, typer.Option("--again", help="Make them anew though they are there.")]
Smallest = Annotated[
    int, typer.Option("--k", help="Smallest pattern to release, in conversations and in people.", min=2)
]


def command(
    study: options.StudyPath,
    judge: Judge = None,
    budget: options.Budget = None,
    yes: options.Yes = False,
    retry: options.Retry = None,
    prices: options.Prices = None,
    param: options.Parameter = None,
    concurrency: options.Concurrency = None,
    facets: Facets = None,
    per: Per = None,
    seed: Seed = None,
    embedding: Embedding = None,
    k: Smallest = 10,
    epsilon: Epsilon = None,
    again: Again = False,
    shareable: analysed.Shareable = False,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Make patterns and print them."""
    from selfrule.cli import patterned
    from selfrule.cli.judging import parameters_of
    from selfrule.cli.view import watcher
    from selfrule.study.study import Study

    opened = Study.open(study)
    watch = watcher()
    found = opened.patterns(
        judge=judge,
        parameters=parameters_of(param),
        per=per,
        seed=seed,
        embedding=embedding,
        facets=facets,
        shareable=shareable,
        k=k,
        epsilon=epsilon,
        again=again,
        budget=budget,
        confirm=True if yes else patterned.confirm,
        retry=retry or (),
        prices=prices,
        concurrency=concurrency,
        watcher=watch,
        told=patterned.say_summary,
    )
    as_json = json or format_ is analysed.Format.json
    patterned.show(found, json=as_json)
    if not as_json:
        patterned.say_where(opened.path)
