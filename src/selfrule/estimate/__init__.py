"""From ratings to figures: pure functions from arrays to `records.Estimate`, no I/O.

`table.estimates(frame.Frame(...))` makes every published figure; `trend.trend_over_levels` reads trends off them,
`reference.reference_for` gives the published figure to stand beside one, `agreement.agreement` compares ratings with
labels. What each number means is in docs/statistics.md.
"""
