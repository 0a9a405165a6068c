"""Write a study's report again: shareable (no text, no group under k), or private with quotes.

Example: selfrule report my-study --private
"""

from __future__ import annotations

from selfrule.cli import options


def command(study: options.StudyPath, private: options.Private = False, k: options.Smallest = 10) -> None:
    """Lay out the report."""
    from selfrule.cli.summary import print_next, print_paths
    from selfrule.study.study import Study

    opened = Study.open(study)
    context = opened.context(private=private, k=k)
    print_paths(opened.report(private=private, k=k, context=context), story=context.story is not None)
    print_next(opened, context)
