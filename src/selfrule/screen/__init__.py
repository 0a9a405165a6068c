"""The screen: drops what cannot matter, keeps the rest for rating, and says how sure it was.

It is the embedded model's score against a threshold chosen for a recall; so it costs nothing beyond the embedded judge.
"""

from __future__ import annotations

from selfrule.embedded import Analysis, Model
from selfrule.errors import UsageError
from selfrule.records import Screening


class Screen:
    """Keeps conversations whose score reaches the threshold for a wanted recall of flagged ones.

    Args:
        model: The embedded model.
        recall: Share of flagged conversations to keep, in (0, 1], as measured out of fold (see the model card).

    Raises:
        UsageError: `recall` is not in (0, 1].
    """

    def __init__(self, model: Model, recall: float) -> None:
        if not 0 < recall <= 1:
            raise UsageError(f"The 'recall' of the screen must be in (0, 1]. Got {recall} instead.")
        self.recall = recall
        self.threshold = model.threshold(recall)
        self.label = f"{model.label}/recall-{recall:g}"

    def screening(self, conversation_id: str, analysis: Analysis) -> Screening:
        """The screen's word on one analysed conversation. What could not be read is neither kept nor dropped: None."""
        score = analysis.screen_score if analysis.status == "rated" else None
        return Screening(
            conversation_id=conversation_id,
            status=analysis.status,
            keep=score >= self.threshold if score is not None else None,
            score=score,
            screen=self.label,
        )
