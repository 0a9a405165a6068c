"""A study: the order of the stages, resume, the manifest. `study.study` holds `Study` and `audit`.

Nothing is imported here: worker processes import single stages, and should not pay for the others.
"""
