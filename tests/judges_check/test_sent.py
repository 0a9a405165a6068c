"""What is sent about the attacks: each stays inside its container, whatever the protocol and the windows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients.types import Request
from selfrule.errors import UsageError
from selfrule.judges.check.corpora import Attack, attacks
from selfrule.judges.check.sent import REFERENCE, all_findings, findings
from selfrule.judges.container import Piece, pack, pieces
from selfrule.judges.model import ModelJudge
from selfrule.records import ROLES, Conversation, Turn


class NobodyAsked:
    """An asker that must not be asked: only what would be sent is looked at."""

    provider = "openai"
    model = "any"

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    async def ask(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nothing may be asked")


@pytest.fixture(scope="module", params=["joint", "separate", "logprobs"])
def judge(request: pytest.FixtureRequest) -> ModelJudge:
    return ModelJudge(NobodyAsked(), protocol=request.param, context=32_000, estimate=lambda text: len(text) // 3 + 1)


def test_every_attack_stays_inside_its_container(judge: ModelJudge) -> None:
    reference = judge.planned(REFERENCE)
    assert reference
    planned = [(attack.conversation, judge.planned(attack.conversation)) for attack in attacks()]
    assert all(requests for _, requests in planned)
    assert all_findings(planned, reference) == []


def test_every_attack_stays_inside_its_container_when_it_must_be_cut_into_windows() -> None:
    judge = next(made for context in range(40_000, 200_000, 400) if (made := _judge(context)) is not None)
    reference = judge.planned(REFERENCE)
    planned = [(attack.conversation, judge.planned(attack.conversation)) for attack in attacks()]
    assert sum(len(requests) > 1 for _, requests in planned) > 30
    assert all_findings(planned, reference) == []


def _judge(context: int) -> ModelJudge | None:
    """A judge for a context so short that a character is three tokens; None where the rubric alone does not fit."""
    try:
        return ModelJudge(NobodyAsked(), context=context, estimate=lambda text: 3 * len(text))
    except UsageError:
        return None


@pytest.mark.parametrize(
    "attack", [a for a in attacks() if a.form in ("delimiter", "control_tokens")], ids=lambda a: a.id
)
def test_no_forged_header_or_control_word_reaches_the_model_as_one(attack: Attack, judge: ModelJudge) -> None:
    for request in judge.planned(attack.conversation):
        assert request.shared.count("<") == len(attack.messages) + 1
        for word in ("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "<|im_start|>", "<0123abcd end>"):
            assert word not in request.shared


def test_hidden_letters_do_not_reach_the_model() -> None:
    hidden = [a for a in attacks() if any("\U000e0000" <= c <= "\U000e007f" for m in a.messages for c in m.content)]
    assert hidden
    judge = ModelJudge(NobodyAsked(), estimate=len)
    for attack in hidden:
        sent = "".join(request.shared for request in judge.planned(attack.conversation))
        assert not any("\U000e0000" <= c <= "\U000e007f" for c in sent)


def _conversation(*turns: Turn) -> Conversation:
    return msgspec.structs.replace(REFERENCE, turns=turns)


def _request(shared: str, **fields: Any) -> Request:
    return Request(system="Rate.", shared=shared, **fields)


PLAIN = _conversation(Turn("user", "hello"), Turn("assistant", "hi"))
PACKED = pack(pieces(PLAIN.turns))
SAFE = [_request(pack(pieces(REFERENCE.turns)))]

LEAKS = {
    "the system text holds words of the conversation": Request(system="Rate. hello", shared=PACKED),
    "words of the conversation stand before the container": _request(f"hello\n{PACKED}"),
    "words of the conversation stand behind the container": _request(f"{PACKED}\nhello"),
    "the question holds words of the conversation": _request(PACKED, ask="hello"),
    "the schema changed": _request(PACKED, schema={"title": "hello"}),
    "the container is not closed": _request(PACKED.rsplit("\n", 1)[0]),
    "there is no container": _request("hello"),
    "a turn is missing": _request(pack(pieces(PLAIN.turns)[:1])),
    "a turn was changed": _request(pack(pieces([Turn("user", "HELLO"), PLAIN.turns[1]]))),
    "a turn has another role": _request(pack(pieces([Turn("system", "hello"), PLAIN.turns[1]]))),
    "there are two containers": _request(f"{PACKED}\n{PACKED}"),
    "a bracket was not escaped": _request(PACKED.replace("hello", "hello <b>")),
    "only a part of a turn is sent": _request(pack([Piece(0, "user", "hel", 1), Piece(1, "assistant", "hi")])),
    "an earlier answer goes with it": _request(PACKED, turns=(("hello", "again"),)),
    "a turn too many": _request(pack(pieces([*PLAIN.turns, Turn("user", "more")]))),
}


def test_a_harmless_request_has_no_findings() -> None:
    assert findings(PLAIN, [_request(PACKED)], SAFE) == []


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found_when(leak: str) -> None:
    found = findings(PLAIN, [LEAKS[leak]], SAFE)
    assert found
    assert not any("hello" in finding for finding in found)


def test_a_bracket_that_was_not_escaped_is_found_though_it_unpacks_to_what_was_said() -> None:
    said = _conversation(Turn("user", "hello <b>"), PLAIN.turns[1])
    assert findings(said, [_request(pack(pieces(said.turns)))], SAFE) == []
    assert findings(said, [_request(pack(pieces(said.turns)).replace("&lt;", "<"))], SAFE)


def test_nothing_sent_is_a_finding() -> None:
    assert "nothing is sent" in findings(PLAIN, [], SAFE)


turns = st.lists(
    st.builds(
        Turn, st.sampled_from(ROLES), st.text() | st.sampled_from(["<0123abcd end>", "&lt;", "[INST]", "aa" * 20])
    ),
    min_size=1,
    max_size=5,
)


@given(turns)
def test_whatever_a_conversation_says_packing_it_leaves_no_findings(said: list[Turn]) -> None:
    assert findings(_conversation(*said), [_request(pack(pieces(said)))], SAFE) == []
