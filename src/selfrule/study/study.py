"""A study: the order of the stages, resume, the manifest. `audit` is the main job.

Import, find duplicates, screen, rate, estimate, report: each stage does only what is missing, so that a second run does
only what is new, and a run that was killed goes on.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from selfrule.analyses.figures import BETWEEN_PEOPLE
from selfrule.engine import cores
from selfrule.errors import ClientError, InputError, StudyError, UsageError
from selfrule.estimate.table import estimates as estimate_table
from selfrule.privacy import K, release
from selfrule.records import Estimate
from selfrule.report.context import ReportContext, StoryFacts
from selfrule.report.labels import LabelFacts
from selfrule.store.folder import FORGETTING, Folder, write_file
from selfrule.store.sealing import seal_of
from selfrule.study import analyses, duplicates, honesty, patterned, tables, weights
from selfrule.study.importing import Found, Importer
from selfrule.study.mappings import Given, mapping_of
from selfrule.study.rating import DEFAULT_RECALL, EMBEDDED, Choices, Plan, plan, rate
from selfrule.study.weights import weighing_of
from selfrule.version import VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfrule.analyses.figures import Analysis
    from selfrule.analyses.sample import Sample
    from selfrule.analyses.story_records import Story
    from selfrule.estimate.frame import Frame
    from selfrule.judges import Judge
    from selfrule.study.costs import Proposal
    from selfrule.study.forget import Receipt
    from selfrule.study.forget_journal import Journal
    from selfrule.study.judged import Summary
    from selfrule.study.judging import Terms
    from selfrule.study.leaks import Checked

_CHECKED = 500  # conversations that the screen dropped and a paid judge rates all the same, at most

Inputs = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


class Watcher(Protocol):
    """What a run tells whoever watches it."""

    def found(self, found: Found) -> None:
        """An entry was recognised."""
        ...

    def stage(self, name: str, total: int, unit: str) -> None:
        """A stage begins: `total` of `unit` ("bytes" or "conversations") are to be done."""
        ...

    def advance(self, done: int) -> None:
        """So much more of the stage is done."""
        ...

    def done(self) -> None:
        """The stage is over."""
        ...


class Quiet:
    """A watcher that says nothing."""

    def found(self, found: Found) -> None:
        """Nothing."""

    def stage(self, name: str, total: int, unit: str) -> None:
        """Nothing."""

    def advance(self, done: int) -> None:
        """Nothing."""

    def done(self) -> None:
        """Nothing."""


class Made(NamedTuple):
    """Every figure of a study, what it was made of, what is known of labels, and the labels' state when it was made."""

    estimates: list[Estimate]
    narrow: pa.Table
    labels: LabelFacts | None
    state: honesty.State
    unplaced: str | None = None  # what is left out of them, where they are to be shared


class Study(patterned.Patterned):
    """One investigation: a folder with everything about it.

    Example:
        >>> import selfrule
        >>> study = selfrule.audit("export.zip")            # doctest: +SKIP
        >>> study.ratings().to_pandas()                     # doctest: +SKIP
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._made: Made | None = None  # estimates, until something is imported, rated or labelled
        self._sample: tuple[pa.Table, Sample] | None = None  # and what analyses are made from
        self._public: tuple[Made, int, Made, NDArray[np.bool_]] | None = (
            None  # the same of what may be shared, if not all
        )
        self._public_sample: tuple[pa.Table, Sample] | None = None
        self._analysed: tuple[Sample, dict[str, Analysis]] | None = None  # and those of the report

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Study:
        """Open an existing study. Where somebody was being forgotten when a run was killed, that is finished first.

        Raises:
            StudyError: there is no study at this path.
        """
        return cls(_finished(Folder.open(Path(path), unfinished=True)))

    @property
    def path(self) -> Path:
        """The study's folder."""
        return self._folder.root

    @property
    def manifest(self) -> dict[str, Any]:
        """What made what: inputs, readers, versions, hashes, choices, times."""
        return self._folder.manifest()

    @property
    def choices(self) -> Choices:
        """The choices of the latest rating."""
        return msgspec.convert(self.manifest.get("choices", {}), Choices)

    def _plan(self) -> Plan:
        return plan(self.choices)

    def import_(
        self,
        inputs: Inputs,
        *,
        map: Given = None,  # noqa: A002 - the word of the CLI
        reader: str | None = None,
        sampled: float | None = None,
        population: int | None = None,
        between_people: bool = False,
        workers: int | None = None,
        watcher: Watcher | None = None,
        drawn: Path | None = None,
        no_text: bool = False,
        encrypt: bool = False,
    ) -> Importer:
        """Read inputs into the study; what is in it already is passed over.

        Args:
            inputs: Files, folders, zips.
            map: Where the fields are, for formats of your own: pairs as for `--map`, or the path of a TOML file.
            reader: Name of the reader to use instead of recognising the format.
            sampled: Share of the conversations that was drawn to make these inputs, in (0, 1].
            population: Conversations there were, of which the study is a simple random sample.
            between_people: They were held between people, without an assistant: every figure is labelled so from now on.
            workers: Processes; default all cores.
            watcher: Told of progress.
            drawn: The file of a draw (`drawn.Drawn`): only those in it are read.
            no_text: Leave the words of conversations out of the study once they are rated, from now on (docs/privacy.md).
            encrypt: Encrypt words at rest, from now on, by the passphrase in the environment (docs/privacy.md).

        Raises:
            InputError: an input does not exist, or holds nothing usable while the study is empty.
            StudyError: another run is writing to the study.
            UsageError: a share or a population makes no sense, or an input was read with other weights.
        """
        from selfrule.study import encrypting
        from selfrule.study import no_text as leaving

        watch = watcher or Quiet()
        self._made = None
        paths = [Path(p) for p in ([inputs] if isinstance(inputs, str | os.PathLike) else inputs)]
        if drawn is None and "draw" in self.manifest.get("sampling", {}):
            raise UsageError(
                f"{self.path} was drawn by selfrule sample: what is added to it would stand beside the sample. Draw again, or "
                f"start another study with -o. To rate it: selfrule rate {self.path}"
            )
        with self._folder.lock():
            self._folder.sweep()
            if no_text:
                leaving.choose(self._folder)
            if encrypt:
                encrypting.encrypt(self._folder)
            importer = Importer(
                self._folder,
                workers=workers or cores(),
                mapping=mapping_of(map),
                reader=reader,
                weighing=weighing_of(map, sampled),
                drawn=drawn,
                told=watch.found,
                begun=lambda size: watch.stage("Reading", size, "bytes"),
                moved=watch.advance,
            )
            importer.run(paths)
            watch.done()
            copies = duplicates.find(self._folder)
            self._write_problems()
            manifest = self.manifest
            weights.population(manifest, population, self.count() - copies.all)
            if between_people:
                manifest["between_people"] = True
            manifest.setdefault("created", _now())
            manifest["software"] = VERSION
            self._folder.write_manifest(manifest)
            if not self.count():
                raise InputError(self._nothing(paths))
        return importer

    def rate(
        self,
        *,
        judge: str | Judge | Sequence[str | Judge] | None = None,
        protocol: str = "joint",
        parameters: Mapping[str, Any] | None = None,
        screen: bool = True,
        screen_recall: float = DEFAULT_RECALL,
        check: float | None = None,
        budget: float | None = None,
        batch: bool = False,
        wait: bool = False,
        confirm: bool | Callable[[Proposal], bool] = False,
        retry: Sequence[str] = (),
        prices: str | os.PathLike[str] | None = None,
        concurrency: int | None = None,
        workers: int | None = None,
        watcher: Watcher | None = None,
        no_text: bool = False,
    ) -> list[Summary]:
        """Screen and rate what has no rating of these choices yet.

        Args:
            judge: Who rates: "embedded" (the default), "anthropic:MODEL", "openai:MODEL", "openai-compatible:URL#MODEL",
                "ollama:MODEL"; several with commas are a cascade from cheap to strong; any object with `label` and `rate`.
                A sequence is a panel: each rates the same conversations, and the first one's figures are reported.
            protocol: How language models are asked: "joint", "separate" or "logprobs" (docs/judges.md).
            parameters: Sent in the body of every request.
            screen: False lets a language model rate what the screen drops too.
            screen_recall: Share of flagged conversations the screen is to keep, in (0, 1].
            check: Share of screened-out conversations rated all the same, in [0, 1], to measure what the screen missed.
                Default 1 for the embedded judge, and what makes about 500 of them for others.
            budget: US dollars that this study may cost in all; it stops cleanly there.
            batch: Through the provider's batch interface: submits and returns; call again to collect.
            wait: With `batch`: stay until every batch has come back.
            confirm: Whether conversations may be sent to a remote judge, or a function that is shown what is about to be
                sent and says so.
            retry: Statuses asked about anew: "refused", "filtered", "truncated", "unparseable".
            prices: A file of prices and limits of models, beside those of the user's configuration.
            concurrency: Most requests in flight.
            workers: Processes of the embedded judge; default all cores.
            watcher: Told of progress.
            no_text: Leave the words of conversations out of the study once they are rated, from now on (docs/privacy.md).

        Returns:
            What each judge other than the embedded one did.

        Raises:
            UsageError: a value makes no sense, or sending conversations away was not confirmed.
            ClientError: a model cannot be used; what was answered before is kept.
        """
        from selfrule.study import no_text as leaving
        from selfrule.study.judging import Terms, retried

        panel = _panel(judge)
        if not panel:
            raise UsageError("The 'judge' must name at least one judge. Got an empty sequence instead.")
        terms = Terms(
            budget=budget,
            batch=batch,
            wait=wait,
            prices=None if prices is None else Path(prices),
            concurrency=concurrency,
            retry=retried(retry),
            confirm=confirm,
        )
        given = Choices(screen_recall, 1.0, EMBEDDED, protocol, dict(parameters or {}), screen)
        wanted = [self._choices(member, given, check) for member in panel]
        self._made = None
        watch = watcher or Quiet()
        summaries = []
        with self._folder.lock():
            self._folder.sweep()
            if no_text:
                leaving.choose(self._folder)
            plans = []
            base = self._embedded(
                Choices(screen_recall, 1.0 if wanted[0].judge != EMBEDDED else wanted[0].check), watch, workers
            )
            if EMBEDDED not in panel:
                self._record(Choices(screen_recall), base, EMBEDDED, lead=False)
            for place, (member, choices) in enumerate(zip(panel, wanted, strict=True)):
                where, label = base, None
                if choices.judge != EMBEDDED:
                    where, summary = self._judged(member, choices, base, terms, watch)
                    summaries.append(summary)
                    label = summary.judge
                self._record(choices, where, member, lead=place == 0, label=label)
                plans.append(where)
            if leaving.chosen(self._folder):
                leaving.leave_out(self._folder, plans)
        return summaries

    def _choices(self, judge: str | Judge, given: Choices, check: float | None) -> Choices:
        """The choices for one judge of a panel."""
        from selfrule.study.judging import names_of

        if judge == EMBEDDED:
            choices = Choices(given.recall, 1.0 if check is None else check)
        else:
            name = judge if isinstance(judge, str) else f"object:{judge.label}"
            choices = msgspec.structs.replace(given, judge=name, check=self._check(check))
            if isinstance(judge, str):
                names_of(name)
        plan(choices)
        return choices

    def _check(self, check: float | None) -> float:
        """The share of screened-out conversations that a judge other than the embedded one rates: chosen once a study."""
        if check is not None:
            return check
        known = self.manifest.get("check")
        return float(known) if known is not None else min(1.0, round(_CHECKED / max(1, self.count()), 4) or 1e-4)

    def _embedded(self, choices: Choices, watch: Watcher, workers: int | None) -> Plan:
        watch.stage("Rating", self.count(), "conversations")
        where = rate(self._folder, choices, workers=workers or cores(), moved=watch.advance)
        watch.done()
        return where

    def _judged(
        self, judge: str | Judge, choices: Choices, base: Plan, terms: Terms, watch: Watcher
    ) -> tuple[Plan, Summary]:
        """Rate with a judge other than the embedded one. Its table is on record even where it is cut short."""
        from selfrule.study import judged
        from selfrule.study import no_text as leaving
        from selfrule.study.asking import AGAIN, Work

        where = plan(choices)
        copies = duplicates.rows_of(self._folder)
        work = Work(self._folder, where, base, choices, copies, frozenset((*AGAIN, *terms.retry)))
        seal_of(self._folder.root)  # a passphrase that is not there is said before anything is asked
        leaving.sure(work)
        told = judged.Watch(
            begun=lambda total: watch.stage("Asking", total, "conversations"),
            moved=watch.advance,
        )
        try:
            if isinstance(judge, str):
                return where, judged.by_name(work, terms, told)
            return where, judged.by_object(work, judge, told)
        except ClientError:
            if self._folder.parts("ratings", where.judge):  # what was rated before it ended is there, and shown
                self._record(choices, where, judge, lead=True)
            raise
        finally:
            watch.done()

    def _record(
        self, choices: Choices, where: Plan, judge: str | Judge, *, lead: bool, label: str | None = None
    ) -> None:
        """Write down which judge rated, by what choices, and whether its figures are those reported."""
        from selfrule.study.judging import entry

        manifest = self.manifest
        if choices.judge != EMBEDDED:
            manifest.setdefault("check", choices.check)
        if lead:
            manifest["choices"] = msgspec.to_builtins(choices)
            manifest["tables"] = msgspec.to_builtins(where)
            manifest["rated"] = _now()
        others = [known for known in manifest.get("judges", []) if known["table"] != where.judge]
        manifest["judges"] = [*others, entry(choices, where, judge, label) | {"rated": _now()}]
        self._folder.write_manifest(manifest)

    def forget(
        self,
        persons: Sequence[str] = (),
        conversations: Sequence[str] = (),
        *,
        confirm: Callable[[Journal], bool] = lambda journal: True,
        watcher: Watcher | None = None,
    ) -> Receipt | None:
        """Remove people and conversations from every table for good, prove it, and leave them out of every further import.

        Args:
            persons: Raw ids of people as the logs have them, or their pseudonyms in this study.
            conversations: Ids of conversations, of this study or of the log; their copies go too.
            confirm: Shown what would go (`study.forget_journal.Journal`); nothing is touched where it says no.
            watcher: Told of progress.

        Returns:
            What was removed from where; None where all of it had been forgotten before.

        Raises:
            UsageError: nobody, or no conversation, of such an id is or was in the study; or it was not confirmed.
        """
        from selfrule.study import forget
        from selfrule.study.encrypting import opened

        watch = watcher or Quiet()
        self._made = self._sample = self._analysed = None
        try:
            with self._folder.lock():
                return forget.forget(
                    self._folder,
                    persons,
                    conversations,
                    confirm=confirm,
                    opened=opened(self._folder),
                    stage=watch.stage,
                    moved=watch.advance,
                )
        finally:
            watch.done()

    def encrypt(self) -> int:
        """Encrypt the study's words at rest, by the passphrase in the environment; what is added later too.

        Returns:
            How many parts were written anew.

        Raises:
            UsageError: there is no passphrase, or too short a one.
            StudyError: it is another than the study's, or another run is writing to the study.
        """
        from selfrule.study import encrypting

        with self._folder.lock():
            self._folder.sweep()
            return encrypting.encrypt(self._folder)

    def decrypt(self) -> int:
        """Write the study's words plain again. Returns how many parts were written anew.

        Raises:
            UsageError: it is not encrypted.
            StudyError: there is no passphrase or another, or another run is writing to the study.
        """
        from selfrule.study import encrypting

        with self._folder.lock():
            self._folder.sweep()
            return encrypting.decrypt(self._folder)

    def count(self) -> int:
        """Conversations read, duplicates included."""
        return sum(pq.read_metadata(p).num_rows for p in self._folder.parts("conversations"))

    def conversations(self) -> pa.Table:
        """All conversations read, turns included (schema `selfrule.store.schemas.CONVERSATIONS`). Private."""
        from selfrule.store.schemas import CONVERSATIONS, stored_part
        from selfrule.store.text import plain_words

        parts = [plain_words(stored_part(p, CONVERSATIONS.names)) for p in self._folder.parts("conversations")]
        return pa.concat_tables(parts).unify_dictionaries() if parts else CONVERSATIONS.empty_table()

    def ratings(self) -> pa.Table:
        """One row a conversation: screen, status, levels, probabilities, evidence, markers, domains. Private."""
        return tables.rating_table(self.rating_rows())

    def rating_rows(self) -> Iterable[pa.Table]:
        """The table of `ratings`, piece by piece, for studies that do not fit in memory."""
        return tables.rating_rows(self._folder, self._plan())

    def estimates(self, *, shareable: bool = False, k: int = K) -> pa.Table:
        """Every figure as a table (schema of `selfrule.records.Estimate`).

        Args:
            shareable: Pass them through the release gate first.
            k: The smallest group a shareable table shows.
        """
        return tables.estimate_table(self.estimate_list(shareable=shareable, k=k))

    def estimate_list(self, *, shareable: bool = False, k: int = K) -> list[Estimate]:
        """Every figure as a record.

        Args:
            shareable: Pass them through the release gate first.
            k: The smallest group that it lets through.
        """
        return release(self._shared(k)[0].estimates, k).estimates if shareable else self._estimates().estimates

    def _estimates(self) -> Made:
        labels = honesty.state(self._folder)
        if self._made is None or self._made.state != labels:
            from selfrule.study.frames import frame

            narrow = tables.narrow(self._folder, self._plan())
            made = frame(narrow)
            honest = honesty.honesty(self._folder, self._plan().judge, narrow, made)
            self._made = Made([*self._rated(made), *honest.estimates], narrow, honest.facts, labels)
        return self._made

    def _rated(self, made: Frame) -> list[Estimate]:
        rated = estimate_table(made)
        if not self.manifest.get("between_people"):
            return rated
        return [msgspec.structs.replace(e, note=BETWEEN_PEOPLE) for e in rated]

    def _shared(self, k: int) -> tuple[Made, NDArray[np.bool_] | None]:
        """The same of what figures to be shared are made of, and which conversations these are (None: all)."""
        from selfrule.study.known import placed, said

        made = self._estimates()
        if self._public is None or self._public[0] is not made or self._public[1] != k:
            stays, left = placed(made.narrow, k)
            if stays.all():
                return made, None
            from selfrule.study.frames import frame

            narrow = made.narrow.filter(pa.array(stays))
            honest = [e for e in made.estimates if e.kind != "rated"]  # of draws from everything, and by no exact count
            figures = [*self._rated(frame(narrow)), *honest]
            self._public = made, k, Made(figures, narrow, made.labels, made.state, said(left, k)), stays
        return self._public[2], self._public[3]

    def sample(self, *, openings: bool = False, k: int | None = None) -> Sample:
        """One row a conversation that went to the judge, as every analysis takes it. Private.

        Args:
            openings: With a number for the person's first words, for which the text is read.
            k: Only those that figures to be shared are made of, with this smallest group (`study.known`).
        """
        made, stays = (self._estimates(), None) if k is None else self._shared(k)
        narrow = made.narrow
        if openings:
            return analyses.sample(
                self._folder, self._plan(), narrow, openings=True, stays=stays, unplaced=made.unplaced
            )
        known = self._sample if stays is None else self._public_sample
        if known is None or known[0] is not narrow:
            known = narrow, analyses.sample(self._folder, self._plan(), narrow, unplaced=made.unplaced)
        if stays is None:
            self._sample = known
        else:
            self._public_sample = known
        return known[1]

    def story(self) -> Story:
        """What one person's own conversations say, in figures. Private: there is no shareable story.

        Raises:
            UsageError: The conversations are of several people, or it is not sure that they are of one.
        """
        from selfrule.study.story import figures, of_one_person

        narrow = self._estimates().narrow
        if not of_one_person(self._folder, narrow):
            raise UsageError(
                f"{self.path} is not, or not surely, of one person's own conversations, so it has no story. A story is made of a "
                "person's own export (ChatGPT, Claude.ai), or where every conversation is of one known person."
            )
        return figures(self.sample(), narrow)

    def problems(self) -> pa.Table:
        """Everything that was wrong with the input: file, place, kind, reason, remedy, severity."""
        return tables.problems(self._folder)

    def check(self) -> list[str]:
        """What is wrong with the study, a sentence each with its remedy; empty where it is sound."""
        from selfrule.study.check import check

        return check(self._folder, self._plan())

    def privacy_check(self, *, k: int = K, seed: int = 0) -> Checked:
        """What of the study's own people stands in what it shares, and which groups shown are too small.

        Args:
            k: The smallest group of what is shared.
            seed: Of the sample of conversations in which names are looked for.

        Returns:
            What was searched for, and what was found.
        """
        from selfrule.study import leaks

        return leaks.check(self, self._folder, k=k, seed=seed)

    def context(self, *, private: bool = False, k: int = K) -> ReportContext:
        """What the report says, before it is laid out."""
        from selfrule.study import patterns_files
        from selfrule.study.reporting import context

        made = self._estimates() if private else self._shared(k)[0]
        found = patterns_files.for_report(self._folder, self._plan(), private=private, k=k)
        return context(
            self._folder,
            self._plan(),
            self.choices,
            made.estimates,
            made.narrow,
            kind="private" if private else "shareable",
            k=k,
            labels=made.labels,
            analyses=analyses.released(self._reported(None if private else k), self.sample(), None if private else k),
            story=self._story() if private else None,
            unplaced=made.unplaced,
            patterns=found,
            pattern_members=patterns_files.sources(self._folder) if private and found else {},
        )

    def _reported(self, k: int | None) -> dict[str, Analysis]:
        """The report's analyses, made once for the shareable report and the private one where these are of the same."""
        sample = self.sample(k=k)
        if self._analysed is None or self._analysed[0] is not sample:
            self._analysed = sample, analyses.reported(sample)
        return self._analysed[1]

    def _story(self) -> StoryFacts | None:
        from selfrule.study.story import story

        return story(self._folder, self._plan(), self.sample(), self._estimates().narrow)

    def report(self, *, private: bool = False, k: int = K, context: ReportContext | None = None) -> Path:
        """Write the report and return its path: `report.html` (shareable) or `report-private.html`.

        Args:
            private: With the person's own flagged turns quoted. Not for sharing.
            k: The smallest group, in conversations, that a shareable report shows.
            context: What to lay out, where it has been made already.
        """
        from selfrule.report import render

        page = render(context or self.context(private=private, k=k))
        path = self.path / ("report-private.html" if private else "report.html")
        write_file(path, page.encode("utf-8", "replace"), mode=0o600 if private else 0o644)
        return path

    def _write_problems(self) -> None:
        lines = [msgspec.json.encode(row) + b"\n" for row in self.problems().to_pylist()]
        write_file(self.path / "problems.jsonl", b"".join(lines))

    def _nothing(self, paths: Sequence[Path]) -> str:
        rows = [r for r in self.problems().to_pylist() if r["severity"] == "skipped"]
        names = ", ".join(str(p) for p in paths[:3]) + (", ..." if len(paths) > 3 else "")
        if not rows:
            return f"{names}: no conversation found. selfrule reads exports and logs as in docs/formats.md."
        first = rows[0]
        more = f" ({len(rows):,} problems in all, listed in {self.path / 'problems.jsonl'})" if len(rows) > 1 else ""
        remedy = f" Remedy: {first['remedy']}." if first["remedy"] else ""
        return f"{names}: no usable conversation. {first['input']}, {first['place']}: {first['reason']}.{remedy}{more}"


def _panel(judge: str | Judge | Sequence[str | Judge] | None) -> list[str | Judge]:
    if judge is None:
        return [EMBEDDED]
    if isinstance(judge, Sequence) and not isinstance(judge, str):
        return list(judge)
    return [judge]


def _finished(folder: Folder) -> Folder:
    """The folder, once nobody is left in it who was being forgotten."""
    if (folder.root / FORGETTING).exists():
        from selfrule.study import forget
        from selfrule.study.encrypting import opened

        with folder.lock():
            forget.finish(folder, opened=opened(folder))
    return folder


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def default_folder(inputs: Sequence[Path]) -> Path:
    """Where a study goes that no place was named for: "NAME-study" in the current folder, after the first input."""
    first = inputs[0]
    if str(first) == "-":
        return Path("stdin-study")
    name = first.resolve().name if first.is_dir() else first.name.partition(".")[0]
    return Path(f"{name or 'selfrule'}-study")


def existing(inputs: Sequence[Path]) -> list[Path]:
    """The inputs, once it is sure that there are some and that each is there: before anything is made for them.

    Raises:
        InputError: there is none, or one does not exist.
    """
    if not inputs:
        raise InputError("No input. Name at least one file, folder or zip of conversations.")
    for path in inputs:
        if str(path) != "-" and not path.exists():
            raise InputError(f"{path}: no such file or folder.")
    return list(inputs)


def create(path: str | os.PathLike[str]) -> Study:
    """Open the study at a path, making it where there is none.

    Raises:
        StudyError: the path is taken by something else.
    """
    return Study(_finished(Folder.create(Path(path))))


def audit(
    inputs: Inputs,
    output: str | os.PathLike[str] | None = None,
    *,
    map: Given = None,  # noqa: A002 - the word of the CLI
    reader: str | None = None,
    sampled: float | None = None,
    population: int | None = None,
    between_people: bool = False,
    screen_recall: float = DEFAULT_RECALL,
    check: float | None = None,
    private: bool = False,
    k: int = K,
    workers: int | None = None,
    watcher: Watcher | None = None,
    no_text: bool = False,
    encrypt: bool = False,
    **judging: Any,
) -> Study:
    """The main job: read logs, screen, rate, estimate, and write a study folder with its report.

    Run again on the same study, it does only what is new; after an interruption it goes on.

    Args:
        inputs: Files, folders or zips of conversation logs.
        output: The study's folder; default "NAME-study" in the current folder.
        map: Where the fields are, for a format of your own (see docs/formats.md).
        reader: Name of the reader to use instead of recognising the format.
        sampled: Share of the conversations that was drawn to make the inputs, in (0, 1].
        population: Conversations there were, of which the study is a simple random sample.
        between_people: They were held between people, without an assistant: every figure is labelled so.
        screen_recall: Share of flagged conversations the screen is to keep, in (0, 1].
        check: Share of screened-out conversations rated all the same, in [0, 1]; see `Study.rate`.
        private: Also write the private report, which quotes flagged turns.
        k: The smallest group that the shareable report shows.
        workers: Processes; default all cores.
        watcher: Told of progress.
        no_text: Leave the words of conversations out of the study once they are rated, from now on (docs/privacy.md).
        encrypt: Encrypt words at rest, from now on, by the passphrase in the environment (docs/privacy.md).
        **judging: Further arguments of `Study.rate`, such as `judge` and `budget`.

    Returns:
        The study.

    Raises:
        InputError: an input does not exist, or nothing in any of them is usable.
        StudyError: the folder is taken by something else, or another run is writing to it.
    """
    paths = [Path(p) for p in ([inputs] if isinstance(inputs, str | os.PathLike) else inputs)]
    existing(paths)
    study = create(output if output is not None else default_folder(paths))
    study.import_(
        paths,
        map=map,
        reader=reader,
        sampled=sampled,
        population=population,
        between_people=between_people,
        workers=workers,
        watcher=watcher,
        no_text=no_text,
        encrypt=encrypt,
    )
    study.rate(screen_recall=screen_recall, check=check, workers=workers, watcher=watcher, **judging)
    study.report(k=k)
    if private:
        study.report(private=True, k=k)
    return study


__all__ = ["Inputs", "Quiet", "Study", "StudyError", "Watcher", "audit", "create", "default_folder"]
