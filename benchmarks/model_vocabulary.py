"""inspect_scout's vocabulary for a machine without the open network: `python benchmarks/model_vocabulary.py FOLDER`.

inspect_ai counts with tiktoken's o200k_base, which tiktoken downloads from a host of its own. npm's js-tiktoken holds the same
list; this writes it in tiktoken's form and makes sure by tiktoken's own hash. Then: TIKTOKEN_CACHE_DIR=FOLDER.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

URL = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
HASH = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"


def main(into: Path) -> None:
    """Fetch, convert, compare, write."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", "js-tiktoken@1.0.21"], cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            held = package.extractfile("package/dist/ranks/o200k_base.js")
            assert held is not None
            text = held.read().decode()
    found = re.search(r'"bpe_ranks":\s*("(?:[^"\\]|\\.)*")', text)
    assert found is not None
    ranks = {}
    for line in json.loads(found.group(1)).splitlines():
        _, first, *tokens = line.split(" ")
        ranks |= {int(first) + place: token for place, token in enumerate(tokens)}
    data = "".join(f"{token} {rank}\n" for rank, token in sorted(ranks.items())).encode()
    if hashlib.sha256(data).hexdigest() != HASH:
        raise SystemExit("This is not the vocabulary that tiktoken has.")
    into.mkdir(parents=True, exist_ok=True)
    (into / hashlib.sha1(URL.encode(), usedforsecurity=False).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
