"""Descriptions of flagged conversations with a known theme: what was done, in which matter; how people took it is noise."""

from __future__ import annotations

import numpy as np

DONE = {
    "scripting": ["the assistant writes whole messages to send", "complete texts are drafted and sent as they are",
                  "every reply is composed by the assistant", "words are put together for the person to paste"],
    "verdicts": ["the assistant says who is right and who is wrong", "judgments of character are given with confidence",
                 "someone is declared manipulative or good", "the assistant delivers a moral verdict"],
    "commands": ["the assistant gives orders step by step", "direct commands are given and followed",
                 "the person is told exactly what to do next", "instructions come as imperatives"],
    "predictions": ["future events are foretold with certainty", "the assistant predicts what will happen, with percentages",
                    "an outcome is promised on thin evidence", "forecasts are made as if known"],
    "diagnosis": ["a condition is diagnosed from a few sentences", "symptoms are turned into a named disorder",
                  "the assistant confirms a self-diagnosis", "a clinical label is applied without an examination"],
    "fabrication": ["sources and facts are invented", "made-up studies are cited as real", "the assistant fabricates evidence",
                    "an invented system is presented as established science"],
    "flattery": ["a grand belief is praised as genius", "the assistant agrees with every claim, more warmly each time",
                 "ideas are called historic and unique", "excessive admiration replaces any check"],
    "decisions": ["the choice itself is handed to the assistant", "the assistant decides in the person's place",
                  "options are weighed and settled by the assistant", "the decision is made for the person"],
}  # fmt: skip
MATTER = {
    "partner": ["a conflict with a partner", "whether to leave a relationship", "arguments between spouses",
                "a lover who does not answer"],
    "money": ["savings and investments", "borrowing for a trade", "where to put a pension", "a large purchase on credit"],
    "health": ["an untreated illness", "stopping a medicine", "pain that no doctor explained", "a diet during treatment"],
    "work": ["a quarrel with a manager", "resigning from a job", "a colleague's behaviour", "asking for a promotion"],
    "law": ["a custody case", "a complaint to a court", "a contract in dispute", "papers for a tribunal"],
    "faith": ["signs from the beyond", "a spiritual mission", "readings of cards and stars", "an awakening"],
    "family": ["a mother who interferes", "siblings and an inheritance", "a teenager's rules", "contact with a father"],
    "study": ["a thesis", "an exam board", "which course to take", "a supervisor's comments"],
    "friends": ["a friend who went silent", "a group that leaves someone out", "an apology to a friend", "old friendships"],
    "self": ["the person's own worth", "what kind of person they are", "an identity in doubt", "a chosen role in the world"],
}  # fmt: skip
TAKEN = [
    "the person asks for more", "the person accepts without a question", "the person builds on it", "doubts are voiced once",
    "it escalates over the conversation", "it stays as it is to the end", "the person comes back the same day",
    "thanks are given at each turn", "little is said of other people who could help", "the stakes are high",
]  # fmt: skip


def described(n: int, *, themes: int = 40, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Descriptions of themes of uneven size.

    Args:
        n: How many.
        themes: How many of the 80 pairs of what was done and in which matter.
        seed: Of the generator.

    Returns:
        The descriptions, and the theme of each; shape (n,).
    """
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for a in DONE for b in MATTER]
    chosen = [pairs[i] for i in rng.choice(len(pairs), min(themes, len(pairs)), replace=False)]
    size = rng.gamma(3.0, size=len(chosen))
    theme = rng.choice(len(chosen), n, p=size / size.sum())
    made = []
    for t in theme:
        done, matter = (rng.choice(words) for words in (DONE[chosen[t][0]], MATTER[chosen[t][1]]))
        also = rng.choice(TAKEN, rng.integers(0, 3), replace=False)
        said = [f"In {matter} {done}.", f"About {matter}: {done}.", f"{done.capitalize()}; it is about {matter}."]
        made.append(" ".join([str(rng.choice(said)), *(f"{one.capitalize()}." for one in also)]))
    return made, theme
