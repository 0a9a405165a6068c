"""The last door: what a shareable report must not hold is taken out before anything is laid out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

from selfrule.records import Estimate
from selfrule.report.cells import labels_behind
from selfrule.report.context import ReportContext, StudyFacts, Suppressed
from selfrule.report.judging import Compared, JudgeFacts, Kin, Measured, Pair, Panel
from selfrule.report.labels import LabelAgreement, LabelFacts, LabelStratum
from selfrule.report.panels import unaddressed
from selfrule.report.shareable_patterns import patterns_shown


def public(context: ReportContext) -> ReportContext:
    """The context without anything a shareable report must not hold; a private context comes back as it is.

    Quotes, file names and the reasons why a reader took a file are removed before anything is laid out, so no page
    part can print them; a title made from a file's name is replaced; dates keep their month. Estimates of groups under
    k conversations that the release gate let through become suppressed ones (a last door, no complement is sought).
    Judges lose the address of their server; their agreement loses every count that, beside another figure, could give
    away the few conversations that one of them could not rate. Patterns that have not passed the gate are dropped.
    """
    if context.kind == "private":
        return context
    # Nothing rated is no figure to hide, where the group itself is large enough to be spoken of.
    small = [e for e in context.estimates if _small(e, context.k)]
    labels = _labels(context)
    hidden = any("model" in entry["group"] and "kind" not in entry for entry in context.suppressed)
    return replace(
        context,
        quoted=[],
        story=None,
        estimates=[e for e in context.estimates if e not in small],
        suppressed=[
            *context.suppressed,
            *(_suppressed(e) for e in small),
        ],
        study=_study(context.study, context.k),
        judge=_judge(context.judge, labels),
        hashes={name: labels(value) for name, value in context.hashes.items()},
        panel=None if context.panel is None else _panel(context.panel, labels, context.k, hidden),
        labels=None if context.labels is None else _people(context.labels, context.k),
        patterns=patterns_shown(context.patterns, context.k),
        pattern_members={},
    )


def _small(e: Estimate, k: int) -> bool:
    if e.kind != "rated":
        return 0 < labels_behind(e) < k
    return e.n < k and bool(e.n or (e.group and e.missing < k))


def _suppressed(e: Estimate) -> Suppressed:
    made = Suppressed(group=e.group, construct=e.construct, level=e.level, reason="small")
    return made if e.kind == "rated" else {**made, "kind": e.kind}


def _people(got: LabelFacts, k: int) -> LabelFacts:
    """Labels without what is of fewer than k conversations: strata are joined, agreement is left out."""
    shown = {c: a for c, a in got.agreement.items() if a.n >= k}
    return replace(
        got,
        strata=joined(got.strata, k),
        note=None if got.note is None else got.note.partition(" Run: ")[0],
        agreement={c: _agreeing(a, k) for c, a in shown.items()},
    )


def joined(strata: list[LabelStratum], k: int) -> list[LabelStratum]:
    """Strata in their order, each joined with the next while it, or what was reached of it, is some and fewer than k.

    Nothing is left out, so that no difference from a total gives a small stratum away; fewer than k in all are none.
    """
    made: list[LabelStratum] = []
    for one in strata:
        small = bool(made) and not _large(made[-1], k)
        made.append(_both(made.pop(), one) if small else one)
    while len(made) > 1 and not _large(made[-1], k):
        last = made.pop()
        made.append(_both(made.pop(), last))
    return made if made and _large(made[0], k) else []


def _large(one: LabelStratum, k: int) -> bool:
    return one.size >= k and (not one.reached or one.reached >= k)


def _both(a: LabelStratum, b: LabelStratum) -> LabelStratum:
    return LabelStratum(
        names=[*a.names, *b.names],
        size=a.size + b.size,
        reached=a.reached + b.reached,
        labelled=a.labelled + b.labelled,
    )


def _agreeing(got: LabelAgreement, k: int) -> LabelAgreement:
    """Agreement without counts, and without a rate of fewer than k conversations."""
    nothing = Measured(value=None, low=None, high=None, reason=f"fewer than {k} conversations")
    below = got.n - got.positives
    return replace(
        got,
        positives=0,
        sensitivity=got.sensitivity if got.positives >= k else nothing,
        found=got.found if got.positives >= k else None,
        specificity=got.specificity if below >= k else nothing,
    )


def _study(study: StudyFacts, k: int) -> StudyFacts:
    names = {n.casefold() for i in study.inputs if i.name for n in (i.name, PurePath(i.name).stem) if n}
    named = any(name in study.title.casefold() for name in names)
    return replace(
        study,
        title="Study" if named else study.title,
        inputs=[replace(i, name="", reason="") for i in study.inputs],
        first_date=study.first_date[:7] if study.first_date else None,
        last_date=study.last_date[:7] if study.last_date else None,
        # names a field of the logs, and how many persons were drawn: left out where that may be few
        drawn=study.drawn if study.persons is None or study.persons >= k else None,
    )


def _labels(context: ReportContext) -> Callable[[str], str]:
    """Labels without addresses; two judges of one name on different servers are numbered."""
    known = [j.label for j in context.panel.judges] if context.panel else []
    made: dict[str, str] = {}
    for label in dict.fromkeys([context.judge.label, *known]):
        bare = unaddressed(label)
        alike = sum(other == bare or other.startswith(f"{bare} (") for other in made.values())
        made[label] = f"{bare} ({alike + 1})" if alike else bare
    return lambda label: made.get(label) or unaddressed(label)


def _judge(judge: JudgeFacts, label: Callable[[str], str]) -> JudgeFacts:
    return replace(
        judge,
        label=label(judge.label),
        steps=[replace(s, label=label(s.label), name=unaddressed(s.name)) for s in judge.steps],
        rules=[unaddressed(rule) for rule in judge.rules],
        marks=None if judge.marks is None else replace(judge.marks, by_construct={}),
    )


def _panel(panel: Panel, label: Callable[[str], str], k: int, hidden: bool) -> Panel:
    return replace(
        panel,
        judges=[replace(j, label=label(j.label)) for j in panel.judges],
        pairs=[_pair(p, label, k) for p in panel.pairs],
        kin=[_kin(x, label, k, hidden) for x in panel.kin],
    )


def _pair(pair: Pair, label: Callable[[str], str], k: int) -> Pair:
    shown = {} if pair.both < k else {c: _compared(x) for c, x in pair.constructs.items()}
    return replace(pair, first=label(pair.first), second=label(pair.second), constructs=shown)


def _compared(got: Compared) -> Compared:
    return replace(got, confusion=[], found_by_second=None, found_by_first=None)


def _kin(kin: Kin, label: Callable[[str], str], k: int, hidden: bool) -> Kin:
    beside = None if kin.beside is None else label(kin.beside)
    rates = [replace(r, judge=label(r.judge)) for r in kin.rates]
    got = replace(kin, judge=label(kin.judge), beside=beside, rates=rates)
    sizes = [kin.conversations, kin.others, kin.unnamed, *(n for r in kin.rates for _, n in (r.kin, r.others))]
    if not hidden and not any(0 < n < k for n in sizes):
        return got
    return replace(got, conversations=0, others=0, unnamed=0, rates=[], excess=None, withheld=True)
