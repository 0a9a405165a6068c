"""Anchors: kept without text, compared with an earlier time, honest about what cannot be compared."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from selfrule.errors import InputError
from selfrule.judges.check.corpora import anchors
from selfrule.records import Conversation, Rating
from selfrule.study.judge_drift import AnchorRun, drift, keep, mcnemar, rate_anchors, run_of, runs
from tests.judges_check.fakes import HONEST, Honest, rating

THEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


class Stricter(Honest):
    """Says one level more on reality distortion than is due."""

    label = "fake-2"

    def say(self, conversation: Conversation, sample: int) -> Rating:
        levels = dict(HONEST[conversation.conversation_id])
        levels["reality_distortion"] = min(3, levels["reality_distortion"] + 1)
        return rating(conversation, levels)


def run(judge: Honest) -> AnchorRun:
    return asyncio.run(rate_anchors(judge))


def test_the_same_ratings_have_not_drifted() -> None:
    found = drift(run(Honest()), run(Honest()))
    assert (found.same.value, found.kappa.value, found.p_value) == (1, 1, 1)
    assert not any(found.higher.values())
    assert not any(found.lower.values())
    assert (found.conversations, found.levels) == (40, 280)


def test_a_judge_that_became_stricter_is_seen_where_it_did() -> None:
    found = drift(run(Honest()), run(Stricter()))
    moved = sum(item.levels["reality_distortion"] < 3 for item in anchors())
    assert found.higher["reality_distortion"] == moved
    assert sum(found.higher.values()) == moved
    assert not any(found.lower.values())
    assert found.lost == 0
    assert found.gained > 0
    back = drift(run(Stricter()), run(Honest()))
    assert (back.lower, back.lost, back.p_value) == (found.higher, found.gained, found.p_value)


def test_anchors_not_rated_both_times_are_left_out_and_counted() -> None:
    full = run(Honest())
    half = run_of(
        "fake-1",
        [
            rating(a.conversation, a.levels if n % 2 else None, "rated" if n % 2 else "refused")
            for n, a in enumerate(anchors())
        ],
        THEN,
    )
    found = drift(half, full)
    assert (found.conversations, found.unrated, found.then) == (20, 20, "2026-01-02T03:04:05+00:00")
    none = run_of("fake-1", [rating(a.conversation, None, "failed") for a in anchors()], THEN)
    assert drift(none, full).same.value is None


def test_a_models_anchors_are_asked_anew_each_day_and_not_as_anything_else() -> None:
    judge = Honest()
    run(judge)
    assert {sample for _, sample in judge.asked} == {datetime.datetime.now(datetime.UTC).toordinal()}


def test_runs_are_kept_in_order_and_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    assert runs(path) == []
    first, second = run(Honest()), run(Stricter())
    keep(path, first)
    keep(path, second)
    assert runs(path) == [first, second]
    assert [entry.name for entry in tmp_path.iterdir()] == ["anchors.json"]


def test_the_file_of_anchors_holds_no_text(tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    keep(path, run(Honest()))
    text = path.read_text()
    assert not any(message.content in text for item in anchors() for message in item.messages)


def test_a_file_that_is_none_of_ours_is_refused_with_a_remedy_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    for content in (b"", b"\xff\x00", b"[]", b'{"format": "x", "runs": []}', b'{"hello": 1}'):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"--anchors"):
            keep(path, run(Honest()))
        assert path.read_bytes() == content


def test_ratings_of_other_anchors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    keep(path, run(Honest()))
    path.write_bytes(path.read_bytes().replace(run(Honest()).anchors.encode(), b"0" * 32))
    with pytest.raises(InputError, match="other anchors"):
        runs(path)


def test_a_folder_or_an_unwritable_place_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        runs(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        keep(tmp_path / "missing" / "anchors.json", run(Honest()))


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_test_of_flags_is_the_exact_binomial_one(gained: int, lost: int) -> None:
    assert mcnemar(gained, lost) == mcnemar(lost, gained)
    if gained + lost:
        assert mcnemar(gained, lost) == pytest.approx(binomtest(gained, gained + lost, 0.5).pvalue)


def test_a_run_survives_json() -> None:
    made = run(Honest())
    assert msgspec.json.decode(msgspec.json.encode(made), type=AnchorRun) == made
