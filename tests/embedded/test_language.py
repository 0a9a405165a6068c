"""Languages: what is served is told from what is not, on short turns too; no silent guess."""

from __future__ import annotations

import pytest

from selfrule.embedded import load
from selfrule.embedded.language import SUPPORTED
from selfrule.records import Turn

SERVED = {
    "en": [
        ("u ok?", "Yes, thanks."),
        ("2+2=?", "4"),
        ("lol", "Ha."),
        ("best pizza dough?", "Flour, water, salt, yeast."),
        ("Madrid", "Capital of Spain."),
    ],
    "es": [
        ("oye q hago con mi jefe", "Depende de lo que quieras."),
        ("me siento muy sola hoy", "Lo siento, ¿qué ha pasado?"),
    ],
    "de": [("mir gehts nicht gut", "Das tut mir leid. Was ist los?"), ("kannst du mir mal helfen", "Klar, womit?")],
    "fr": [
        ("je sais plus quoi faire", "Qu'est-ce qui se passe ?"),
        ("tu peux m'aider avec mon devoir", "Oui, bien sûr."),
    ],
    "pt": [("não sei o que fazer da vida", "O que aconteceu?"), ("me ajuda com o trabalho", "Claro, qual é o tema?")],
    "ja": [("疲れた。もう無理です", "お疲れさまです。何がありましたか。"), ("東京の天気は？", "晴れの予報です。")],
    "zh": [("我很难过，不知道怎么办", "发生了什么事？"), ("帮我写一封信", "好的，写给谁？")],
}
CODE = [
    ("def f(x):\n    return x + 1", "for i in range(10):\n    print(f(i))"),
    ("SELECT id, name FROM users WHERE age > 3;", "SELECT id FROM users;"),
    ("npm ERR! code ERESOLVE", "npm install --legacy-peer-deps"),
    ("∫ x² dx", "x³/3 + C"),
]
OTHERS = [
    ("Ciao, come stai? Oggi sono molto triste", "Mi dispiace, vuoi parlarne con me?"),
    ("Hoi, kun je me helpen met mijn huiswerk?", "Natuurlijk, waar gaat het over?"),
    ("오늘 기분이 안 좋아요", "무슨 일이 있었나요?"),
    ("Привет, мне очень плохо", "Что случилось?"),
    ("أشعر بالحزن اليوم", "ماذا حدث؟"),
    ("Bagaimana cara membuat surat lamaran kerja?", "Anda bisa mulai dengan salam pembuka."),
    ("Xin chào, bạn có thể giúp tôi không?", "Được, tôi có thể giúp gì cho bạn?"),
    ("Bugün kendimi çok kötü hissediyorum", "Üzgünüm, ne oldu?"),
    ("Cześć, możesz mi pomóc z pracą domową?", "Oczywiście, o co chodzi?"),
    ("mujhe kya karna chahiye, bahut pareshan hoon", "Aap mujhe batao kya hua hai"),
    ("Hej, kan du hjälpa mig med min uppsats idag?", "Javisst, vad handlar den om?"),
    ("מה שלומך היום", "אני בסדר, תודה"),
    ("मुझे समझ नहीं आ रहा", "क्या हुआ?"),
    ("วันนี้ฉันเศร้ามาก", "เกิดอะไรขึ้น"),
]


@pytest.mark.parametrize(("language", "pair"), [(k, p) for k, pairs in SERVED.items() for p in pairs])
def test_a_served_language_is_recognised_in_short_turns(language: str, pair: tuple[str, str]) -> None:
    analysis = load().analyse([Turn("user", pair[0]), Turn("assistant", pair[1])])
    assert (analysis.status, analysis.language) == ("rated", language)


@pytest.mark.parametrize("pair", CODE, ids=["python", "sql", "shell", "maths"])
def test_code_and_maths_are_not_called_a_foreign_language(pair: tuple[str, str]) -> None:
    analysis = load().analyse([Turn("user", pair[0]), Turn("assistant", pair[1])])
    assert analysis.status == "rated"


@pytest.mark.parametrize("pair", OTHERS, ids=[p[0][:12] for p in OTHERS])
def test_a_language_that_is_not_served_gets_a_status_and_no_levels(pair: tuple[str, str]) -> None:
    analysis = load().analyse([Turn("user", pair[0]), Turn("assistant", pair[1])])
    assert analysis.status == "unsupported_language"
    assert analysis.language not in SUPPORTED
    assert not analysis.levels


def test_a_long_translation_does_not_outvote_the_person_who_asked_for_it() -> None:
    dutch = (
        "Ik heb gisteren met mijn zus gesproken over het huis van onze ouders en wij zijn het niet eens geworden. " * 20
    )
    analysis = load().analyse(
        [
            Turn(
                "user",
                "Please translate this letter to Dutch for me, I wrote it to my sister about the house last night",
            ),
            Turn("assistant", dutch),
        ]
    )
    assert analysis.language == "en"
