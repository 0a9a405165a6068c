"""A local model behind a real server, once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.testing import tiny


@pytest.fixture(scope="session")
def tiny_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of llama.cpp's server with a tiny random model."""
    pytest.importorskip("xllamacpp", reason="llama.cpp's server is not installed (the wheel xllamacpp)")
    path = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    tiny.write(path)
    with tiny.served(path) as url:
        yield url
