"""Patterns: whether clusters are the themes that descriptions were made of, beside kura; and 100,000 of them in time and memory.

    python benchmarks/patterns.py themes            # ours; with kura: --kura PYTHON, an interpreter that has kura 0.5
    python benchmarks/patterns.py scale [N]         # embed, collapse, cluster, hierarchy, stability, map of N descriptions

Both get the same vectors (ours, built in) and the same number of conversations a cluster; kura clusters by its own
`KmeansClusteringMethod` and `MiniBatchKmeansClusteringMethod`. Its hierarchy and names need a language model: not compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score

from patterns_themes import described
from selfrule.patterns.clustering import clusters
from selfrule.patterns.embedding import embed
from selfrule.patterns.hierarchy import levels
from selfrule.patterns.layout import places
from selfrule.patterns.near import collapse
from selfrule.patterns.stability import silhouette, stability

PEER = """
import json, logging, sys, time
import numpy as np
logging.disable(logging.CRITICAL)
from kura.k_means import KmeansClusteringMethod, MiniBatchKmeansClusteringMethod
rows, per, out = np.load(sys.argv[1]), int(sys.argv[2]), {}
for name, method in (("kura k-means", KmeansClusteringMethod), ("kura mini-batch", MiniBatchKmeansClusteringMethod)):
    begun = time.perf_counter()
    found = method(clusters_per_group=per).cluster([{"embedding": r, "item": i} for i, r in enumerate(rows)])
    seconds = time.perf_counter() - begun
    member = [0] * len(rows)
    for cluster, items in found.items():
        for i in items:
            member[i] = int(cluster)
    out[name] = {"seconds": seconds, "member": member}
print(json.dumps(out))
"""


def right(theme: np.ndarray, member: np.ndarray) -> float:
    """Share of conversations that are in a cluster whose commonest theme is theirs."""
    table = np.zeros((member.max() + 1, theme.max() + 1))
    np.add.at(table, (member, theme), 1)
    return float(table.max(axis=1).sum() / len(theme))


def peer(python: str, rows: np.ndarray, per: int) -> dict[str, tuple[float, np.ndarray]]:
    """What kura makes of the same vectors, in its own interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        np.save(path, rows)
        told = subprocess.run([python, "-c", PEER, str(path), str(per)], capture_output=True, check=True, text=True)
    found = json.loads(told.stdout.strip().splitlines()[-1])
    return {name: (made["seconds"], np.array(made["member"])) for name, made in found.items()}


def written() -> tuple[list[str], np.ndarray] | None:
    """The written conversations' first words of the person, with their domain as the theme; None where they are not there."""
    here = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("SELFRULE_SHARED_DATA", here)) / "written" / "written_dev.jsonl"
    if not path.exists():
        return None
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    english = [r for r in rows if r["lang"] == "en" and r["domains"]]
    names = sorted({r["domains"][0] for r in english})
    texts = [" ".join(m["content"] for m in r["messages"] if m["role"] == "user")[:2000] for r in english]
    return texts, np.array([names.index(r["domains"][0]) for r in english])


def themes(python: str | None) -> None:
    """Print a table: shares in the right cluster and adjusted Rand, ours and kura's, over seeds."""
    cases = [(f"themes, n = {n:,}", *described(n, seed=seed), 55) for n in (2_200, 10_000) for seed in range(3)]
    if (found := written()) is not None:
        cases.append((f"written, n = {len(found[0])}", *found, 5))
    print(f"{'case':22} {'method':16} {'clusters':>8} {'right':>6} {'adjusted Rand':>14} {'seconds':>8}")
    for name, texts, theme, per in cases:
        rows = embed(texts).matrix
        begun = time.perf_counter()
        ours = clusters(rows, per=per).member
        tried = {"selfrule": (time.perf_counter() - begun, ours)}
        if python:
            tried |= peer(python, rows, per)
        for method, (seconds, member) in tried.items():
            print(
                f"{name:22} {method:16} {member.max() + 1:8} {right(theme, member):6.3f} "
                f"{adjusted_rand_score(theme, member):14.3f} {seconds:8.1f}",
                flush=True,
            )


def scale(n: int) -> None:
    """Print the seconds and the peak memory of each step on n descriptions."""
    texts, theme = described(n, themes=80)
    person = np.random.default_rng(0).integers(0, max(1, n // 2), n)
    total = 0.0

    def step(name: str, work: Callable[[], Any]) -> Any:
        nonlocal total
        begun = time.perf_counter()
        made = work()
        seconds = time.perf_counter() - begun
        total += seconds
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{name:12} {seconds:7.1f} s   peak {peak:5.2f} GB", flush=True)
        return made

    rows = step("embed", lambda: embed(texts).matrix)
    step("collapse", lambda: collapse(texts, rows, person))
    found = step("cluster", lambda: clusters(rows))
    step("hierarchy", lambda: levels(found.centres, found.sizes))
    print(f"             adjusted Rand over seeds {step('stability', lambda: stability(rows, known=found.member))}")
    print(f"             silhouette {step('silhouette', lambda: silhouette(rows, found.member))}")
    step("map", lambda: places(found.centres))
    print(
        f"{'all':12} {total:7.1f} s   {len(found.centres):,} clusters of {n:,}; right {right(theme, found.member):.3f}"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["themes", "scale"])
    parser.add_argument("n", nargs="?", type=int, default=100_000)
    parser.add_argument("--kura")
    asked = parser.parse_args()
    themes(asked.kura) if asked.what == "themes" else scale(asked.n)


if __name__ == "__main__":
    sys.exit(main())
