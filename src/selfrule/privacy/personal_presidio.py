"""Presidio's pattern recognisers as a second finder of personal data, where the extra `presidio` is installed.

It runs over a blank pipeline: no trained model is loaded, and none is fetched. What it finds is added to what the package
finds by itself; nothing is left standing for its sake.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from selfrule.privacy.personal import Finder

_KINDS = {
    "EMAIL_ADDRESS": "mail",
    "PHONE_NUMBER": "phone",
    "URL": "link",
    "IP_ADDRESS": "network",
    "MAC_ADDRESS": "network",
    "IBAN_CODE": "account",
    "CREDIT_CARD": "account",
    "CRYPTO": "key",
    "PERSON": "name",
    "LOCATION": "address",
}
_IGNORED = frozenset({"DATE_TIME", "NRP"})  # dates that are nobody's birthday, nationalities
_PART = 50_000
_SURE = 0.3  # presidio's own score: below it a bare run of digits is any of its national ids


@lru_cache(maxsize=1)
def where_installed() -> Finder | None:
    """A finder for `personal.found` and `personal.replace`; None where presidio is not installed.

    Loading takes some seconds, the first time. Nothing is downloaded: the list of domains is the one that tldextract
    carries.
    """
    if find_spec("presidio_analyzer") is None or find_spec("spacy") is None:
        return None
    return _finder(_engine())


def _finder(engine: Any) -> Finder:
    def find(text: str) -> list[tuple[int, int, str]]:
        spans: list[tuple[int, int, str]] = []
        for start in range(0, len(text), _PART):
            # a lone surrogate is no character to spaCy; one character for one keeps places where they are
            part = text[start : start + _PART].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            if len(part) != len(text[start : start + _PART]):
                continue
            found = engine.analyze(part, "en", score_threshold=_SURE)
            spans += [
                (start + one.start, start + one.end, _KINDS.get(one.entity_type, "id"))
                for one in found
                if one.entity_type not in _IGNORED
            ]
        return spans

    return find


def _engine() -> Any:
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    # what presidio asks for domains would fetch the public list over the network and keep it in the home folder
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    nlp = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}])
    nlp.nlp = {"en": spacy.blank("en")}
    return AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
