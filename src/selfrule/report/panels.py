"""Judges beside each other: their short names, what their agreement shows, and what should make a reader careful."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from selfrule.report.judging import Compared, Kin, Measured, Pair, Panel
from selfrule.report.numbers import kappa, number, percent, plural
from selfrule.report.text import one_line
from selfrule.rubric import CONSTRUCTS, load

_MADE = re.compile(r"/((?:joint|separate|logprobs)-[^/@]*)@[0-9a-f]+$")  # how it was asked, at the end of a label
_ADDRESS = re.compile(r"openai-compatible:[^#,]*#")
ORDER = (*CONSTRUCTS, "flagged", "pooled")
SPECIAL = {"flagged": "Flagged", "pooled": "All constructs pooled"}
SHOWS = (
    "It shows how far judges give the same levels, not how often they are right: judges that read alike are wrong alike. "
    "Where they differ, labels by people would have to say who is right."
)
UNWEIGHTED = "Conversations count once each, however likely they were to be rated."


def name_of(construct: str) -> str:
    """A construct's name, or that of "flagged" and "pooled"."""
    return SPECIAL.get(construct) or one_line(load().name(construct), 60)


def unaddressed(label: str) -> str:
    """A judge's label or name without the address of a server, which may name a person's machine.

    >>> unaddressed("openai-compatible:http://10.0.0.7:8000/v1#qwen/joint-1@0123abcd")
    'openai-compatible:qwen/joint-1@0123abcd'
    """
    return _ADDRESS.sub("openai-compatible:", label)


def _short(label: str, *, protocol: bool) -> str:
    names, asked = [], None
    for part in label.split(","):
        asked = _MADE.search(part) or asked
        bare = _MADE.sub("", part)
        name = bare.rpartition("#")[2] if "#" in bare else bare.partition(":")[2] or bare
        names.append(re.sub(r"^(embedded)-.*", r"\1", name))
    short = one_line(names[0] if len(names) == 1 else f"cascade ({', '.join(names)})", 60)
    return f"{short} ({asked[1]})" if asked and protocol else short


def short_names(labels: Sequence[str]) -> dict[str, str]:
    """The shortest names that still tell these judges apart: the model, with the protocol, or the whole label.

    >>> short_names(["embedded-1.0@0123abcd", "anthropic:claude-x/joint-1@0123abcd"])
    {'embedded-1.0@0123abcd': 'embedded', 'anthropic:claude-x/joint-1@0123abcd': 'claude-x'}
    """
    found: dict[str, str] = {}
    for forms in ({x: _short(x, protocol=p) for x in labels} for p in (False, True)):
        alike = Counter(forms.values())
        found = {x: found.get(x) or (forms[x] if alike[forms[x]] == 1 else "") for x in labels}
    return {x: found[x] or one_line(x, 120) for x in labels}


def figure(got: Measured, *, share: bool = False) -> str:
    """A figure in words: a percentage, a coefficient, or that it is not defined."""
    if got["value"] is None:
        return "not defined"
    return percent(got["value"]) if share else kappa(got["value"])


def limits(got: Measured) -> str:
    """A coefficient's interval in words; empty where there is none."""
    low, high = got["low"], got["high"]
    return f"{kappa(low)} to {kappa(high)}" if low is not None and high is not None else ""


def points(got: Measured) -> str:
    """A difference of shares in percentage points, with its interval."""
    if got["value"] is None:
        return "no difference can be given"
    said = f"{_signed(got['value'])} percentage points"
    if got["low"] is not None and got["high"] is not None:
        said += f" (95 % interval {_signed(got['low'])} to {_signed(got['high'])})"
    return said


def _signed(value: float) -> str:
    return (
        f"{value * 100:+.1f}".replace("-", "\N{MINUS SIGN}").replace("+0.0", "0.0").replace("\N{MINUS SIGN}0.0", "0.0")
    )


def found(counts: tuple[int, int] | None) -> str:
    """How many of those that one judge rated moderate or above the other did."""
    return "" if counts is None else f"{number(counts[0])} of {number(counts[1])}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _pair_cautions(pair: Pair, panel: Panel, short: dict[str, str]) -> list[str]:
    first, second = short[pair.first], short[pair.second]
    said = []
    got = [(c, pair.constructs[c]) for c in ORDER if c in pair.constructs]
    if pair.both and panel.screened_out and not pair.from_dropped:
        said.append(
            f"{first} and {second}: both rated only conversations that the screen keeps. How far they agree on the "
            f"{plural(panel.screened_out, 'conversation')} that it drops is not known."
        )
    for who, other, side in ((first, second, "first"), (second, first, "second")):
        missed = [(c, x) for c, x in got if side in x.misses and c != "pooled"]
        if missed:
            exact = min(x.exact["value"] or 0.0 for _, x in missed)
            though = f", though the two agree on {percent(exact)} of all or more" if exact >= MOSTLY else ""
            said.append(
                f"{who} found none of the conversations that {other} rated {_missed(missed, side)}{though}. It may always "
                f"miss {'this' if len(missed) == 1 else 'these'}."
            )
    return said


def _missed(missed: Sequence[tuple[str, Compared]], side: str) -> str:
    """What was missed, with how many there were: "moderate or above on attachment (12), or flagged (9)"."""

    def many(got: Compared) -> str:
        of = got.found_by_first if side == "first" else got.found_by_second
        return f" ({number(of[1])})" if of else ""

    named = [f"{name_of(c).lower()}{many(x)}" for c, x in missed if c != "flagged"]
    said = [f"moderate or above on {_listed(named)}"] if named else []
    return ", or ".join(said + [f"flagged{many(x)}" for c, x in missed if c == "flagged"])


def kin_words(kin: Kin, short: dict[str, str]) -> str:
    """What is known of a judge that rates assistants of its own family, in sentences."""
    who = short[kin.judge]
    if kin.withheld:
        return f"{who} and some of the assistants are of one family of models ({kin.family}). {MAY} {HELD_BACK}"
    known = kin.conversations + kin.others
    said = f"{who} is of the {kin.family} family, and so is the assistant in {number(kin.conversations)} of the "
    said += f"{plural(known, 'conversation')} that it rated"
    said += f" (in {number(kin.unnamed)} more the log names no model)" if kin.unnamed else ""
    said += f". {MAY}"
    for rate in kin.rates:
        if rate.difference["value"] is not None:
            said += (
                f" {short[rate.judge]} flagged {found(rate.kin)} of those and {found(rate.others)} of the others: a "
                f"difference of {points(rate.difference)}."
            )
    if kin.excess is not None and kin.excess["value"] is not None and kin.beside is not None:
        said += f" {_leaning(kin.excess, who, short[kin.beside])}"
    elif kin.rates and kin.beside is None:
        said += (
            " No judge of another family rated the same conversations, so leniency cannot be told from other causes."
        )
    return said


def _leaning(excess: Measured, who: str, beside: str) -> str:
    low, high = excess["low"], excess["high"]
    if low is None or high is None:
        return f"{who} and {beside} differ on too few conversations to say whether {who} treats its kin otherwise."
    is_ = "not measurably more lenient or more severe"
    if low > 0 or high < 0:
        is_ = "more lenient" if high < 0 else "more severe"
    return f"Beside {beside}, {who} is {is_} with its kin than with others: {points(excess)}."


MOSTLY = 0.8  # a share on the same level that could pass for good agreement
MAY = "A judge may be lenient or severe with its own kin."
HELD_BACK = "How many is not shown, for the groups are small or would give a small one away."


def cautions(panel: Panel) -> list[str]:
    """What should make a reader of these agreements careful, a sentence or a few each."""
    short = short_names([j.label for j in panel.judges])
    said = [s for pair in panel.pairs for s in _pair_cautions(pair, panel, short)]
    said += _flat(panel.pairs, short)
    return said + [kin_words(kin, short) for kin in panel.kin]


def _flat(pairs: Sequence[Pair], short: dict[str, str]) -> list[str]:
    """Constructs on which kappa is not defined, with the pairs for which it is not."""
    where: dict[tuple[str, ...], list[str]] = {}
    for pair in pairs:
        got = [(c, pair.constructs[c]) for c in ORDER if c in pair.constructs and c != "pooled"]
        flat = tuple(name_of(c).lower() for c, x in got if x.n and x.kappa["value"] is None)
        if flat:
            where.setdefault(flat, []).append(f"{short[pair.first]} and {short[pair.second]}")
    return [
        f"On {_listed(flat)}, {'; '.join(who) if len(who) < len(pairs) or len(who) == 1 else 'any two judges'} gave one and "
        "the same level throughout: that shows nothing of telling levels apart, and kappa is not defined."
        for flat, who in where.items()
    ]


def unshown(pair: Pair, k: int) -> str:
    """Why a pair has no figures."""
    if not pair.both:
        return "No conversation was rated by both, each on its own: nothing to compare."
    return f"Not shown: fewer than {k} conversations were rated by both."


def notes(pair: Pair, short: dict[str, str], status_words: dict[str, str]) -> list[str]:
    """What else is to be known of a pair: who could rate what alone, shared ratings, what the screen drops."""
    said = []
    if pair.same_decider:
        said.append(
            f"{plural(pair.same_decider, 'more conversation')} carry one and the same rating in both, for one of them is "
            "a cascade that took it from the other: left out."
        )
    if pair.from_dropped:
        said.append(f"{number(pair.from_dropped)} of them are from what the screen drops. {UNWEIGHTED}")
    for who, counts in ((pair.first, pair.only_first), (pair.second, pair.only_second)):
        left = {s: n for s, n in counts.items() if s != "screened_out"}
        if left:
            other = pair.second if who == pair.first else pair.first
            words = {status_words.get(s, one_line(s, 60)): n for s, n in left.items()}
            why = ", ".join(f"{w} {number(n)}" if len(words) > 1 else w for w, n in words.items())
            said.append(f"Rated by {short[who]} and not by {short[other]}: {number(sum(left.values()))} ({why}).")
    return said
