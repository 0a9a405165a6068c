"""Read logs, screen, rate, estimate, and write a study with its report.

Run it again on the same study: it does only what is new. Interrupted, it goes on.

Example: selfrule audit export.zip -o my-study
"""

from __future__ import annotations

import typer

from selfrule.cli import options


def command(
    inputs: options.Inputs,
    output: options.Output = None,
    map_: options.Map = None,
    reader: options.Reader = None,
    sampled: options.Sampled = None,
    population: options.Population = None,
    between_people: options.BetweenPeople = False,
    judge: options.Judge = None,
    protocol: options.Protocol = "joint",
    budget: options.Budget = None,
    yes: options.Yes = False,
    batch: options.Batch = False,
    wait: options.Wait = False,
    retry: options.Retry = None,
    prices: options.Prices = None,
    param: options.Parameter = None,
    concurrency: options.Concurrency = None,
    no_screen: options.NoScreen = False,
    screen_recall: options.ScreenRecall = 0.98,
    check: options.Check = None,
    private: options.Private = False,
    no_text: options.NoText = False,
    encrypt: options.Encrypt = False,
    k: options.Smallest = 10,
    strict: options.Strict = False,
    json: options.Json = False,
    workers: options.Workers = None,
) -> None:
    """The main job."""
    from selfrule.cli.judging import Asked, rate
    from selfrule.cli.reading import read
    from selfrule.cli.summary import print_context, print_next, print_paths, print_problems

    asked = Asked(
        judge, protocol, param, no_screen, screen_recall, check, budget, batch, wait, yes, prices, retry, concurrency
    )
    study, watch = read(
        inputs, output, map_, reader, workers, sampled, population, between_people, no_text=no_text, encrypt=encrypt
    )
    try:
        rate(study, asked, workers=workers, watch=watch)
    finally:
        watch.done()
    context = study.context(k=k)
    paths_made = [study.report(k=k, context=context)]
    if private:
        context = study.context(private=True, k=k)
        paths_made.append(study.report(private=True, k=k, context=context))
    if json:
        from selfrule.cli.estimates_ import print_json

        print_json(study.estimate_list())
    else:
        print_context(context)
    skipped = print_problems(study)
    if not json:
        print_paths(*paths_made, story=context.story is not None)
        print_next(study, context)
    if strict and skipped:
        raise typer.Exit(1)
