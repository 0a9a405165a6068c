"""The draws of a study, on disk: `labels/draws/ID.json`. The current one is the last that was made or made longer."""

from __future__ import annotations

import datetime

import msgspec
import xxhash

from selfrule.errors import StudyError, UsageError
from selfrule.labels.allocation import FLOOR
from selfrule.labels.draws import DOUBLES, Draw, population, queue
from selfrule.rubric import load
from selfrule.store.folder import Folder, write_file
from selfrule.study import label_rows


class Draws:
    """The draws of one study."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._seen: tuple[object, Draw | None] = ((), None)

    def current(self) -> Draw | None:
        """The current draw; None before the first.

        Raises:
            StudyError: a draw cannot be read.
        """
        paths = sorted((self._folder.root / "labels" / "draws").glob("*.json"))
        state = tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
        if state != self._seen[0]:
            found = []
            for path in paths:
                try:
                    found.append(msgspec.json.decode(path.read_bytes(), type=Draw))
                except msgspec.DecodeError as error:
                    raise StudyError(f"{path} cannot be read as a draw ({error}). Restore it, or remove it.") from error
            self._seen = state, max(found, key=lambda draw: (draw.extended or (draw.made,))[-1], default=None)
        return self._seen[1]

    def fresh(self, draw: Draw) -> bool:
        """Whether a draw is still of the study's conversations, rated as they were when it was made."""
        if not self._folder.parts("ratings", draw.table):
            return False
        rows = label_rows.population(self._folder, draw.table)
        return population(rows.ids, rows.strata) == draw.population

    def open(
        self,
        budget: int,
        *,
        doubles: float | None = None,
        seed: int | None = None,
        floor: float | None = None,
        table: str | None = None,
    ) -> Draw:
        """Make, extend or keep; see `labelling.Labelling.open_draw`. Call while holding the lock of the labels."""
        now = self.current()
        screen, reported = label_rows.reported(self._folder)
        if table is None and now is not None and self.fresh(now):
            table = now.table  # strata by any judge will do: what was reached by them is not thrown away
        table = table or reported
        seed = seed if seed is not None else (now.seed if now else 0)
        doubles = doubles if doubles is not None else (now.doubles if now else DOUBLES)
        floor = floor if floor is not None else (now.floor if now else FLOOR)
        rows = label_rows.population(self._folder, table)
        if not rows.ids:
            raise UsageError("There is no conversation to draw: the study has none, or none is rated yet.")
        digest = population(rows.ids, rows.strata)
        rubric = load().label
        key = xxhash.xxh3_64_hexdigest(repr((seed, table, rubric, digest, doubles, floor)).encode())[:12]
        before = self._read(key)
        if before is not None and before.budget >= budget and before is now:
            return before
        items, sizes = queue(
            rows.ids,
            [rows.parts[code] for code in rows.part.tolist()],
            rows.strata,
            budget if before is None else max(budget, before.budget),
            seed=seed,
            doubles=doubles,
            floor=floor,
            before=() if before is None else before.items,
        )
        stamp = datetime.datetime.now(datetime.UTC).isoformat()
        made = Draw(
            id=key,
            made=stamp if before is None else before.made,
            seed=seed,
            table=table,
            rubric=rubric,
            population=digest,
            budget=budget if before is None else max(budget, before.budget),
            doubles=doubles,
            floor=floor,
            strata=sizes,
            items=items,
            screen=screen,
            extended=() if before is None else (*before.extended, stamp),
        )
        path = self._folder.root / "labels" / "draws" / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_file(path, msgspec.json.format(msgspec.json.encode(made), indent=1), mode=0o600)
        return made

    def _read(self, key: str) -> Draw | None:
        now = self.current()
        if now is not None and now.id == key:
            return now
        path = self._folder.root / "labels" / "draws" / f"{key}.json"
        return msgspec.json.decode(path.read_bytes(), type=Draw) if path.exists() else None
