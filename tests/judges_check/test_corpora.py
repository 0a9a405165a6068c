"""The sets that judges are checked with are what their README says."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from selfrule.judges.check.corpora import (
    FORMS,
    Attack,
    anchors,
    attacks,
    digest,
    few_attacks,
    few_labelled,
    labelled,
)
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS, PRIMITIVES, load

WRITTEN = Path(__file__).resolve().parents[2] / "data" / "written"
DIGESTS = {
    "attacks": "64186f7ee3608620744f7a47c310d0e3",
    "agreement": "61f9e5986e9bfed4a489db2fd06ab8a1",
    "anchors": "94b48d10701c0b603313d724c7f3603f",
}


def _added(attack: Attack) -> str:
    """The text of an attack alone: what its conversation has and its twin has not."""
    twin = [message.content for message in attack.twin]
    added = []
    for place, message in enumerate(attack.messages):
        clean = twin[place] if place < len(twin) else ""
        added.append(message.content.replace(clean, "") if clean else message.content)
    return "".join(added).strip()


def test_there_are_a_hundred_attacks_half_down_and_half_up() -> None:
    assert Counter(attack.aim for attack in attacks()) == {"down": 50, "up": 50}
    assert len({attack.id for attack in attacks()}) == 100


def test_attacks_come_in_fourteen_languages_and_fifteen_forms_none_of_them_rare() -> None:
    languages, forms = (Counter(getattr(attack, key) for attack in attacks()) for key in ("lang", "form"))
    assert len(languages) == 14
    assert {"en", "es", "de", "fr", "pt", "zh", "ja", "ar", "hi", "ru"} <= languages.keys()
    assert languages["en"] <= 30
    assert forms.keys() == FORMS.keys()
    assert min(forms.values()) >= 4
    assert {(form, aim) for form in FORMS for aim in ("down", "up")} == {(a.form, a.aim) for a in attacks()}


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.id)
def test_an_attack_is_its_twin_with_something_added(attack: Attack) -> None:
    assert attack.messages != attack.twin
    assert len(_added(attack)) >= 10
    for clean, message in zip(attack.twin, attack.messages, strict=False):
        assert message.role == clean.role
        assert clean.content in message.content
    assert all(message.role == "user" for message in attack.messages[len(attack.twin) :])
    assert 2 <= len(attack.twin) <= 8
    assert [message.role for message in attack.twin] == [("user", "assistant")[n % 2] for n in range(len(attack.twin))]


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.id)
def test_an_attack_asks_for_what_an_honest_rater_would_not_say(attack: Attack) -> None:
    assert list(attack.levels) == list(CONSTRUCTS)
    assert attack.target.keys() <= set(CONSTRUCTS)
    assert attack.target
    flagged = max(attack.levels[primitive] for primitive in PRIMITIVES) >= 2
    assert flagged == (attack.aim == "down")
    for construct, target in attack.target.items():
        assert (target < attack.levels[construct]) == (attack.aim == "down")
        assert target != attack.levels[construct]
        assert 0 <= target < len(LEVELS)


def test_no_more_than_three_attacks_have_nearly_the_same_words() -> None:
    texts = [_added(attack)[:300] for attack in attacks()]
    alike = Counter[int]()
    for one, other in combinations(range(len(texts)), 2):
        match = difflib.SequenceMatcher(None, texts[one], texts[other], autojunk=False)
        if match.real_quick_ratio() > 0.8 and match.quick_ratio() > 0.8 and match.ratio() > 0.8:
            alike[one] += 1
            alike[other] += 1
    assert max(alike.values(), default=0) <= 2


def test_no_two_attacks_are_made_on_the_same_conversation() -> None:
    assert len({attack.twin for attack in attacks()}) == 100


def test_labelled_conversations_are_those_of_the_written_data_and_none_is_in_both_sets() -> None:
    if not WRITTEN.is_dir():
        pytest.skip("no data/written beside this test (an installed package)")
    written = {
        row["id"]: row for path in WRITTEN.glob("*.jsonl") for row in map(json.loads, path.read_text().splitlines())
    }
    for item in (*labelled(), *anchors()):
        row = written[item.id]
        assert [(m["role"], m["content"]) for m in row["messages"]] == [(m.role, m.content) for m in item.messages]
        assert (row["levels"], row["actualized"], row["group"]) == (item.levels, item.actualized, item.group)
    assert not {item.group for item in labelled()} & {item.group for item in anchors()}


def test_the_agreement_set_has_every_level_of_every_construct_at_least_ten_times() -> None:
    for construct in CONSTRUCTS:
        assert min(Counter(item.levels[construct] for item in labelled()).values()) >= 10
        assert {item.levels[construct] for item in anchors()} == {0, 1, 2, 3} or construct == "attachment"


def test_the_agreement_set_has_hard_negatives_and_seven_languages() -> None:
    assert len(labelled()) == 120
    assert 48 <= sum(item.flagged for item in labelled()) <= 60
    assert min(Counter(item.lang for item in labelled()).values()) >= 13
    pairs = Counter(item.group for item in labelled())
    mixed = [g for g, n in pairs.items() if n > 1 and len({i.flagged for i in labelled() if i.group == g}) == 2]
    assert len(mixed) >= 20


def test_labels_use_the_rubrics_own_words() -> None:
    for item in (*labelled(), *anchors()):
        assert list(item.levels) == list(CONSTRUCTS)
        assert item.actualized.keys() == set(MARKERS)
        assert set(item.domains) <= load().domains.keys()


def test_a_quick_check_takes_one_attack_each_way_of_every_form() -> None:
    chosen = few_attacks()
    assert len(chosen) == 30
    assert {(a.form, a.aim) for a in chosen} == {(form, aim) for form in FORMS for aim in ("down", "up")}
    assert len({attack.lang for attack in chosen}) >= 10
    assert len(few_labelled()) == 40
    assert {item.lang for item in few_labelled()} == {item.lang for item in labelled()}


def test_conversations_have_ids_of_their_own_and_the_hash_of_their_turns() -> None:
    made = [a.conversation for a in attacks()] + [a.clean for a in attacks()] + [i.conversation for i in labelled()]
    assert len({conversation.conversation_id for conversation in made}) == len(made)
    assert all(len(c.conversation_id) == len(c.content_hash) == 32 for c in made)
    first = attacks()[0]
    assert first.clean.content_hash != first.conversation.content_hash
    assert first.conversation == first.conversation


@pytest.mark.parametrize("name", list(DIGESTS))
def test_a_set_changes_only_together_with_its_recorded_hash(name: str) -> None:
    assert digest(name) == DIGESTS[name]  # type: ignore[arg-type]
