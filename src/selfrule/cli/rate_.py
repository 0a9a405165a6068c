"""Screen and rate what a study has not rated yet: with the embedded judge, or with language models by name.

Nothing leaves this machine unless a remote judge is named and confirmed; keys come from the environment.

Example: selfrule rate my-study --judge anthropic:MODEL --budget 20
"""

from __future__ import annotations

from selfrule.cli import options


def command(
    study: options.StudyPath,
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
    no_text: options.NoText = False,
    k: options.Smallest = 10,
    workers: options.Workers = None,
) -> None:
    """Rate and report."""
    from selfrule.cli.judging import Asked, rate
    from selfrule.cli.summary import print_context, print_next, print_paths
    from selfrule.cli.view import watcher
    from selfrule.study.study import Study

    asked = Asked(
        judge, protocol, param, no_screen, screen_recall, check, budget, batch, wait, yes, prices, retry, concurrency
    )
    opened = Study.open(study)
    watch = watcher()
    try:
        rate(opened, asked, workers=workers, watch=watch, no_text=no_text)
    finally:
        watch.done()
    context = opened.context(k=k)
    print_context(context)
    print_paths(opened.report(k=k, context=context))
    print_next(opened, context)
