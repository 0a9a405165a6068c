"""The page for a person about their own conversations: the story first, all the figures behind one heading."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from selfrule.analyses.story_records import Story
from selfrule.report import story_chapters
from selfrule.report.context import ReportContext, StoryFacts
from selfrule.report.judges import judge_name, measured_words, pooled
from selfrule.report.layout import Part
from selfrule.report.moments import Gathered, gathered
from selfrule.report.numbers import number
from selfrule.report.story_asking import helpers, questions, research
from selfrule.report.story_chapters import Chapter
from selfrule.report.story_saying import conversations, luck, of, span
from selfrule.report.text import one_line
from selfrule.report.words import missing_words


@dataclass(frozen=True, kw_only=True)
class StoryPage:
    """What the template sets before the figures."""

    when: str
    welcome: Chapter
    headline: str
    short: list[str]
    chapters: list[Chapter]
    gathered: Gathered = field(default_factory=Gathered)


def tell(context: ReportContext) -> StoryPage | None:
    """The story of a private context, or None where it has none."""
    facts = context.story
    if facts is None or context.kind != "private":
        return None
    figures = facts.figures
    found = gathered(facts)
    chapters = [
        story_chapters.time(figures),
        story_chapters.about(figures),
        story_chapters.lean(figures),
        story_chapters.change(figures),
        _moments(facts, found),
        Chapter(anchor="research", title="What the research says", parts=research(figures)),
        Chapter(
            anchor="questions",
            title="Questions to ask yourself",
            parts=[
                Part(
                    paragraphs=[
                        "There are no right answers, and nobody will see yours. Take the ones that speak to you."
                    ],
                    items=questions(figures),
                )
            ],
        ),
        Chapter(
            anchor="help",
            title="People who help",
            parts=helpers(figures),
            helpline="first" if figures.vulnerable else "last",
        ),
        _file(context, facts),
    ]
    headline, short = _short(context, figures)
    return StoryPage(
        when=_when(facts),
        welcome=_start(context, facts),
        headline=headline,
        short=short,
        chapters=[c for c in chapters if c],
        gathered=found,
    )


def _with(facts: StoryFacts) -> str:
    return one_line(facts.assistant, 40) if facts.assistant else "an AI assistant"


def _when(facts: StoryFacts) -> str:
    figures = facts.figures
    said = f"{conversations(figures.read)} with {_with(facts)}"
    return f"{said}, {span(figures.first, figures.last)}" if figures.first and figures.last else said


def _start(context: ReportContext, facts: StoryFacts) -> Chapter:
    said = [
        f"This page looks back over {conversations(facts.figures.read)} that you had with {_with(facts)}. It looks for one "
        "thing: moments in which the assistant may have done some of your thinking, judging or deciding for you.",
        _reader(context),
        "It says nothing about who you are. It finds no illness and gives no marks, and using an assistant a lot is no fault. "
        "It also cannot see the good: what you learned, finished or felt better for is not counted here.",
        "You need not read it in one go, or today. You can read it with somebody you trust.",
    ]
    return Chapter(anchor="start", title="Before you read on", parts=[Part(paragraphs=said)])


def _reader(context: ReportContext) -> str:
    """Who read the conversations, where, and how far to trust it."""
    judge = context.judge
    places = {step.place for step in judge.steps} or ({"package"} if judge.kind == "embedded" else {"unknown"})
    if judge.kind == "embedded":
        said = (
            "A small program on this computer read your conversations. It is a rough first look and no careful reader"
        )
    else:
        said = f"Your conversations were read by {judge_name(judge)}, a program and not a person"
    whole = pooled(judge)
    if whole and whole["exact"] is not None:
        said += f": in tests it gave the expected answer {round(whole['exact'] * 100)} times in 100"
    said += (
        ". About any single conversation it can be wrong, in both directions. You know what you meant, and it does not."
    )
    if places <= {"package", "here"}:
        said += " Nothing left this computer."
    elif "elsewhere" in places:
        said += " For that, conversations were sent to the company that runs it."
    return said


def _short(context: ReportContext, figures: Story) -> tuple[str, list[str]]:
    """The story in a sentence, and what belongs beside it."""
    all_ = figures.stood_out
    said: list[str] = []
    if not all_.n:
        headline = "None of your conversations could be read closely enough, so there is nothing to tell yet."
    elif not all_.events:
        headline = (
            "Nothing stood out in this conversation."
            if all_.n == 1
            else f"Nothing stood out in {number(all_.n)} conversations."
        )
        said.append(
            luck(all_) if all_.n > 1 else "That is not proof of nothing: one conversation is very little to go by."
        )
    elif all_.n == 1:
        headline = "Something stood out in this one conversation."
        said.append("One conversation is no pattern.")
    else:
        headline = f"Something stood out in {of(all_.events, all_.n)} conversations."
        said.append(
            f"That means that at least one of six things was clear in each of them; below you can see which. {luck(all_)}"
        )
    if all_.n > 1 and figures.plain:
        rest = "all of them" if figures.plain == all_.n else number(figures.plain)
        said.append(f"In {rest}, none of the things that this page looks for was seen, not even a little.")
    if copies := context.study.duplicates + context.study.near_duplicates:
        more = (
            "1 more was a copy of another and is"
            if copies == 1
            else f"{number(copies)} more were copies of others and are"
        )
        said.append(f"{more} counted once.")
    aside = figures.set_aside
    if aside == 1:
        said.append(
            "1 more conversation had a quick first look only, which took it for an everyday question. It is not counted."
        )
    elif aside:
        said.append(
            f"{number(aside)} more conversations had a quick first look only, which took them for everyday questions. They are "
            "not in these counts."
        )
    if figures.unrated:
        why = missing_words(context)
        said.append(
            f"{conversations(figures.unrated)} could not be rated{f' ({why})' if why else ''}. What is in them is not known, and "
            "they are counted neither way."
        )
    return headline, [s for s in said if s]


def _moments(facts: StoryFacts, found: Gathered) -> Chapter:
    if not found.groups:
        said = [
            "There is no moment to show: nothing stood out."
            if facts.figures.stood_out.n
            else "There is nothing to show yet."
        ]
        return Chapter(anchor="moments", title="The moments themselves", parts=[Part(paragraphs=said)])
    said = [
        "Here are the conversations in which something stood out, in their order in time, in the words that were written. Each "
        "is closed until you open it. The program may have misread any of them."
    ]
    if found.left:
        said.append(
            f"These are the {number(found.shown)} that stood out most, of {number(found.shown + found.left)}. "
            "The others are left out to keep this page small."
        )
    return Chapter(anchor="moments", title="The moments themselves", parts=[Part(paragraphs=said)], moments=True)


def _file(context: ReportContext, facts: StoryFacts) -> Chapter:
    folder = one_line(facts.folder, 200) or "STUDY"
    said = [
        "It holds your own words, and perhaps those of people you love. Keep it where only you can open it, or delete it when "
        "you have read it. Please do not forward it. If somebody should see it, sit beside them.",
        f"Everything that was made from your conversations is in one folder, {folder}. To delete all of it, put that folder in "
        "the bin, or type this where the folder is:",
    ]
    return Chapter(
        anchor="file",
        title="What to do with this file",
        parts=[Part(paragraphs=said)],
        code=f"rm -r {shlex.quote(folder)}" if not folder.startswith("-") else f"rm -r ./{shlex.quote(folder)}",
        closed=("How this page was made", [Part(paragraphs=_made(context, facts.figures))]),
    )


def _made(context: ReportContext, figures: Story) -> list[str]:
    return [
        "Each conversation was rated from none to severe on seven things, by a written set of rules (the rubric) that comes from "
        "research on how assistants can take over a person's beliefs, values and actions. In the words of that research, What is "
        "true is reality distortion, Who is right is value judgment distortion, What to do is action distortion, Hard to do "
        "without is reliance and dependency, It knows best is authority projection, Closeness is attachment, and A hard time is "
        "vulnerability.",
        "“Stood out” and “clearly” mean moderate or severe, “a little” means mild. A conversation stood "
        "out where one of the first six was moderate or severe. What is rated is what might happen, not what did.",
        figures.method,
        measured_words(context),
        "The halves are cut between two days, as near to the middle as that allows. “More than luck easily explains” means "
        "that the 95 % interval of the difference leaves out zero; “about the same” that it holds zero and is at most ten "
        "in a hundred either way. Single things are compared where ten conversations or more were clear, with intervals that "
        "hold together.",
        f"Rated by {one_line(context.judge.label, 200)} under rubric {one_line(context.judge.rubric, 60)}; "
        f"{one_line(context.software, 60)}.",
    ]
