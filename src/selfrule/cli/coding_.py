"""Print how flagged conversations were coded: mechanism, target, what the person did, which way it went, by construct.

Shares of flagged conversations with intervals. Without a language model codes are found by phrases, which is a first sorting;
selfrule facets STUDY --judge NAME has each conversation read. Private: every group is printed. Add --shareable for those that
pass the release gate.

Example: selfrule coding my-study --format json
"""

from __future__ import annotations

from selfrule.cli import analysed, options


def command(
    study: options.StudyPath,
    shareable: analysed.Shareable = False,
    k: options.Smallest = 10,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print codes."""
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    result = Study.open(study).coding(shareable=shareable, k=k)
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
