"""One tree of errors. A message says what went wrong, where, and what to do about it.

An item that fails becomes a record (`records.Problem`, or a rating with a status); only a run that cannot go on raises.
"""

from __future__ import annotations


class SelfruleError(Exception):
    """Base of every error that selfrule raises on purpose; the command line prints it in one line, exit code 2."""


class InputError(SelfruleError):
    """An input cannot be used at all: it does not exist, cannot be opened, or holds no conversation."""


class FormatError(InputError):
    """No reader knows this format, or the reader that was named does not fit it."""


class StudyError(SelfruleError):
    """A study folder cannot be used: it is no study, is locked by another run, or was made by something newer."""


class TextError(StudyError):
    """Something needs the words of conversations, and the study does not keep them, or they cannot be decrypted."""


class RubricError(SelfruleError):
    """A rubric file is malformed, or a name is not one of its constructs."""


class ModelError(SelfruleError):
    """The embedded judge's artefact is missing, damaged, or not of this version."""


class ReleaseError(SelfruleError):
    """Something was about to be released that the privacy gate does not let through."""


class UsageError(SelfruleError):
    """A parameter has a value that makes no sense; names the parameter, the rule and the value got."""


class ClientError(SelfruleError):
    """A model cannot be used at all: no key, a wrong key, no such model, no credit, no server at the address."""


class BudgetError(SelfruleError):
    """The next question to a paid model would pass the budget. Everything answered so far is kept."""
