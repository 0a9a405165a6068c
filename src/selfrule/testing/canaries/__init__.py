"""Canaries: made-up people planted in a study, and a search for them in every byte that leaves it.

`planting` writes the input, `surfaces` runs the product over it and gathers what it says, `privacy.searching` looks for what was
planted, `selftest.run` does the three and says what it found. Every person, number and firm here is invented.
"""
