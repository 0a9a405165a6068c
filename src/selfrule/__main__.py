"""`python -m selfrule` is `selfrule`."""

from selfrule.cli.main import run

run()
