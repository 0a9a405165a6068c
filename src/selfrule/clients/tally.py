"""What was done in a run, counted."""

from __future__ import annotations

import msgspec

from selfrule.clients.types import Reply, Usage


class Tally(msgspec.Struct):
    """What a caller did in this run.

    `requests` were sent, `replies` came back, `kept` questions were answered from the store, `joined` shared another's
    request; `faults` got over or not, by kind; `failures` that stayed, by status; `known` US dollars, with `unpriced`
    replies of no known price.
    """

    requests: int = 0
    replies: int = 0
    kept: int = 0
    joined: int = 0
    pending: int = 0
    faults: dict[str, int] = msgspec.field(default_factory=dict)
    failures: dict[str, int] = msgspec.field(default_factory=dict)
    usage: Usage = msgspec.field(default_factory=Usage)
    known: float = 0.0
    unpriced: int = 0

    @property
    def cost(self) -> float | None:
        """US dollars of this run; None where a price was not known."""
        return None if self.unpriced else self.known

    def add(self, reply: Reply, paid: float | None) -> None:
        """Count a reply."""
        self.replies += 1
        self.usage += reply.usage
        self.known += paid or 0.0
        self.unpriced += paid is None
