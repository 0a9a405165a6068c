"""The auditor: rules that read text meant for release and look for what finders of personal data cannot see.

It can only withhold. A model may be asked too; that it calls a text safe changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from selfrule.privacy.common_words import words
from selfrule.privacy.personal_names import names
from selfrule.privacy.personal_said import NEVER
from selfrule.privacy.personal_view import fold

RARE, NUMBER, DATE, UNIQUE, COMBINATION, MODEL = (
    "a rare word", "a number", "a date", "a claim of uniqueness", "details that together may identify", "the model's objection"
)  # fmt: skip
"""What an audit may object to. None of them says what stood in the text."""

_WORD = re.compile(r"[^\W\d_]+")
_CAPITALISED = re.compile(r"[A-Z][^\W\d_]*")
_SHARES = re.compile(
    r"(?<![\d.])(?:100|\d{1,2})(?:\.\d)? ?(?:%|per ?cent)|(?<!\d)\d{1,3} (?:of|in|out of) (?:the )?\d{1,3}(?!\d)"
)
_NUMBER = re.compile(
    r"\d|\b(?:(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?)\b",
    re.IGNORECASE,
)
_LONG_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH = _LONG_MONTH + "|jan|feb|mar|apr|jun|jul|aug|sept|oct|nov|dec"
_DATE = re.compile(
    rf"\b(?:[12]\d{{3}}[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|(?:19|20)\d\d"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH})|(?:{_MONTH}) \d|(?:mon|tues|wednes|thurs|fri|satur|sun)days? (?:the )?\d"
    r"|(?:in|on|since|until|last|next|of) (?:january|february|april|june|july|august|september|october|november|december))\b"
    r"|[年月日]|[년월일]",
    re.IGNORECASE,
)
_UNIQUE = re.compile(
    r"\b(?:the only|only (?:one|person|woman|man|case|known)|first(?:-| )ever|"
    r"(?:the|world'?s|country'?s) first (?:woman|man|person|to)|first (?:woman|man|person) to|"
    r"one of a kind|sole survivor|never before|nobody else|no one else|no other (?:person|woman|man|conversation)|unique(?:ly)?|"
    r"famous(?:ly)?|celebrity|well-known|notorious|record-holder|world record|prize-?winn\w+|award-winn\w+|"
    r"(?:youngest|oldest|tallest|richest|largest|smallest|highest-paid|longest-serving) (?:\w+ ){0,2}(?:in|of|ever|at))\b",
    re.IGNORECASE,
)
# kinds of detail that are harmless alone and name somebody together
_DETAILS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in (
        r"(?:in|from|near|outside) (?:a |the )?(?:\w+ )?(?:town|village|island|parish|hamlet|suburb|valley)",
        r"(?:aged?|age of|(?:\w+-)?year-old|years old|teenage|in (?:his|her|their) (?:early |mid-?|late )?\w+ties)",
        r"(?:nurse|surgeon|doctor|teacher|pastor|priest|imam|rabbi|mayor|judge|pilot|sheriff|senator|councillor|professor|headteacher|"
        r"officer|firefighter|farmer|violinist|goalkeeper|principal|architect|dentist|vet|lawyer|accountant|electrician|welder|"
        r"midwife|soldier)",
        r"(?:twins?|triplets|adopted|widow(?:er)?|amputee|transgender|intersex|deaf|blind|refugee|convert(?:ed)?|surrogate|polygam\w+)",
        r"(?:employer|works? (?:at|for)|employed (?:at|by)|studies at|attends|member of)",
        r"(?:diagnosed with|rare (?:disease|condition|disorder|cancer)|syndrome|leuka?emia|transplant|schizophrenia|"
        r"epilepsy|HIV)",
        r"(?:mother|father|parent) of (?:two|three|four|five|six|seven|eight|nine|ten|twins)",
    )
)
_DETAILS_FROM = 3
_STARTERS = frozenset(["more", "each", "over", "less", "made", "parts", "too", "advice"])
"""Words that sentences begin with, though somebody is called so."""


def audit(text: str, common: Set[str] = frozenset(), model: Callable[[str], bool | None] | None = None) -> str | None:
    """Why a text must be withheld, or None.

    Args:
        text: A name or a claim of a pattern, in English.
        common: Words, in lower case, that may stand in it beside common English ones: those of the package itself. Not those
            that many descriptions hold: a model that copies makes such a word of any name that many people speak of.
        model: Told the text, whether it may be released (True), may not (False) or could not be told (None). It is asked only
            where no rule objects, and anything but True withholds.

    Returns:
        One of the objections above, which hold nothing of the text.

    Example:
        >>> audit("Most were about a partner's hidden motives.")
        >>> audit("Most were about Zorblax and his brewery.")
        'a rare word'
    """
    plain = fold(text)
    known = words()
    lowered = [word.lower() for word in _WORD.findall(plain)]
    if any(word not in known and word not in common and len(word) > 1 for word in lowered) or any(
        len(word) == 1 and not word.isascii() for word in lowered
    ):
        return RARE
    listed = names()
    called = {word.lower() for word in _CAPITALISED.findall(plain)}
    if any(listed.has(word) or word in listed.common for word in called - common - NEVER - _STARTERS):
        return RARE  # Rose, Mark, Baker: common words, but not with a capital
    if _DATE.search(plain):
        return DATE
    if _NUMBER.search(_SHARES.sub(" ", plain)):
        return NUMBER
    if _UNIQUE.search(plain):
        return UNIQUE
    if sum(1 for detail in _DETAILS if detail.search(plain)) >= _DETAILS_FROM:
        return COMBINATION
    if model is not None and model(text) is not True:
        return MODEL
    return None
