"""Drawing conversations from logs with known probabilities: pure functions from keys to what is drawn, no I/O.

`drawing.draw(Index, Design)` is the whole of it. Draws go by permanent random numbers (Ohlsson 1995): each conversation has
one for each seed, and the lowest are taken, so that a larger draw of the same logs holds the smaller one.
"""

from selfrule.sampling.drawing import Design, Draw, Index, Stratum, draw

__all__ = ["Design", "Draw", "Index", "Stratum", "draw"]
