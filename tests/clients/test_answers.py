"""The store of paid answers: durable before acknowledged, found again, never mistaken, readable while written."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.clients.answers import Answers
from selfrule.clients.types import Kind, Reply, Token, Usage
from selfrule.errors import StudyError

KEY = "ab" * 32


def keyed(number: int) -> str:
    return f"{number:064x}"


def made(text: str = "yes", **usage: int) -> Reply:
    return Reply(text, "stop", Usage(**usage), "m")


def put(answers: Answers, key: str, kind: Kind, reply: Reply, cost: float | None = 0.5, judge: str = "j") -> None:
    asyncio.run(answers.put(key, kind, reply, model="fake:m", cost=cost, judge=judge))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study" / "answers" / "answers.sqlite"


def test_a_reply_comes_back_as_it_was_put_in_another_life(path: Path) -> None:
    reply = Reply("{}", "length", Usage(1, 2, 3, 4), "served", (Token("0", -0.1), Token("1", -2.0)), "detail")
    with Answers(path) as answers:
        put(answers, KEY, "truncated", reply)
    with Answers(path) as answers:
        stored = answers.get(KEY)
        assert stored is not None
        assert (stored.kind, stored.reply, stored.attempt, stored.cost) == ("truncated", reply, 1, 0.5)
        assert answers.get(keyed(1)) is None


def test_the_latest_attempt_is_given_and_every_one_is_on_the_bill(path: Path) -> None:
    with Answers(path) as answers:
        put(answers, KEY, "refused", made("no", fresh=10), 0.25)
        put(answers, KEY, "answer", made("yes", fresh=10, output=2), 0.5)
        stored = answers.get(KEY)
        assert stored is not None
        assert (stored.kind, stored.attempt, stored.reply.text) == ("answer", 2, "yes")
        assert (answers.spent(), len(answers), answers.bill().usage) == (0.75, 2, Usage(fresh=20, output=2))


def test_a_price_that_is_not_known_is_never_taken_for_nothing(path: Path) -> None:
    with Answers(path) as answers:
        assert answers.spent() == 0.0
        put(answers, keyed(1), "answer", made(), 1.0, judge="dear")
        put(answers, keyed(2), "answer", made(), None, judge="unknown")
        bill = answers.bill()
        assert answers.spent() is None
        assert (bill.known, bill.unpriced) == (1.0, 1)
        assert {line.judge: line.cost for line in bill.lines} == {"dear": 1.0, "unknown": None}


def test_only_the_owner_may_read_the_store(path: Path) -> None:
    with Answers(path) as answers:
        put(answers, KEY, "answer", made())
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_another_process_may_read_while_one_writes(path: Path) -> None:
    with Answers(path) as writing, Answers(path, reading=True) as reading:
        put(writing, KEY, "answer", made())
        assert reading.get(KEY) is not None
        with pytest.raises(StudyError, match="opened for reading"):
            put(reading, KEY, "answer", made())


def test_reading_what_is_not_there_says_so_and_makes_nothing(path: Path) -> None:
    with pytest.raises(StudyError, match="nothing has been asked"):
        Answers(path, reading=True)
    assert not path.exists()


def test_a_lone_surrogate_does_not_lose_a_reply(path: Path) -> None:
    reply = Reply("a\ud800b", "stop", Usage(), "m", (Token("\udfff", -1.0),), "\ud800")
    with Answers(path) as answers:
        put(answers, KEY, "answer", reply)
        stored = answers.get(KEY)
        assert stored is not None
        assert stored.reply.text == "a?b"
        assert stored.reply.first[0].text == "?"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"not a database at all, but long enough to be read as one" * 40, "damaged", id="other bytes"),
        pytest.param(None, "no store of answers", id="another database"),
    ],
)
def test_a_file_that_is_no_store_is_refused_with_a_remedy(path: Path, content: bytes | None, said: str) -> None:
    path.parent.mkdir(parents=True)
    if content is None:
        other = sqlite3.connect(path)
        other.execute("create table mine (a)")
        other.commit()
        other.close()
    else:
        path.write_bytes(content)
    with pytest.raises(StudyError, match=said) as caught:
        Answers(path)
    assert "move it away" in str(caught.value)


def test_a_store_with_a_damaged_page_says_what_to_do(path: Path) -> None:
    with Answers(path) as answers:

        async def fill() -> None:
            await asyncio.gather(
                *(answers.put(keyed(n), "answer", made("x" * 900), model="m", cost=0.0, judge="j") for n in range(200))
            )

        asyncio.run(fill())
    content = bytearray(path.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)
    with Answers(path) as answers, pytest.raises(StudyError, match=r"damaged.*\.recover"):
        for number in range(200):
            answers.get(keyed(number))


def test_a_store_of_a_newer_selfrule_is_left_alone(path: Path) -> None:
    Answers(path).close()
    other = sqlite3.connect(path)
    other.execute("pragma user_version=99")
    other.close()
    with pytest.raises(StudyError, match="newer selfrule"):
        Answers(path)


def test_a_full_disk_is_told_and_what_was_kept_is_still_there(path: Path) -> None:
    with Answers(path) as answers:
        put(answers, keyed(1), "answer", made())
        writer = answers._writer
        assert writer is not None

        async def filled() -> None:
            await writer.write([("pragma max_page_count=1", ())])

        with pytest.raises(StudyError):  # a pragma inside a transaction is taken; what follows finds no room
            asyncio.run(filled())
            put(answers, keyed(2), "answer", made("x" * 100_000))
        stored = answers.get(keyed(1))
        assert stored is not None


def test_a_reply_is_kept_though_its_asker_is_cancelled(path: Path) -> None:
    async def cancelled(answers: Answers) -> None:
        task = asyncio.create_task(answers.put(KEY, "answer", made(), model="m", cost=0.0, judge="j"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Answers(path) as answers:
        asyncio.run(cancelled(answers))
    with Answers(path) as answers:
        assert answers.get(KEY) is not None


_KINDS: list[Kind] = ["answer", "refused", "filtered", "truncated", "unparseable"]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(_KINDS), st.text(max_size=20)), max_size=30))
def test_the_store_is_a_dictionary_of_last_words(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[int, Kind, str]]
) -> None:
    model: dict[int, tuple[Kind, str, int]] = {}
    with Answers(tmp_path_factory.mktemp("store") / "a.sqlite") as answers:

        async def all_of_it() -> None:
            for number, kind, text in written:
                await answers.put(keyed(number), kind, made(text), model="m", cost=1.0, judge="j")
                model[number] = (kind, text, model.get(number, ("", "", 0))[2] + 1)

        asyncio.run(all_of_it())
        for number in range(6):
            stored = answers.get(keyed(number))
            found = None if stored is None else (stored.kind, stored.reply.text, stored.attempt)
            assert found == model.get(number)
        assert answers.spent() == len(written)


_WRITES_UNTIL_KILLED = """
    import asyncio, os, sys
    from pathlib import Path
    from selfrule.clients.answers import Answers
    from selfrule.clients.types import Reply, Usage

    async def main():
        answers, first = Answers(Path(sys.argv[1])), int(sys.argv[2])
        async def one(worker):
            for n in range(first + worker, 10**9, 64):
                await answers.put(f"{n:064x}", "answer", Reply(f"reply {n}", "stop", Usage(fresh=1), "m"),
                                  model="m", cost=1.0, judge="j")
                os.write(1, f"{n}\\n".encode())
        await asyncio.gather(*(one(worker) for worker in range(64)))

    asyncio.run(main())
"""


def test_what_was_acknowledged_survives_kill_9_at_any_point(path: Path) -> None:
    acknowledged: set[int] = set()
    for round_ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_WRITES_UNTIL_KILLED), str(path), str(round_ * 1_000_000)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(0.05 + 0.07 * round_)
        os.kill(process.pid, signal.SIGKILL)
        said = (first + process.stdout.read()).splitlines(keepends=True)
        process.stdout.close()
        process.wait()
        acknowledged |= {int(line) for line in said if line.endswith(b"\n")}
    assert len(acknowledged) > 200
    with Answers(path) as answers:
        for number in acknowledged:
            stored = answers.get(keyed(number))
            assert stored is not None, number
            assert stored.reply.text == f"reply {number}"
        kept = answers.select("select count(*) from answers")[0][0]
        assert answers.spent() == kept >= len(acknowledged), "the bill is of the same transaction as the replies"
        assert answers.select("pragma integrity_check") == [("ok",)]


def test_many_writers_share_flushes(path: Path) -> None:
    with Answers(path) as answers:

        async def fill() -> None:
            await asyncio.gather(
                *(answers.put(keyed(n), "answer", made(), model="m", cost=0.0, judge="j") for n in range(2000))
            )

        asyncio.run(fill())
        assert answers._writer is not None
        assert answers._writer.commits < 200
        assert len(answers) == 2000
