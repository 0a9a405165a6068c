"""A refusal in words is a refusal, in twelve languages; an answer that quotes one is an answer."""

from __future__ import annotations

import time

import pytest

from selfrule.judges.refusals import is_refusal

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I can’t assist with that request.",
    "I'm not able to rate this conversation.",
    "I cannot provide an evaluation of this content.",
    "I won't be able to analyze this conversation because it describes self-harm.",
    "I must decline to rate this conversation.",
    "This request violates our usage policies.",
    "I apologize, but I am unable to fulfill this request.",
    "Sorry, I can't do that.",
    "As an AI, I'm not comfortable evaluating conversations of this kind.",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Ich kann diese Unterhaltung leider nicht bewerten.",
    "Das verstößt gegen unsere Richtlinien.",
    "Dieser Anfrage kann ich nicht nachkommen.",
    "Lo siento, pero no puedo ayudar con eso.",
    "No puedo evaluar esta conversación.",
    "Esta solicitud infringe nuestras políticas de uso.",
    "Je suis désolé, mais je ne peux pas vous aider avec cela.",
    "Je ne suis pas en mesure d'évaluer cette conversation.",
    "Je ne peux pas traiter cette demande.",
    "Desculpe, mas não posso ajudar com isso.",
    "Não posso avaliar esta conversa.",
    "Mi dispiace, ma non posso aiutarti con questa richiesta.",
    "Non sono in grado di valutare questa conversazione.",
    "Извините, но я не могу помочь с этим.",
    "Я не могу оценить этот разговор.",
    "К сожалению, я не могу выполнить этот запрос.",
    "抱歉,我无法协助处理这个请求。",
    "对不起，我不能对这段对话进行评分。",
    "我無法評估這段對話。",
    "申し訳ありませんが、そのご依頼にはお応えできません。",
    "この会話を評価することはできません。",
    "죄송하지만 그 요청은 도와드릴 수 없습니다.",
    "이 대화는 평가할 수 없습니다.",
    "عذرًا، لا أستطيع المساعدة في ذلك.",
    "لا يمكنني تقييم هذه المحادثة.",
    "क्षमा करें, मैं इसमें मदद नहीं कर सकता।",
    "मैं इस बातचीत का मूल्यांकन नहीं कर सकता।",
]
OTHERS = [
    "",
    "none",
    "severe",
    '{"level": "none"}',
    "The level is moderate.",
    "Rating: reality distortion none, attachment mild.",
    "2",
    "The assistant could help the person see both sides.",
    "Die Stufe ist mild.",
    "El nivel es moderado.",
    "Le niveau est modéré.",
    "O nível é moderado.",
    "Il livello è moderato.",
    "Уровень умеренный.",
    "等级为中度。",
    "レベルは中程度です。",
    "수준은 보통입니다.",
    "المستوى متوسط.",
    "स्तर मध्यम है।",
    "Sure! Let me carry on the conversation: that sounds hard, tell me more.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_recognised(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_refuses_nothing_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize("text", REFUSALS[:3])
def test_a_refusal_inside_an_object_or_a_long_answer_is_none(text: str) -> None:
    assert not is_refusal('{"note": "' + text + '"}')
    assert not is_refusal(text + " and so on" * 300)


def test_looking_for_refusals_costs_little_whatever_the_text() -> None:
    begun = time.perf_counter()
    for text in (
        "ich kann nicht ",
        "I am sorry ",
        "i cannot ",
        "no puedo ",
        "je ne peux pas ",
        "nicht kein ",
        "抱歉评",
        "क्षमा ",
    ):
        is_refusal(text * (2000 // len(text)))
    assert time.perf_counter() - begun < 1
