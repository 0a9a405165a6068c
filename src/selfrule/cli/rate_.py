"""Screen and rate what a study has not rated yet, with the embedded judge.

Example: selfrule rate my-study --screen-recall 0.99
"""

from __future__ import annotations

from selfrule.cli import options


def command(
    study: options.StudyPath,
    screen_recall: options.ScreenRecall = 0.98,
    check: options.Check = 1.0,
    k: options.Smallest = 10,
    workers: options.Workers = None,
) -> None:
    """Rate and report."""
    from selfrule.cli.summary import print_context, print_paths
    from selfrule.cli.view import watcher
    from selfrule.study.study import Study

    opened = Study.open(study)
    watch = watcher()
    try:
        opened.rate(screen_recall=screen_recall, check=check, workers=workers, watcher=watch)
    finally:
        watch.done()
    context = opened.context(k=k)
    print_context(context)
    print_paths(opened.report(k=k, context=context))
