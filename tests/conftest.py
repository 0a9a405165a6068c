"""Shared fixtures. Third-party data stays outside the project: tests read it in place, or skip with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# the machine is shared and some first calls import much: a slow example is no failure
settings.register_profile("selfrule", deadline=None)
settings.load_profile("selfrule")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared data beside the checkout, or skip."""
    here = Path(__file__).resolve().parents[2]
    found = Path(os.environ.get("SELFRULE_SHARED_DATA", here / "shared" / "data"))
    if not found.is_dir():
        pytest.skip("no ../shared/data beside this checkout (third-party data is read in place, never copied)")
    return found
