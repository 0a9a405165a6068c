"""Which requests fail, and how: by seed, by header, or by a list, so that a run with faults can be had again.

>>> plan = Plan.parse("429=0.5,cut=0.5", seed=1)
>>> {plan.draw("some request", attempt) for attempt in range(50)} == {"429", "cut"}
True
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from typing import get_args

from selfrule.errors import UsageError
from selfrule.testing.questions import Trouble

ERRORS: dict[str, Trouble] = {
    "429": "rate_limited",  # without Retry-After
    "429-after": "rate_limited",  # with it
    "500": "server",
    "503": "unavailable",
    "529": "overloaded",
    "401": "denied",
    "404": "missing",
    "broke": "broke",
    "over-long": "over_long",
    "filter-400": "filtered",
    "rejected": "invalid",
}
"""Faults that are an HTTP error instead of an answer."""

LOST = {
    "slow": "the reply comes, but after the client's time is up",
    "cut": "the connection ends in the middle of the reply",
    "badjson": "status 200 with a body that is no JSON",
}
"""Faults where the work is done and the client never gets it."""

CONTENT = {
    "badcontent": "a sound reply whose text is broken JSON",
    "empty": "a sound reply without text",
    "refusal": "refused, in the provider's own form",
    "refusal-text": "refused, in words",
    "filter": "withheld by the provider's filter",
    "truncated": "cut at the token limit",
    "schema": "JSON of another shape",
    "no-evidence": "levels above none that cite no turn",
    "made-up": "levels that cite turns which are not there",
    "quoting": "a description in the conversation's own words",
}
"""Faults in what the model says: the provider charges for them."""

ROWS = {
    "row-errored": "one request of a batch fails",
    "row-expired": "one request of a batch is not reached in time",
    "batch-failed": "a batch fails as a whole",
}
"""Faults of provider batches."""

NAMES = frozenset({*ERRORS, *LOST, *CONTENT, *ROWS})

RETRY_AFTER_S = 1.0

WORDS: dict[Trouble, str] = {
    "invalid": "The request is malformed.",
    "over_long": "prompt is too long",
    "filtered": "The response was filtered due to the prompt triggering the provider's content management policy.",
    "denied": "Incorrect API key provided.",
    "broke": "You exceeded your current quota, please check your plan and billing details.",
    "missing": "Not found.",
    "too_large": "Request exceeds the maximum size.",
    "rate_limited": "Rate limit reached. Please try again later.",
    "server": "The server had an error while processing your request.",
    "unavailable": "The engine is currently unavailable. Please try again later.",
    "overloaded": "Overloaded",
}
"""What errors say, about as the providers say it."""

_SPACE = 2.0**64


class Plan:
    """Draws a fault, or None, for each request.

    The draw is a hash of seed, request and attempt, so it depends neither on the order of arrival nor on what else is
    sent. Names in `script` come first, in order, one a request ("" or "ok": no fault).

    Args:
        shares: Share of requests in [0, 1] by fault; together at most 1.
        seed: Any integer.
        script: Faults for the next requests.

    Raises:
        UsageError: an unknown fault, or shares out of range.
    """

    def __init__(self, shares: dict[str, float] | None = None, seed: int = 0, script: Iterable[str] = ()) -> None:
        self.shares = dict(shares or {})
        for name, share in self.shares.items():
            checked(name)
            if not 0.0 <= share <= 1.0:
                raise UsageError(f"The share of fault {name!r} must be in [0, 1]. Got {share!r} instead.")
        if sum(self.shares.values()) > 1.0 + 1e-9:
            raise UsageError(f"The shares of faults must sum to 1 at most. Got {sum(self.shares.values()):g} instead.")
        self.seed = seed
        self.script = deque(checked(name) for name in script)

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> Plan:
        """A plan from "NAME=SHARE,NAME=SHARE".

        Raises:
            UsageError: not of that form, or as for the class.
        """
        shares = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, share = part.partition("=")
            try:
                shares[name.strip()] = float(share)
            except ValueError:
                raise UsageError(f"A fault must be given as NAME=SHARE, such as 429=0.05. Got {part!r}.") from None
        return cls(shares, seed)

    def next_scripted(self) -> str | None:
        """The next fault of the script ("" for none); None where the script is used up."""
        return self.script.popleft() if self.script else None

    def draw(self, request: str, attempt: int, among: Iterable[str] | None = None) -> str | None:
        """The fault of the `attempt`-th try of a request; only ones of `among` where it is given."""
        if not self.shares:
            return None
        digest = hashlib.blake2b(f"{self.seed} {request} {attempt}".encode(), digest_size=8).digest()
        left = int.from_bytes(digest, "big") / _SPACE
        for name, share in self.shares.items():
            left -= share
            if left < 0:
                return name if among is None or name in among else None
        return None


def checked(name: str) -> str:
    """A fault's name; "" for "ok".

    Raises:
        UsageError: there is no such fault.
    """
    if name in ("", "ok"):
        return ""
    if name not in NAMES:
        raise UsageError(f"There is no fault {name!r}. Faults: {', '.join(sorted(NAMES))}.")
    return name


assert set(ERRORS.values()) <= set(get_args(Trouble))
