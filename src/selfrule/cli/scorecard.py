"""A judge's scorecard, printed for people: what was found, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfrule.cli.view import plain
from selfrule.judges.check.corpora import FORMS
from selfrule.report.numbers import interval, kappa, number, percent, plural
from selfrule.report.words import STATUS_WORDS
from selfrule.rubric import CONSTRUCTS, load

if TYPE_CHECKING:
    from selfrule.judges.check.scorecard import (
        Agreement,
        Attacked,
        Figure,
        Handling,
        Repeats,
        Scorecard,
        Sent,
        Share,
        Spent,
        Steering,
    )

_AIMS = {"down": "asking for lower levels", "up": "asking for higher levels"}
_FINDINGS = 10
_FEW = 50  # attacks in all; two of each form tell nothing about it


def console() -> Console:
    """Standard output as wide as the terminal, or 100 columns where there is none."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=100)


def print_scorecard(card: Scorecard, out: Console) -> None:
    """The scorecard, part by part, but for `card.cannot`, which belongs at the end of all."""
    out.print(Text(f"Check of {plain(card.judge)}", "bold"))
    handled = card.handling
    out.print(
        f"{plural(handled.ratings, 'rating')} under rubric {card.rubric}, {_seconds(handled.seconds_in_all)} in all"
        + ("; a quick check, on a part of the sets" if card.quick else ""),
        markup=False,
    )
    _sent(card.sent, out)
    _steering(card.steering, out)
    _agreement(card, card.agreement, out)
    _repeats(card.repeats, out)
    _handling(handled, out)
    if card.spent is not None:
        _paid(handled.ratings + card.anchors, card.spent, out)


def _sent(sent: Sent | None, out: Console) -> None:
    head("What is sent", out)
    if sent is None:
        out.print("Not looked at: this judge does not say what it sends. The embedded judge sends nothing.")
        return
    if not sent.findings:
        out.print(
            f"All {number(sent.conversations)} attacks stay inside their containers: in {plural(sent.requests, 'request')} "
            "every turn comes out as it went in, and nothing around the conversation changes with it.",
            markup=False,
        )
        return
    out.print(Text(f"{plural(len(sent.findings), 'finding')}: a conversation reaches out of its container.", "bold"))
    more = [f"... and {len(sent.findings) - _FINDINGS} more"] if len(sent.findings) > _FINDINGS else []
    points([*map(plain, sent.findings[:_FINDINGS]), *more], out)


def _steering(steering: Steering, out: Console) -> None:
    head("Attempts to steer it", out)
    whole = steering.whole
    if not whole.steered.n:
        out.print("None could be seen to work or to fail: no clean conversation was rated with room to move.")
    else:
        out.print(
            f"{_of(whole.steered)} attacks moved a level their way, beside the same conversation without the attack "
            f"({_limits(whole.steered)}). {_chance(steering.chance)}",
            markup=False,
        )
    if steering.turned.n:
        out.print(
            f"{_of(steering.turned)} turned the flag: flagged into not, or not into flagged ({_limits(steering.turned)})."
        )
    out.print(*_tells_nothing(whole), markup=False)
    out.print()
    table = _table("attacks", "steered", "share", "95 % interval", "silenced")
    forms = steering.by_form if whole.attacks > _FEW else {}
    for name, attacked in [
        *((_AIMS[aim], attacked) for aim, attacked in steering.by_aim.items()),
        *((FORMS.get(form, plain(form)), attacked) for form, attacked in forms.items()),
    ]:
        table.add_row(name, *_attacked(attacked), end_section=name == _AIMS["up"])
    out.print(table)
    if not forms:
        out.print("Too few of each form to tell them apart; the full check does.", style="dim")
    seen = [f"{name} {_of(a.steered)}" for name, a in steering.by_language.items() if a.steered.n]
    unseen = [name for name, a in steering.by_language.items() if not a.steered.n]
    nothing = f"{'; n' if seen else 'N'}othing to see in {', '.join(unseen)}" if unseen else ""
    out.print(("By language: " + ", ".join(seen) if seen else "") + nothing, style="dim", markup=False)


def _chance(chance: Share) -> str:
    if not chance.n:
        return "How many do so by chance was not measured: nothing was rated twice."
    return f"Rated twice without any attack, {_of(chance)} do so by chance."


def _tells_nothing(whole: Attacked) -> list[str]:
    silent = f"{plural(whole.silenced, 'attack')} left the judge without a rating." if whole.silenced else ""
    reasons = [
        f"{number(n)} {why}"
        for n, why in (
            (whole.twin_unrated, "where the clean conversation was not rated either"),
            (whole.no_room, "where it was rated as the attack wants to begin with"),
        )
        if n
    ]
    return [one for one in (silent, f"No telling from {' and '.join(reasons)}." if reasons else "") if one]


def _attacked(attacked: Attacked) -> list[str]:
    steered = attacked.steered
    silenced = number(attacked.silenced) if attacked.silenced else ""
    if not steered.n:
        return ["none to see", "", "", silenced]
    assert steered.share is not None
    return [_of(steered), percent(steered.share, 0), _limits(steered), silenced]


def _agreement(card: Scorecard, agreement: Agreement, out: Console) -> None:
    head("Agreement with labels", out)
    pooled = agreement.pooled
    rated = agreement.conversations - agreement.unrated
    if pooled.exact.value is None or pooled.within_one.value is None:
        out.print(f"None of the {number(agreement.conversations)} labelled conversations was rated.")
        return
    missing = f" ({number(agreement.unrated)} were not rated)" if agreement.unrated else ""
    out.print(
        f"On {plural(rated, 'labelled conversation')}{missing} {percent(pooled.exact.value, 0)} of the levels are the same "
        f"and {percent(pooled.within_one.value, 0)} at most one apart.",
        markup=False,
    )
    for share, what in (
        (agreement.sensitivity, "conversations labelled as flagged are flagged"),
        (agreement.specificity, "of the others are not"),
    ):
        if share.n:
            out.print(f"{_of(share)} {what} ({_limits(share)}).", markup=False)
    if card.learnt_from_these:
        out.print(
            Text(
                "This judge was trained on these very conversations: the figures are no evidence of how good it is. "
                "docs/judge.md has those on conversations it had not seen.",
                "bold",
            )
        )
    out.print()
    table = _table("", "same level", "within one", "kappa", "95 % interval")
    for construct in CONSTRUCTS:
        agreed = agreement.by_construct[construct]
        table.add_row(
            load().name(construct), *_figures(agreed.exact, agreed.within_one, agreed.kappa),
            end_section=construct == CONSTRUCTS[-1],
        )  # fmt: skip
    table.add_row("All pooled", *_figures(pooled.exact, pooled.within_one, pooled.kappa))
    out.print(table)
    known = [f"{name} {kappa(found.value)}" for name, found in agreement.by_language.items() if found.value is not None]
    if known:
        out.print("Kappa by language: " + ", ".join(known), style="dim", markup=False)
    out.print(card.labels, style="dim", markup=False)


def _figures(exact: Figure, near: Figure, agreed: Figure) -> list[str]:
    shares = [percent(figure.value, 0) if figure.value is not None else "-" for figure in (exact, near)]
    if agreed.value is None:
        return [*shares, "-", "undefined"]
    if agreed.low is None or agreed.high is None:
        return [*shares, kappa(agreed.value), "none"]
    return [*shares, kappa(agreed.value), f"{kappa(agreed.low)} to {kappa(agreed.high)}"]


def _repeats(repeats: Repeats | None, out: Console) -> None:
    head("The same conversation again", out)
    if repeats is None:
        out.print("Not measured: nothing was rated twice.")
        return
    if not repeats.conversations:
        out.print("Not measured: no conversation was rated each time.")
        return
    times = "Both times" if repeats.times == 2 else f"All {repeats.times} times"
    out.print(
        f"{times} the same seven levels: {_of(repeats.identical)} conversations ({_limits(repeats.identical)}). "
        f"The same flag: {_of(repeats.flag_same)}.",
        markup=False,
    )
    moved = [
        f"{load().name(c)} {_of(share)}"
        for c, share in repeats.by_construct.items()
        if share.n and share.count < share.n
    ]
    if moved:
        out.print("Same level by construct, where it was not always: " + ", ".join(moved) + ".", markup=False)
    if repeats.unrated_at_times:
        out.print(f"{plural(repeats.unrated_at_times, 'conversation')} rated one time and not another.", markup=False)


def _handling(handling: Handling, out: Console) -> None:
    head("How it answers", out)
    counts = ", ".join(f"{STATUS_WORDS.get(s, plain(s))} {number(n)}" for s, n in handling.statuses.items())
    out.print(f"Of {plural(handling.ratings, 'rating')}: {counts}.", markup=False)
    points([f"{STATUS_WORDS.get(s, plain(s))}, for example: {plain(why)}" for s, why in handling.reasons.items()], out)
    said = [
        f"{_of(share)} {what}."
        for share, what in (
            (handling.repaired, "answers were sent back to be mended"),
            (handling.dropped, "ratings cited a turn that is not there"),
            (handling.unsupported, "levels above none cite no turn"),
        )
        if share.n and share.count
    ]
    said.append(
        f"{plural(handling.false_citations, 'citation')} of turns that do not exist got into ratings: report this as a bug."
        if handling.false_citations
        else "Every turn cited exists in its conversation."
    )
    out.print(*said, markup=False)
    if handling.seconds_median is not None and handling.seconds_slowest is not None and handling.seconds_in_all:
        out.print(
            f"{number(round(handling.ratings / handling.seconds_in_all, 1))} conversations a second; one took "
            f"{_seconds(handling.seconds_median)} (median) and at most {_seconds(handling.seconds_slowest)}, waiting for its "
            "turn included.",
            markup=False,
        )


def _paid(ratings: int, spent: Spent, out: Console) -> None:
    usage = spent.usage
    if not spent.replies:
        out.print("No reply was paid for now: what was answered, was answered in an earlier check.")
        return
    price = "not known" if spent.cost is None else f"${spent.cost:,.2f}"
    each = ""
    if spent.replies >= ratings:  # none was there from an earlier check
        each = (
            f"; a conversation {number(round(usage.input / ratings))} in, {number(round(usage.output / ratings))} out"
        )
        each += f", ${spent.cost / ratings:,.4f}" if spent.cost else ""
    out.print(
        f"{plural(spent.replies, 'reply', 'replies')} asked for now; tokens in {number(usage.input)} "
        f"({number(usage.cached)} from a cache), out {number(usage.output)}{each}. Cost: {price}.",
        markup=False,
    )


def head(text: str, out: Console) -> None:
    """A heading with a line above it."""
    out.print()
    out.print(Text(text, "bold"))


def points(texts: Sequence[str], out: Console) -> None:
    """Sentences, a dash before each."""
    made = Table.grid(padding=(0, 1, 0, 0))
    for text in texts:
        made.add_row("-", Text(text))
    out.print(made)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold")
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at else "left", overflow="fold")
    return table


def _of(share: Share) -> str:
    return f"{number(share.count)} of {number(share.n)}"


def _limits(share: Share) -> str:
    return "" if share.low is None or share.high is None else interval(share.low, share.high)


def _seconds(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.1f} min"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{max(seconds * 1000, 0.1):.1f} ms"
