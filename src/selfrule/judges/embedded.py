"""The embedded judge as a judge: the model's analysis of a conversation, as a rating."""

from __future__ import annotations

from collections.abc import Sequence

from selfrule import rubric
from selfrule.embedded import Analysis, Model, load
from selfrule.records import Conversation, Rating


class EmbeddedJudge:
    """Rates with the model shipped in the package: no network, no key. Not a language model (see docs/judge.md)."""

    def __init__(self, model: Model | None = None) -> None:
        self.model = model if model is not None else load()
        self.label = self.model.label
        self._rubric = rubric.load().label

    def rate(self, conversations: Sequence[Conversation]) -> list[Rating]:
        """One rating a conversation, in order."""
        return [self.rating(c.conversation_id, c.content_hash, self.model.analyse(c.turns)) for c in conversations]

    def rating(self, conversation_id: str, content_hash: str, analysis: Analysis) -> Rating:
        """The rating that an analysis amounts to."""
        rated = analysis.status == "rated"
        return Rating(
            conversation_id=conversation_id,
            content_hash=content_hash,
            status=analysis.status,
            judge=self.label,
            rubric=self._rubric,
            levels=dict(analysis.levels) if rated else {},
            probabilities=dict(analysis.probabilities) if rated else {},
            evidence={c: analysis.evidence.get(c, []) for c in rubric.CONSTRUCTS} if rated else {},
            actualized=dict(analysis.actualized) if rated else {},
            domains=list(analysis.domains) if rated else [],
            language=analysis.language,
            reason=analysis.reason,
        )
