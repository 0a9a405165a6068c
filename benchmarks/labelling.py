"""The labelling page, driven by the keyboard alone in headless Chromium, its tab killed at once after random keys.

`python benchmarks/labelling.py [--labels 200] [--kills 5] [--seed 1]`: a study made on the spot, rated by the embedded judge, a
queue of so many, a labeller with a plan for each conversation. In turn the browser is killed (SIGKILL to all of it), its renderer
alone is killed, or the tab is closed, right after a key went down, with no wait for anything to be saved. Prints the losses.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402
from tests.serve.asking import page, talk  # noqa: E402
from tests.serve.driver import KILLS, Browser, Worker  # noqa: E402
from tests.study.judged import made  # noqa: E402

from selfrule.serve.asked import Open, Save, State  # noqa: E402
from selfrule.serve.desk import Desk  # noqa: E402
from selfrule.serve.drafts import Drafts  # noqa: E402
from selfrule.serve.memory import MemoryQueue  # noqa: E402
from selfrule.study.labelling import Labelling  # noqa: E402

KEYS_A_LABEL = 15  # about: where to spread the kills


def whole(folder: Path, labels: int, kills: int, seed: int) -> bool:
    """From the first label to the last; gives whether none was lost."""
    study = made(folder, labels + labels // 4, people=labels // 3)
    labelling = Labelling(study)
    labelling.open_draw(labels)
    rng = random.Random(seed)
    due = sorted(rng.sample(range(10, labels * KEYS_A_LABEL // 2), kills))
    plan = {at: KILLS[number % len(KILLS)] for number, at in enumerate(due)}
    with page(labelling, study.root / "labels" / "drafts", clock=time.time) as asker, sync_playwright() as driver:
        browser = Browser(driver, folder / "profile", viewport={"width": 1280, "height": 900})
        worker = Worker(browser, asker.guard.address, "ada", seed)
        begun = time.perf_counter()
        killed = worker.work(plan)
        took = time.perf_counter() - begun
        browser.close()
    kept = Labelling(study).previous("ada")
    wrong = worker.wrong(kept)
    print(f"labels planned {labels}, on the disk {len(kept)}, lost or not as given {len(wrong)}")
    ages = ", ".join(f"{age * 1000:.0f} ms" for age in worker.lost) or "none"
    print(f"keys {worker.pressed:,}, kills {killed}: {dict(Counter(plan.values()))}")
    print(f"levels not in the draft again, by how long before the kill they were pressed: {ages}")
    times = sorted(worker.seconds)
    print(
        f"a label: median {statistics.median(times) * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms; all {took:.0f} s"
    )
    print(f"messages of the browser: {len([text for text in browser.said if 'Failed to load' not in text])}")
    return len(kept) == labels and not wrong


def drafts(folder: Path, count: int = 1000) -> None:
    """What one keystroke costs the server: a draft, flushed to disk."""
    queue = MemoryQueue([talk("a", "b")])
    desk = Desk(queue, Drafts(folder / "alone"))
    (name,) = queue.items
    desk.open(Open("ada"))
    times = []
    for number in range(count):
        begun = time.perf_counter()
        desk.save(Save("ada", name, 0, State(levels={"attachment": number % 4})))
        times.append(time.perf_counter() - begun)
    times.sort()
    print(
        f"a draft: median {times[count // 2] * 1000:.2f} ms, 99 in 100 under {times[count * 99 // 100] * 1000:.2f} ms"
    )


def main() -> int:
    """Run it; exit code 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        drafts(Path(folder))
        return 0 if whole(Path(folder), asked.labels, asked.kills, asked.seed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
