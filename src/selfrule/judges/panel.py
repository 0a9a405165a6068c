"""Several judges on the same conversations, so that they can be compared: each rates, and none sees another."""

from __future__ import annotations

from collections.abc import Sequence

from selfrule.clients.types import Kind
from selfrule.errors import UsageError
from selfrule.judges.calling import Labelled, one_by_one
from selfrule.judges.questions import together
from selfrule.records import Conversation, Rating


class Panel:
    """Judges that all rate every conversation.

    Raises:
        UsageError: no judge, or one of them twice.
    """

    def __init__(self, judges: Sequence[Labelled]) -> None:
        labels = [judge.label for judge in judges]
        if not labels or len(set(labels)) < len(labels):
            raise UsageError(f"A panel needs judges with different names. Got {', '.join(labels) or 'none'} instead.")
        self.judges = tuple(one_by_one(judge) for judge in judges)
        self.labels = tuple(labels)
        self.label = "+".join(labels)

    async def rate_one(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> dict[str, Rating]:
        """Each judge's rating by its label, in the order of the judges. All are asked before an error is raised.

        Raises:
            ClientError, BudgetError, PendingError: the gravest that any judge raised.
        """
        ratings = await together([judge.rate_one(conversation, retry=retry, sample=sample) for judge in self.judges])
        return dict(zip(self.labels, ratings, strict=True))
