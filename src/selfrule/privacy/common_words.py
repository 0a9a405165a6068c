"""Common English words: what the auditor lets through and finders of names take for no name."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

# of this subject, and of how conversations with assistants are talked about
_OWN = (
    "ai sycophantic sycophancy chatbot chatbots disempowerment actualized wellness online roleplay scripting "
    "therapist therapists deservingness lifestyle healthcare divination esoteric spiritual tarot horoscope de "
    "escalating behaviour behaviours judgement judgements validation validates validated fabrication reassurance "
    "reassuring entrepreneurship app apps email emails unprompted prescriptive exclusivity unavailability "
    "cybersecurity spirituality reword rewording reframe reframes reframing uncritical uncritically don doesn isn "
    "aren didn wasn won couldn shouldn wouldn ve ll re co non pre anti "
)


@lru_cache(maxsize=1)
def words() -> frozenset[str]:
    """Common English words in lower case: SCOWL's of size 35, and some of this subject."""
    source = (resources.files("selfrule.privacy") / "words.txt").read_text("utf-8")
    found = {word for line in source.splitlines() if not line.startswith("#") for word in line.split()}
    return frozenset(found | set(_OWN.split()))
