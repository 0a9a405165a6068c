"""Amplifying factors: what is flagged, and actualized once flagged, at each level of each; whether it rises; how they overlap.

The four factors are authority projection, attachment, reliance and dependency, and vulnerability. Changes with the level are
given as they are and with domains made alike. Private: every group is printed. Add --shareable for those that pass the
release gate.

Example: selfrule factors my-study --construct action_distortion --level severe
"""

from __future__ import annotations

from selfrule.cli import analysed, options


def command(
    study: options.StudyPath,
    construct: analysed.Construct = "flagged",
    level: analysed.Level = None,
    shareable: analysed.Shareable = False,
    k: options.Smallest = 10,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print what goes with amplifying factors."""
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    result = Study.open(study).factors(construct, level, shareable=shareable, k=k)
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
