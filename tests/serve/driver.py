"""A labeller who uses the keyboard alone, in a real browser that is killed now and then."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from selfrule.rubric import CONSTRUCTS, LEVELS, PRIMITIVES

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DONE = "body[data-view=done]"
READY = f"body[data-id], {DONE}"
LEVELS_SHOWN = """Object.fromEntries([...document.querySelectorAll(".head")]
  .map((head) => [head.dataset.id, head.querySelector(".value").dataset.level]))"""
KILLS = ("browser", "tab", "close")


def chromium() -> str | None:
    """The browser of this machine, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class KilledError(Exception):
    """The browser is gone."""


class Browser:
    """Chromium with a profile of its own; can be killed as a crash or a user would."""

    def __init__(self, driver: Any, profile: Path, **options: Any) -> None:
        self.driver, self.profile, self.options = driver, profile, options
        self.said: list[str] = []
        self.asked: list[str] = []
        self.context: Any = None

    def page(self, address: str) -> Any:
        """A tab at an address, in a browser started for it where none runs."""
        if self.context is None:
            self.context = self.driver.chromium.launch_persistent_context(
                str(self.profile), executable_path=chromium(), headless=True, args=FLAGS, **self.options
            )
        page = self._tab()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address)
        return page

    def _tab(self) -> Any:
        for _ in range(5):
            try:
                return self.context.new_page()
            except Exception:  # a renderer held ready for the next tab was killed with the last one
                time.sleep(0.3)
        raise AssertionError("the browser opens no tab")

    def _own(self, kind: str | None) -> list[psutil.Process]:
        """Our own processes of this profile alone, by their ids."""
        found = []
        for process in psutil.Process().children(recursive=True):
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if str(self.profile) in line and (kind is None or f"--type={kind}" in line):
                found.append(process)
        return found

    def kill(self, how: str, page: Any) -> None:
        """End the tab: by closing it, by killing what renders it, or the whole browser at once."""
        if how == "close":
            page.close()
            return
        for process in self._own("renderer" if how == "tab" else None):
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if how == "tab":
            page.close()
        if how == "browser":
            self.context = None
            time.sleep(0.3)
            for leftover in self.profile.glob("Singleton*"):
                leftover.unlink(missing_ok=True)

    def close(self) -> None:
        """End it in order."""
        if self.context is not None:
            self.context.close()


class Worker:
    """Labels by a plan made from each conversation's id, so that what must be on the disk is known beforehand."""

    def __init__(self, browser: Browser, address: str, name: str, seed: int = 0, patient: bool = False) -> None:
        self.browser, self.address, self.name, self.seed = browser, address, name, seed
        self.patient = patient  # waits for the word "Saved" before the browser is killed
        self.page: Any = None
        self.state: dict[str, Any] = {}
        self.given: dict[str, dict[str, Any]] = {}
        self.pressed = 0
        self.lost: list[
            float
        ] = []  # for each level that was not there again, how long before the kill it was pressed; seconds
        self.killed_at = 0.0
        self.seconds: list[float] = []
        self.until: Callable[[], str | None] = lambda: None

    def plan(self, conversation: str) -> dict[str, Any]:
        """What is to be said of a conversation."""
        rng = random.Random(f"{self.seed} {conversation}")
        kind = rng.choices(["none", "levels", "unsure", "skipped"], [5, 4, 1, 1])[0]
        levels = {c: rng.choice([0, 0, 1, 2, 3]) if kind == "levels" else 0 for c in CONSTRUCTS}
        return {
            "status": kind if kind in ("unsure", "skipped") else "labelled",
            "levels": dict.fromkeys(CONSTRUCTS[:3], 1) if kind == "unsure" else levels,
            "turns": {c: rng.randrange(2) for c in CONSTRUCTS},
            "marker": {c: rng.random() < 0.3 for c in PRIMITIVES},
            "quick": kind == "none",
        }

    def press(self, key: str) -> None:
        """One key; then the browser may be killed, at once."""
        self.page.keyboard.press(key)
        self.pressed += 1
        how = self.until()
        if how:
            if self.patient:
                self.page.wait_for_selector("#kept[data-state=kept]")
            self.killed_at = time.perf_counter()
            self.browser.kill(how, self.page)
            raise KilledError(how)

    def read(self, script: str) -> Any:
        """Something about the page, as one sees it."""
        return self.page.evaluate(script)

    def begin(self) -> None:
        """Open the page, give the name, and compare what is shown with what was said before."""
        self.page = self.browser.page(self.address)
        self.page.wait_for_selector("#welcome[open]")
        self.page.keyboard.type(self.name)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(READY)
        shown = self.shown()
        if self.state.get("id") == self.conversation():
            for construct, level in list(self.state["levels"].items()):
                if shown.get(construct) != level:
                    self.lost.append(self.killed_at - self.state["times"][construct])
                    del self.state["levels"][construct]  # to be pressed again

    def conversation(self) -> str | None:
        """The conversation in the page."""
        got: str | None = self.read("document.body.dataset.id ?? null")
        return got

    def shown(self) -> dict[str, int]:
        """The levels that the list shows."""
        got = self.read(LEVELS_SHOWN)
        return {c: int(level) for c, level in got.items() if level is not None}

    def _read_to(self, turn: int) -> None:
        for _ in range(200):
            here = int(self.read("document.querySelector('.turn.here').dataset.index"))
            if here == turn:
                return
            self.press("j" if here < turn else "k")
        raise AssertionError("the turn was never reached")

    def _about(self, construct: str, level: int) -> None:
        """Note a level that is about to be pressed, unless it was before."""
        if self.state["levels"].get(construct) != level:
            self.state["levels"][construct] = level
            self.state["times"][construct] = time.perf_counter()

    def _construct(self, construct: str, plan: dict[str, Any]) -> None:
        level = plan["levels"][construct]
        self._about(construct, level)
        self.press(str(level))
        if level == 0:
            return
        self._read_to(plan["turns"][construct])
        if self.read("document.querySelector('.turn.here .cite').getAttribute('aria-pressed')") == "false":
            self.press("Enter")
        if plan["marker"].get(construct):
            chosen = f"document.querySelector('#body-{construct} [data-marker=yes]').getAttribute('aria-checked')"
            if self.read(chosen) == "false":
                self.press("y")
        self.press("Tab")

    def label(self) -> bool:
        """Label the conversation in the page; False where there is none left."""
        name = self.conversation()
        if name is None:
            return False
        plan = self.plan(name)
        begun = time.perf_counter()
        if self.state.get("id") != name:
            self.state = {"id": name, "levels": {}, "times": {}}
        self.given[name] = plan
        for _ in range(7):
            self.press("ArrowUp")
        if plan["quick"]:
            for construct in CONSTRUCTS:
                self._about(construct, 0)
            self.press("r")
        elif plan["status"] != "skipped":
            for construct in plan["levels"]:
                self._construct(construct, plan)
        self.press({"labelled": "Enter", "unsure": "u", "skipped": "s"}[plan["status"]])
        self.page.wait_for_selector(f"body[data-id]:not([data-id='{name}']), {DONE}")
        self.seconds.append(time.perf_counter() - begun)
        return True

    def work(self, kills: dict[int, str] | None = None) -> int:
        """Label to the end; `kills` says after which keys the browser is killed, and how. Gives how often it was."""
        pending = sorted((kills or {}).items())
        done = 0

        def due() -> str | None:
            if pending and self.pressed >= pending[0][0]:
                return pending.pop(0)[1]
            return None

        self.until = due
        self.begin()
        while True:
            try:
                if not self.label():
                    return done
            except KilledError:
                done += 1
                self.begin()

    def wrong(self, labels: list[Any]) -> list[str]:
        """What is on the disk and is not what was said, or is not there."""
        kept = {label.conversation_id: label for label in labels}
        return [name for name, plan in self.given.items() if name not in kept or not self._as_planned(kept[name], plan)]

    def _as_planned(self, label: Any, plan: dict[str, Any]) -> bool:
        if plan["status"] == "skipped":
            return label.status == "skipped" and not label.levels
        levels = dict.fromkeys(CONSTRUCTS) | plan["levels"]
        cited = {c: [plan["turns"][c]] for c, level in plan["levels"].items() if level}
        markers = {p.split("_")[0]: plan["levels"].get(p, 0) > 0 and plan["marker"][p] for p in PRIMITIVES}
        said = {marker: "yes" if yes else "unknown" for marker, yes in markers.items()}
        return (label.status, label.levels, label.evidence, label.actualized) == (plan["status"], levels, cited, said)


assert LEVELS[3] == "severe"  # the keys 0 to 3 are the levels
