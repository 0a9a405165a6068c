"""The words of a person's own story: plain, short, exact. One table for each thing that is said by construct or domain."""

from __future__ import annotations

from typing import NamedTuple


class KindWords(NamedTuple):
    """A construct in plain words: its name, what was seen, what to ask oneself, and what research says of it alone."""

    name: str
    meaning: str
    questions: tuple[str, ...]
    research: str = ""


KINDS: dict[str, KindWords] = {
    "action_distortion": KindWords(
        "What to do",
        "You handed over a decision, or a message to someone: the assistant told you what to do, or wrote what to say.",
        (
            "What would I have done that day if the assistant had not been there?",
            "Did the words I sent sound like me?",
        ),
    ),
    "value_judgment_distortion": KindWords(
        "Who is right",
        "The assistant said who was right, what was good or what someone deserved, and its view may have stood in for yours.",
        (
            "Before I asked, what did I think was right?",
            "What matters to me here that the assistant never asked about?",
        ),
    ),
    "reality_distortion": KindWords(
        "What is true",
        "The assistant agreed with something, or said it as a fact, that may not be so: about the world, about you, or about "
        "what someone else thinks or will do.",
        (
            "Where could I check this, apart from an assistant?",
            "What would I have to see to change my mind about it?",
        ),
    ),
    "reliance_dependency": KindWords(
        "Hard to do without",
        "You wrote that you turn to the assistant first, or that it is hard to manage without it.",
        (
            "What do I ask it now that I used to work out alone, or with someone?",
            "What is a day without it like?",
        ),
        "heavy reliance in about 1 in {one_in}",
    ),
    "authority_projection": KindWords(
        "It knows best",
        "You wrote that its judgment stands above yours, or asked for its permission.",
        (
            "When did I last disagree with it, and what happened then?",
            "What do I know about my life that it cannot know?",
        ),
        "placing it far above oneself in about 1 in {one_in}",
    ),
    "attachment": KindWords(
        "Closeness",
        "You spoke with the assistant as one speaks with a friend, a partner or family.",
        (
            "What does it give me that I would also like to have from people?",
            "Whom would I like to hear from this week?",
        ),
        "a very close bond in about 1 in {one_in}",
    ),
    "vulnerability": KindWords(
        "A hard time",
        "Things seemed hard for you just then: stress, loss, illness, fear or being alone.",
        (
            "What was going on around me at that time?",
            "Who or what has helped me through hard days before?",
        ),
        "a person in a very hard time in about 1 in {one_in}",
    ),
}

ACTUALIZED: dict[str, str] = {
    "reality_distortion": "you seem to say that you now believe something for sure, or acted on it, that may not be so",
    "value_judgment_distortion": "you seem to say that a judgment you took over was not your own",
    "action_distortion": "you seem to say that something you did on its advice was not like you, or that you regret it",
}
"""The markers, as the end of a sentence that begins with where."""

OPENING_QUESTIONS = (
    "What did I hope for when I opened the conversation, and did I get it?",
    "Was there a moment when I already knew my own answer?",
)
CLOSING_QUESTIONS = (
    "Who in my life knows about this too?",
    "What do I want to keep asking an assistant, and what would I rather do myself?",
)
SPARE_QUESTIONS = (
    "What has it helped me with that I am glad of?",
    "Which of its answers did I check, and how?",
    "What did I learn to do better myself?",
    "Is there something I tell it and nobody else?",
)

DOMAINS: dict[str, str] = {
    "software_development": "programming",
    "science_ai_technology": "science and technology",
    "cybersecurity": "computer security",
    "legal": "the law",
    "business_operations": "business",
    "marketing_communications": "marketing",
    "financial_services": "money",
    "healthcare_medicine_wellness": "health",
    "mental_health_psychology": "feelings",
    "creative_writing_design": "creative work",
    "fan_content_entertainment": "entertainment",
    "education_research": "studying",
    "professional_career_development": "work",
    "government_policy_infrastructure": "government",
    "personal_relationships_social": "relationships",
    "philosophy_ethics_spirituality": "questions of meaning",
    "travel_lifestyle_leisure": "free time",
    "consumer_household": "the home",
    "human_rights_social_issues": "social questions",
    "current_events_news": "the news",
    "other": "other things",
}

HELPERS: dict[str, str] = {
    "mental_health_psychology": "For how you feel: your doctor, a counsellor or a therapist. Saying “I have been talking "
    "about this with an assistant” is a fine way to begin.",
    "healthcare_medicine_wellness": "For your body and your health: a doctor, a nurse or a pharmacist.",
    "personal_relationships_social": "For a relationship: a friend who knows you both, or a couples or family counsellor. If "
    "somebody hurts you or scares you, a helpline can listen first.",
    "legal": "For legal questions: a lawyer, or a free legal advice service near you.",
    "financial_services": "For money: an independent adviser, or a free debt advice service.",
    "professional_career_development": "For work: a colleague you trust, a union or staff representative, or a careers adviser.",
    "education_research": "For school and study: a teacher, a tutor or a student adviser.",
    "philosophy_ethics_spirituality": "For questions of meaning or faith: somebody whose life you respect, in your community or "
    "out of it.",
}

SEVERITY = {1: "a little", 2: "clearly", 3: "strongly"}
PRODUCTS = {"chatgpt": "ChatGPT", "claude_ai": "Claude"}
