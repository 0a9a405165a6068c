"""What a story closes with: what research says, questions to ask oneself, and who helps. Chosen by what stood out."""

from __future__ import annotations

from datetime import date

from selfrule.analyses.story_records import Story
from selfrule.estimate.reference import published, reference_for
from selfrule.report.layout import Part
from selfrule.report.numbers import day
from selfrule.report.story_saying import listed
from selfrule.report.story_words import (
    CLOSING_QUESTIONS,
    HELPERS,
    KINDS,
    OPENING_QUESTIONS,
    SPARE_QUESTIONS,
)
from selfrule.rubric import FACTORS

FEWEST_QUESTIONS, MOST_QUESTIONS = 8, 10
_MOST_HELPERS = 4


def _by_weight(figures: Story) -> list[str]:
    """Constructs that were seen, clearest first."""
    seen = [k for k in figures.kinds if k.clear.events or k.mild]
    return [k.construct for k in sorted(seen, key=lambda k: (-(k.clear.events or 0), -k.mild))]


def questions(figures: Story) -> list[str]:
    """Eight to ten open questions: some for everyone, the others by what was seen, clearest first."""
    room = MOST_QUESTIONS - len(OPENING_QUESTIONS) - len(CLOSING_QUESTIONS)
    seen = _by_weight(figures)
    chosen = [KINDS[c].questions[0] for c in seen[:room]]
    chosen += [KINDS[c].questions[1] for c in seen[: room - len(chosen)]]
    short = FEWEST_QUESTIONS - len(OPENING_QUESTIONS) - len(CLOSING_QUESTIONS) - len(chosen)
    return [*OPENING_QUESTIONS, *chosen, *SPARE_QUESTIONS[: max(0, short)], *CLOSING_QUESTIONS]


def research(figures: Story) -> list[Part]:
    """What the study of arXiv:2601.19062 found: published figures alone, with whose conversations they are of."""
    facts = published()
    sample, domains = facts["sample"], facts["domain_flagged_percent"]
    first, last = (date.fromisoformat(iso) for iso in sample["period"])
    mild = facts["mild_one_in"]
    began, ended = (day(facts["thumbs_month"][i]["month"]) for i in (0, -1))
    severe = [
        reference_for(c, "severe") for c in ("reality_distortion", "value_judgment_distortion", "action_distortion")
    ]
    belief, value, act = (f"1 in {r.one_in:,.0f}" for r in severe if r is not None and r.one_in)
    said = [
        "In January 2026 researchers published what they found in about one and a half million conversations with one assistant, "
        f"Claude, held from {first.day} to {last.day} {last:%B %Y} (Sharma, McCain, Douglas and Duvenaud, “Who's in Charge?”, "
        "arXiv:2601.19062). They asked how often an assistant could take over what a person believes, values or does.",
    ]
    items = [
        f"Severe cases were rare: about {belief} conversations for what is true, {value} for who is right, and {act} for "
        f"what to do. Mild signs of each were seen in about 1 in {mild['low']} to 1 in {mild['high']}. So many people talk "
        "with assistants that even a rare thing happens to many of them.",
        "It was most common in conversations about relationships and daily life (about "
        f"{domains['relationships_lifestyle']:.0f} in 100, moderate or severe), then society and health (about "
        f"{domains['healthcare_wellness']:.0f} in 100), and least in "
        "programming (fewer than 1 in 100).",
        "It most often involved people who asked again and again for guidance on personal, emotional decisions.",
        "At the time, people tended to rate such conversations well. Where they seemed to have acted on the answers, they tended "
        "to rate them poorly.",
        f"Among conversations that people had rated with a thumb, the share of such ones grew between {began} and {ended}.",
    ]
    known = [c for c in FACTORS if c in _by_weight(figures)]
    alone = [
        KINDS[c].research.format(one_in=f"{r.one_in:,.0f}")
        for c in known
        if (r := reference_for(c, "severe")) is not None and r.one_in
    ]
    if alone:
        items.append(
            f"Severe forms of other things named on this page were rare there too: {listed(alone)} conversations."
        )
    after = (
        "Those were other people, another reader, and perhaps another assistant, so their numbers and yours cannot be held "
        "against each other. The researchers saw single conversations and could not see whether harm came of them. They also "
        "write that they believe the vast majority of AI use is beneficial."
    )
    return [Part(paragraphs=said, items=items), Part(paragraphs=[after])]


def helpers(figures: Story) -> list[Part]:
    """People who help: somebody trusted first, then by what stood out and by what the conversations were about."""
    subjects = sorted(figures.subjects, key=lambda s: (-s.stood_out, -s.rated))
    wanted = [s.domain for s in subjects if s.domain in HELPERS and (s.stood_out or not figures.stood_out.events)]
    if figures.vulnerable:
        wanted.insert(0, "mental_health_psychology")
    said = [
        "Somebody you trust: a friend, someone in your family, a teacher, a neighbour. You need not show them anything. "
        "“Can I think out loud with you?” is enough.",
        *(HELPERS[d] for d in list(dict.fromkeys(wanted))[:_MOST_HELPERS]),
    ]
    return [Part(items=said)]
