"""The sentences of the section on shares over time: what changed, where, and that no cause is known."""

from __future__ import annotations

from selfrule import rubric
from selfrule.analyses.figures import Figure
from selfrule.analyses.trend_records import Change, Series, Trend
from selfrule.report.analyses import saying
from selfrule.report.numbers import day, percent, plural, signed, signed_interval, times
from selfrule.report.text import one_line

_TOO_MUCH = "A change that was found is likely given somewhat too large, for large ones are found more easily."
_NO_CAUSE = "Something changed about then, at once or over several periods; what, the data cannot say."


def named(result: Trend) -> str:
    """What the shares are of: "share flagged", "share with Attachment moderate+", "share with Actualized: reality"."""
    if result.construct == "flagged":
        return "share flagged"
    if result.construct.startswith("actualized_"):
        return f"share actualized: {rubric.load().name(result.construct.removeprefix('actualized_')).lower()}"
    return f"share with {rubric.load().name(result.construct).lower()} {result.level}"


def partial(result: Trend) -> list[str]:
    """Which periods are partial, which are empty, and what has no time."""
    said = []
    if result.untimed is None:
        said.append(f"A few conversations have no time and are in no {result.every}.")
    elif result.untimed:
        is_ = "has no time and is" if result.untimed == 1 else "have no time and are"
        said.append(f"{plural(result.untimed, 'conversation')} {is_} in no {result.every}.")
    parts = [p for p in result.periods if p.partial]
    if parts:
        listed = "; ".join(f"{day(p.name)} ({p.partial})" for p in parts[:6])
        more = f"; and {len(parts) - 6} more" if len(parts) > 6 else ""
        said.append(f"Partial: {listed}{more}.")
    empty = sum(p.reason == "no conversation" for p in result.overall.points)
    if empty:
        has = "has no conversation and is a gap" if empty == 1 else "have no conversation and are gaps"
        said.append(f"{plural(empty, result.every).capitalize()} {has}, not zero.")
    return [" ".join(said)] if said else []


def changed(series: Series, result: Trend) -> str:
    """How much a share changed over its series: the last third against the first, and a period on a line."""
    got = series.effect
    if got is None:
        if any(p.reason in saying.WITHHELD for p in series.points):
            return f"How much it changed is withheld, for {result.every}s it rests on are."
        return f"Too few whole {result.every}s to say how much it changed."
    first, last, apart = got.first, got.last, got.difference
    if first.value is None or last.value is None or apart.value is None or apart.low is None or apart.high is None:
        return ""
    said = [
        f"Over {plural(got.periods, f'whole {result.every}')} the share went from {percent(first.value)} (to "
        f"{day(got.first_until)}) to {percent(last.value)} (from {day(got.last_from)}): "
        f"{signed(apart.value, apart.low, apart.high)} percentage points ({signed_interval(apart.low, apart.high)})"
        f"{_ratio(got.ratio)}."
    ]
    slope = got.slope
    if slope.value is not None and slope.low is not None and slope.high is not None:
        said.append(
            f"On a line that is {signed(slope.value, slope.low, slope.high)} a {result.every} "
            f"({signed_interval(slope.low, slope.high)})."
        )
    if apart.low <= 0 <= apart.high:
        said.append("No change at all would fit too.")
    return " ".join(said)


def _ratio(ratio: Figure) -> str:
    if ratio.value is None or ratio.low is None or ratio.high is None:
        return ""
    return f", {times(ratio.value)} times as often ({times(ratio.low)} to {times(ratio.high)})"


def found(series: Series, result: Trend, *, brief: bool = False) -> str:
    """What the search for change points found; with `brief` without what holds of every change."""
    if series.finding == "located":
        caution = "" if brief else f"{_TOO_MUCH} {_NO_CAUSE}"
        return " ".join([*(_change(one) for one in series.changes), caution]).strip()
    if series.finding == "gradual":
        return (
            "It changed more than chance would have it, but a steady drift fits as well as a step, so no place of a change is "
            "given."
        )
    if series.finding == "none":
        return (
            "No place was found where it changed from one level to another. A small change can be missed with "
            f"{result.every}s and numbers such as these."
        )
    if series.finding == "too few":
        return f"Too few whole {result.every}s, or conversations that reach it, to look for where it changed."
    return ""


def _change(one: Change) -> str:
    where = f"from {day(one.at)}"
    if one.first != one.last:
        where += f" (95 % interval: from {day(one.first)} to {day(one.last)})"
    apart = one.difference
    size = ""
    if apart.value is not None and apart.low is not None and apart.high is not None:
        size = f", by {signed(apart.value, apart.low, apart.high)} percentage points ({signed_interval(apart.low, apart.high)})"
    return (
        f"It changed from {percent(one.before)} to {percent(one.after)} {where}{size}; "
        f"{percent(one.support, 0)} of resamples put it there."
    )


def within(result: Trend) -> str:
    """Which domains those of highest share are, and how much of the conversations they hold."""
    names = [rubric.load().domains.get(d, one_line(d, 40)) for d in result.highest]
    said = (
        f"{plural(len(names), 'domain').capitalize()} with the highest share over the whole series: {', '.join(names)}. If the "
        "mix of domains alone explained a change, the share within would not change."
    )
    traffic = _traffic(result)
    if traffic is not None:
        said += (
            f" They hold {percent(traffic[0])} of rated conversations in the first {result.every} shown and "
            f"{percent(traffic[1])} in the last."
        )
    return said


def _traffic(result: Trend) -> tuple[float, float] | None:
    inside, outside = result.within
    held = [
        a.n / (a.n + b.n)
        for a, b in zip(inside.points, outside.points, strict=True)
        if a.value is not None and b.value is not None
    ]
    return (held[0], held[-1]) if len(held) > 1 else None


def bridged(to: str) -> str:
    """What the bridge to a judge's scale did."""
    return (
        f"The studies were rated by different judges. Shares by another judge than {to} were carried over to its scale with "
        "conversations that both rated, and their intervals hold the uncertainty of that."
    )
