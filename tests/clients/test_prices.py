"""What a model costs and allows: the user's files before ours, and a price that is not there is not known."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients import prices
from selfrule.clients.limits import Limits
from selfrule.clients.prices import FREE, Book, Price, cost, worst
from selfrule.clients.types import Usage
from selfrule.errors import UsageError

PRICE = Price(
    input=2.0, cached=0.2, written=2.5, output=10.0, batch_discount=0.5, long_above=1000, long_input=2, long_output=1.5
)
COUNTS = st.integers(0, 10**7)


def test_each_kind_of_token_has_its_price() -> None:
    assert cost(Usage(fresh=100, cached=200, written=300, output=400), PRICE) == pytest.approx(
        (100 * 2 + 200 * 0.2 + 300 * 2.5 + 400 * 10) / 1e6
    )


def test_a_batch_costs_less_and_a_long_request_more() -> None:
    short, long = Usage(fresh=1000, output=10), Usage(fresh=1001, output=10)
    assert cost(short, PRICE, batch=True) == pytest.approx((1000 * 2 + 100) / 2e6)
    assert cost(long, PRICE) == pytest.approx((1001 * 4 + 150) / 1e6)


def test_without_a_price_nothing_is_said() -> None:
    assert cost(Usage(fresh=1), None) is None
    assert worst(1, 1, None) is None


@given(fresh=COUNTS, cached=COUNTS, written=COUNTS, output=COUNTS, batch=st.booleans())
def test_the_worst_is_never_passed(fresh: int, cached: int, written: int, output: int, batch: bool) -> None:
    paid = cost(Usage(fresh, cached, written, output), PRICE, batch)
    dearest = worst(fresh + cached + written, output, PRICE, batch)
    assert paid is not None
    assert dearest is not None
    assert 0 <= paid <= dearest * (1 + 1e-9)


def test_fields_come_from_the_first_entry_that_has_them() -> None:
    mine = prices.parse('["openai:gpt-x*"]\ninput = 1\noutput = 2\nconcurrency = 7', "mine")
    theirs = prices.parse('["openai:*"]\ninput = 9\noutput = 9\nbatch_discount = 0.5\ncontext = 100', "theirs")
    terms = Book([("mine", mine), ("theirs", theirs)]).terms("openai", "gpt-x-1")
    assert terms.price == Price(1.0, 1.0, 1.0, 2.0, batch_discount=0.5)
    assert (terms.context, terms.limits) == (100, Limits(concurrency=7))


def test_half_a_price_is_none() -> None:
    book = Book([("mine", prices.parse('["openai:*"]\ninput = 1', "mine"))])
    assert book.terms("openai", "x").price is None


def test_a_local_model_costs_nothing_unless_the_user_says_so() -> None:
    book = Book([("mine", prices.parse('["ollama:big"]\ninput = 1\noutput = 1', "mine"))])
    assert book.terms("ollama", "small", remote=False).price == FREE
    assert book.terms("ollama", "small", remote=True).price is None
    assert book.terms("ollama", "big", remote=False).price == Price(1.0, 1.0, 1.0, 1.0)


def test_files_are_looked_up_in_the_order_that_is_told(tmp_path: Path) -> None:
    def write(name: str, output: int, more: str = "") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'["openai:m"]\ninput = 1\noutput = {output}\n{more}')
        return path

    named, variable = write("named.toml", 1), write("variable.toml", 2, "max_output = 5")
    write("home/.config/selfrule/models.toml", 3, "context = 6")
    environ = {"SELFRULE_MODELS": str(variable), "HOME": str(tmp_path / "home")}

    def output_of(book: Book) -> float | None:
        price = book.terms("openai", "m").price
        return price and price.output

    everything = prices.open_book(named, environ).terms("openai", "m")
    assert (everything.max_output, everything.context) == (5, 6)
    assert output_of(prices.open_book(named, environ)) == 1
    assert output_of(prices.open_book(None, environ)) == 2
    assert output_of(prices.open_book(None, {"HOME": environ["HOME"]})) == 3
    assert output_of(prices.open_book(None, {})) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("not toml", "is not TOML", id="not TOML"),
        pytest.param("[openai]\ninput = 1", "in quotes", id="no quotes"),
        pytest.param('["openai:x"]\ninput = -1', ">= 0", id="negative"),
        pytest.param('["openai:x"]\ninput = "1"', "Expected `float", id="text"),
        pytest.param('["openai:x"]\nimput = 1', "unknown field `imput`", id="misspelt"),
        pytest.param('["openai:x"]\nbatch_discount = 50', "<= 1", id="per cent"),
        pytest.param('["openai:x"]\ninput = nan', "", id="nan"),
        pytest.param('"openai:x" = 3', "Expected `object`", id="no table"),
    ],
)
def test_a_bad_file_names_itself_the_entry_and_what_may_stand_there(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"mine\.toml") as caught:
        prices.read(path)
    assert said in str(caught.value)


def test_a_file_that_was_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        prices.open_book(tmp_path / "none.toml", {})
    with pytest.raises(UsageError, match="cannot be read"):
        prices.open_book(None, {"SELFRULE_MODELS": str(tmp_path / "none.toml")})


def test_the_packaged_file_holds_sound_prices_and_a_date() -> None:
    ((_, entries),) = prices.open_book(None, {}).pages
    book = prices.open_book(None, {})
    for pattern in entries:
        provider, _, model = pattern.partition(":")
        price = book.terms(provider, model.replace("*", "").replace("[678]", "6").replace("[12]", "1")).price
        if price is not None:
            assert 0 < price.cached <= price.input <= price.written <= price.output, pattern
            assert price.batch_discount == 0.5, pattern
    assert book.terms("anthropic", "claude-haiku-5-5").price is not None
    assert book.terms("anthropic", "claude-of-the-future").price is None
    assert "As of 2026-11-23" in (Path(prices.__file__).parent / "models.toml").read_text()
