"""selfrule plan."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from selfrule.cli import main, plan_
from selfrule.embedded import load
from selfrule.errors import StudyError, UsageError
from selfrule.estimate.allotting import offers
from selfrule.estimate.planning import Prior, Rate, worlds
from selfrule.records import Label
from selfrule.study.plan_asked import Wish, plan
from selfrule.study.plan_facts import ASSUMED, cheap_of, outcome_of, published_levels, scorecard_rates
from selfrule.study.plan_labels import Labelling
from selfrule.study.plan_prices import price_of
from selfrule.study.plan_records import Target
from tests.study.judged import add_judge, made, rated

QUICK = ("--simulations", "60")


def run(*options, code=0):
    app = typer.Typer()
    app.command()(plan_.command)
    done = CliRunner().invoke(app, [*map(str, options), *QUICK])
    assert done.exit_code == code, done.output
    return done.stdout


def asked(**more):
    known = {"population": 100_000, "cost": 0.01, "simulations": 60}
    return plan(Wish(**{**known, **more}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made(tmp_path_factory.mktemp("plan"), 300, 30)


# what is printed


def test_a_plan_says_what_to_do_what_it_costs_and_what_it_finds():
    said = run("--population", 200_000, "--judge", "anthropic:claude-sonnet-5-5", "--width", "30%", "--confirm", "0.3")
    assert said.startswith("A plan for reality distortion, severe, of 200,000 conversations")
    for part in ("What to do", "What to expect", "Designs side by side", "Taken as given", "labelled by people, about"):
        assert part in said
    assert "with the provider's cache, $" in said
    assert "What this does not reach" not in said
    row = next(line for line in said.splitlines() if line.startswith("confirmed among flagged"))
    assert "pt" in row and "%" in row


def test_json_holds_all_designs_and_the_one_chosen_needs_the_fewest_ratings_of_those_that_do_it():
    found = json.loads(run("--population", 200_000, "--width", "30%", "--confirm", "0.3", "--cost", "0.01", "--json"))
    options = {option["way"]: option for option in found["options"]}
    assert set(options) == {"two judges", "random", "screened", "study"}
    met = [o for o in options.values() if o["honest"] and not o["unmet"]]
    assert found["chosen"] == min(met, key=lambda o: o["ratings"])["way"] != "study"
    for option in options.values():
        assert option["dollars"] == pytest.approx(option["ratings"] * 0.01)
        assert sum(draw["rated"] for draw in option["draws"]) == option["ratings"]
        assert option["rated"]["low"] <= option["rated"]["share"] <= option["rated"]["high"]


def test_without_any_wish_a_quarter_of_the_share_and_twenty_points_are_wanted():
    found = json.loads(run("--population", 300_000, "--json"))
    best = next(o for o in found["options"] if o["way"] == found["chosen"])
    assert best["relative"] <= 0.25
    assert best["confirmed"]["width"][1] <= 0.2


def test_names_from_outside_cannot_move_the_cursor():
    said = run("--population", 5_000, "--judge", "ollama:\x1b[2Jx", "--ratings", 500)
    assert "\x1b" not in said


def test_the_command_is_there_and_asks_for_a_population_in_one_line():
    done = CliRunner().invoke(main.app, ["plan"])
    assert done.exit_code == 2
    assert "give --population N" in done.output


@pytest.mark.parametrize(
    ("text", "share"),
    [("0.001", 0.001), ("0.1%", 0.001), ("0.1 %", 0.001), ("1/1000", 0.001), ("1 in 1,000", 0.001), ("2e-4", 2e-4)],
)
def test_shares_are_read_as_people_write_them(text, share):
    assert plan_.share_of(text, "missed") == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "0", "1", "2", "-0.1", "1/0", "3 in 2", "nan", "a tenth", "1//2"])
def test_what_is_no_share_is_refused_with_the_option_named(text):
    with pytest.raises(UsageError, match="'--missed'"):
        plan_.share_of(text, "missed")


def test_a_range_may_be_given_either_way_round_and_a_width_is_relative_with_a_percent_sign():
    assert plan_.range_of("1/100:1/1000") == plan_.range_of("0.1%:1%") == (0.001, 0.01)
    assert plan_.width_of("25%") == Target(0.25, relative=True)
    assert plan_.width_of("0.0005") == Target(0.0005)
    assert plan_.width_of("paper") == "paper"


# targets and budgets


def test_what_a_plan_needs_is_what_its_budget_buys_the_other_way_round():
    forward = asked(width=Target(0.3, relative=True)).best
    back = next(o for o in asked(dollars=forward.dollars).options if o.way == forward.way)
    assert back.ratings == forward.ratings
    assert back.relative <= 0.3


def test_more_money_and_more_labels_never_widen_what_is_expected():
    found = [
        asked(dollars=dollars, labels=labels).best
        for dollars, labels in ((20, 100), (50, 250), (200, 600), (900, 1500))
    ]
    widths = [(o.relative, o.confirmed.width[1], o.missed.high) for o in found]
    assert all(a >= b for first, second in pairwise(widths) for a, b in zip(first, second, strict=True))
    assert all(o.dollars <= dollars for o, dollars in zip(found, (20, 50, 200, 900), strict=True))


def test_a_budget_that_is_too_small_is_said_with_what_would_do():
    best = asked(width=Target(0.2, relative=True), dollars=20.0).best
    assert best.dollars <= 20.0
    (line,) = best.unmet
    assert line.startswith("As rated: wanted ± 20 % of the share; this gives ±")
    assert "ratings would do, for $" in line


def test_a_width_that_all_conversations_do_not_give_is_said_with_how_many_would():
    found = asked(population=5_000, width=Target(0.1, relative=True))
    assert found.best.ratings == 5_000
    assert "all 5,000 conversations give" in found.best.unmet[0]
    assert "It would take about" in found.best.unmet[0]


def test_a_small_population_is_rated_whole():
    found = asked(population=40, outcome="flagged", width=Target(0.2, relative=True))
    assert [(o.way, o.ratings) for o in found.options] == [("random", 40)]
    assert "All 40 rated" in run("--population", 40, "--outcome", "flagged", "--width", "20%")


def test_a_budget_in_dollars_buys_everything_of_a_judge_that_costs_nothing():
    assert asked(cost=0.0, dollars=5.0).best.ratings == 100_000


@settings(max_examples=10)
@given(st.integers(40, 3_000), st.integers(1, 500))
def test_more_labels_never_widen_what_is_expected_of_them(few, more):
    first, second = (labelling().narrowest(n) for n in (few, few + more))
    assert second.total > first.total
    assert np.mean(second.confirmed.width) <= np.mean(first.confirmed.width) * (1 + 1e-3)
    assert np.mean(second.missed.high) <= np.mean(first.missed.high) * 1.01


@lru_cache
def labelling():
    cheap, _ = cheap_of(load().card, 0.98, (0.02, 0.02), 100_000)
    prior = Prior(
        conversations=100_000, prevalence=(0.01, 0.04), sensitivity=Rate(0.8), specificity=Rate(0.99), cheap=cheap
    )
    w = worlds(prior, 100)
    return Labelling(w, "random", offers(w, "random", 20_000)[0], published_levels(), 2)


def test_labels_are_dealt_out_among_all_that_there_is_and_cells_make_up_everything():
    for way in ("random", "screened", "two judges"):
        w = labelling().w
        made_ = Labelling(w, way, offers(w, way, 20_000)[0], published_levels(), 2)
        assert sum(made_.sizes.values()) == pytest.approx(20_000 if way != "screened" else w.n, rel=1e-3)
        whole = sum(cell.weight for cell in made_._below(dict.fromkeys(made_.sizes, 10)))
        assert whole + float(w.total(w.judged).mean()) == pytest.approx(1.0, abs=0.02)
        lost = sum(cell.lost for cell in made_._below(dict.fromkeys(made_.sizes, 10)))
        assert (lost <= w.total(w.true) + 1e-12).all()
        assert (lost >= w.total(w.true) - w.total(w.found) - 1e-12).all()


def test_hours_of_labelling_count_second_labels_and_are_kept():
    best = asked(hours=5.0, ratings=50_000).best
    assert best.hours <= 5.0
    assert best.labelled == int(5 * 3600 / 90 / 1.1)


def test_an_upper_bound_on_what_is_missed_takes_labels_of_what_is_not_flagged():
    loose, strict = (asked(outcome="flagged", ratings=20_000, missed=m).best for m in (0.03, 0.01))
    for option, wanted in ((loose, 0.03), (strict, 0.01)):
        assert option.missed.width[1] <= wanted
        assert not option.unmet
    assert strict.labels["none"] > 2 * loose.labels["none"]


def test_a_bound_that_no_number_of_labels_gives_is_said():
    best = asked(missed=1e-5, ratings=50_000).best
    assert any(line.startswith("Missed at most: wanted 1 in 100,000") for line in best.unmet)


def test_the_papers_width_is_that_of_its_published_interval():
    found = asked(
        width="paper", population=1_499_397, prevalence=(1 / 1300, 1 / 1300), sensitivity=1.0, specificity=0.999999
    )
    assert found.options[1].way == "random"
    assert found.options[1].ratings > 1_000_000
    assert found.options[1].rated.width[1] == pytest.approx(8.8e-5, rel=0.05)
    with pytest.raises(UsageError, match="published no share for flagged"):
        asked(width="paper", outcome="flagged")


def test_dollars_without_a_price_are_refused_and_named_models_without_one_say_so():
    with pytest.raises(UsageError, match="--cost"):
        asked(cost=None, dollars=10.0)
    found = asked(cost=None, judge="openai-compatible:https://example.test/v1#x")
    assert found.best.dollars is None
    assert any("is not known; give prices" in line for line in found.assumptions)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"outcome": "severe"}, "outcome"),
        ({"outcome": "vulnerability:severe"}, "outcome"),
        ({"confirm": 0.0}, "confirm"),
        ({"dollars": -1.0}, "dollars"),
        ({"hours": float("inf")}, "hours"),
        ({"cost": -0.1}, "cost"),
        ({"sensitivity": 0.0}, "sensitivity"),
        ({"specificity": 1.1}, "specificity"),
        ({"recall": 0.0}, "recall"),
        ({"width": Target(1.5)}, "width"),
        ({"population": -3}, "conversations"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(change, named):
    with pytest.raises(UsageError, match=f"'{named}'"):
        asked(**change)


# what is known beforehand


def test_the_expected_share_is_half_to_twice_the_published_one():
    assert outcome_of("reality_distortion:severe").expected == pytest.approx((0.00038, 0.00152))
    assert outcome_of("action_distortion:mild").expected == pytest.approx((1 / 140, 1 / 25))
    assert outcome_of("flagged").first == 2
    assert published_levels().severe == pytest.approx(0.00141)


def test_a_study_tells_its_size_its_people_its_scores_and_its_lengths(folder):
    found = plan(Wish(study=folder.root, judge="anthropic:claude-sonnet-5-5", ratings=100, simulations=60))
    assert found.conversations == 300
    said = " ".join(found.assumptions)
    assert "has 10.0 of them" in said
    assert "which score from the study" in said
    assert "sized from 200 conversations of the study" in said


def test_a_study_whose_judge_is_the_one_planned_tells_how_it_rates(tmp_path):
    folder = made(tmp_path, 120, 40)
    add_judge(folder, "anthropic:x/joint-1@0123abcd", lambda i: rated(i % 4), spec="ollama:x", report=True)
    manifest = folder.manifest()
    manifest["choices"] = {**manifest["choices"], "judge": "ollama:x"}
    folder.write_manifest(manifest)
    for judge, known in (("ollama:x", True), ("ollama:y", False)):
        found = plan(Wish(study=folder.root, judge=judge, ratings=60, simulations=60))
        assert any("as it rated those of the study" in line for line in found.assumptions) is known


def test_a_study_with_labels_tells_how_long_one_takes(tmp_path):
    folder = made(tmp_path, 30, 10)
    store = folder.root / "labels" / "given" / "ada.jsonl"
    store.parent.mkdir(parents=True)
    lines = [Label(f"{i:032x}", "0" * 32, "ada", i, "labelled", "r", seconds=40.0 + i) for i in range(3)]
    store.write_bytes(
        b"".join(json.dumps({k: getattr(x, k) for k in x.__struct_fields__}).encode() + b"\n" for x in lines)
    )
    found = plan(Wish(study=folder.root, labels=10, simulations=60))
    assert any("takes 41 seconds, the median" in line for line in found.assumptions)
    assert found.best.hours == pytest.approx(found.best.labelled * 1.1 * 41 / 3600)


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(StudyError):
        plan(Wish(study=tmp_path / "nothing"))


def test_a_price_needs_no_key_and_grows_with_the_tokens_and_halves_in_batches():
    short, long, batch = (
        price_of("anthropic:claude-sonnet-5-5", "joint", [], tokens=t, batch=b, environ={}).price
        for t, b in ((500, False), (5_000, False), (500, True))
    )
    assert long.each - short.each == pytest.approx(4_500 * 2e-6)
    assert batch.each == pytest.approx(short.each / 2)
    assert short.cached < short.each


def test_asking_for_each_construct_costs_more_than_asking_once():
    joint, separate = (price_of("anthropic:claude-sonnet-5-5", p, [], environ={}) for p in ("joint", "separate"))
    assert separate.requests > joint.requests == 1
    assert separate.price.each > joint.price.each


def test_a_scorecard_tells_the_judges_errors_and_how_little_is_known_of_them(tmp_path):
    share = {"share": None, "low": None, "high": None}
    card = {
        "judge": "x",
        "agreement": {"sensitivity": {"count": 27, "n": 30, **share}, "specificity": {"count": 96, "n": 100, **share}},
    }
    path = tmp_path / "card.json"
    path.write_text(json.dumps(card))
    assert scorecard_rates(path) == (Rate(27, 30), Rate(96, 100), "x")
    found = asked(scorecard=path, outcome="flagged", ratings=5_000)
    assert any("27 of 30 right (74-97 %)" in line for line in found.assumptions)
    assert asked(scorecard=path, outcome="flagged", ratings=5_000, sensitivity=0.5).assumptions != found.assumptions


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"judge": "x", "agreement": {"sensitivity": 1}}'])
def test_what_is_no_scorecard_is_refused_with_how_to_make_one(tmp_path, content):
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="judge-check JUDGE --json"):
        scorecard_rates(path)


def test_the_embedded_judge_costs_nothing_and_reads_everything():
    found = plan(Wish(population=100_000, judge="embedded", labels=300, simulations=60))
    (option,) = found.options
    assert (option.ratings, option.dollars, option.labelled) == (100_000, 0.0, 300)
    assert "only labels are to be planned" in found.why


def test_the_rarer_the_level_the_more_specific_a_judge_is_taken_to_be():
    assert ASSUMED[1][1] < ASSUMED[2][1] < ASSUMED[3][1]
