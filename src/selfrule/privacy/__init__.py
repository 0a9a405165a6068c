"""Pseudonyms at the door, and the release gate: the one way to anything shareable."""

from selfrule.privacy.pseudonyms import Pseudonyms
from selfrule.privacy.release import K, Released, Suppressed, hidden, release

__all__ = ["K", "Pseudonyms", "Released", "Suppressed", "hidden", "release"]
