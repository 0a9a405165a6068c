"""How large a request is, before it is sent: bytes, tokens, money."""

from __future__ import annotations

from selfrule.clients.prices import Price, worst
from selfrule.clients.tokens import Ratio, estimate
from selfrule.clients.types import Request

_SPARE = 1.1  # on top of what the ratio says, so that a longer text than usual does not pass a budget


class Sizer:
    """Sizes requests to one model and learns from what its provider counts.

    Args:
        price: The model's price; None where not known.
    """

    def __init__(self, price: Price | None) -> None:
        self._price = price
        self._ratio = Ratio()
        self._texts: dict[str, int] = {}

    def tokens(self, request: Request) -> int:
        """Input tokens of a request, as `tokens.estimate` has it."""
        turns = sum(estimate(answer) + estimate(correction) for answer, correction in request.turns)
        return self._known(request.system) + estimate(request.shared) + self._known(request.ask) + turns + 20

    def _known(self, text: str) -> int:
        """The estimate of a text that comes again and again."""
        tokens = self._texts.get(text)
        if tokens is None:
            if len(self._texts) >= 64:
                self._texts.clear()
            tokens = self._texts[text] = estimate(text)
        return tokens

    def corrected(self, tokens: int) -> int:
        """Estimated tokens as this provider would count them, with a tenth to spare; twice the estimate at most."""
        return min(2 * tokens, round(_SPARE * self._ratio.value * tokens))

    def learn(self, tokens: int, reported: int) -> None:
        """Take in what was estimated and what the provider counted."""
        self._ratio.learn(tokens, reported)

    def dearest(self, tokens: int, said: int, *, batch: bool = False) -> float:
        """US dollars that a request of so many estimated tokens can cost if `said` are answered; 0.0 without a price."""
        return worst(self.corrected(tokens), said, self._price, batch) or 0.0


def size(request: Request) -> int:
    """About how many bytes a request takes on the wire."""
    return len(request.system) + len(request.shared) + len(request.ask) + sum(len(a) + len(c) for a, c in request.turns)
