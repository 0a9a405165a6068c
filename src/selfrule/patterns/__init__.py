"""Patterns without people: what happens in flagged conversations, as clusters of descriptions, names, codes and shares.

Pure functions from facets to patterns; what of them may be shared is decided by `selfrule.privacy` alone.
"""
