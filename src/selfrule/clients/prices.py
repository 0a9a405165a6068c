"""What a model costs and allows, from TOML files that the user can edit; a price that is not there is not known, not 0."""

from __future__ import annotations

import fnmatch
import os
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec

from selfrule.clients.limits import Limits
from selfrule.clients.types import Usage
from selfrule.errors import UsageError

_Amount = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Rate = Annotated[float, msgspec.Meta(gt=0)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a file; what each field means stands at the top of models.toml. None: not said."""

    input: _Amount | None = None
    cached: _Amount | None = None
    written: _Amount | None = None
    output: _Amount | None = None
    batch_discount: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    long_above: _Count | None = None
    long_input: _Amount | None = None
    long_output: _Amount | None = None
    context: _Count | None = None
    max_output: _Count | None = None
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=4096)] | None = None
    requests_per_minute: _Rate | None = None
    tokens_per_minute: _Rate | None = None


class Price(msgspec.Struct, frozen=True):
    """US dollars per million tokens. `long_above` is None where a request costs the same whatever its length."""

    input: float
    cached: float
    written: float
    output: float
    batch_discount: float = 0.0
    long_above: int | None = None
    long_input: float = 1.0
    long_output: float = 1.0


FREE = Price(0.0, 0.0, 0.0, 0.0)


class Terms(msgspec.Struct, frozen=True):
    """What is known of a model. `price`, `context`, `max_output` are None where nothing says."""

    price: Price | None
    context: int | None
    max_output: int | None
    limits: Limits


def cost(usage: Usage, price: Price | None, batch: bool = False) -> float | None:
    """US dollars for the tokens of one request; None where the price is not known.

    Args:
        usage: Its tokens as the provider counted them.
        price: The model's price.
        batch: Whether it went through the provider's batch interface.
    """
    if price is None:
        return None
    long = price.long_above is not None and usage.input > price.long_above
    fed = usage.fresh * price.input + usage.cached * price.cached + usage.written * price.written
    said = usage.output * price.output
    total = fed * (price.long_input if long else 1.0) + said * (price.long_output if long else 1.0)
    return total / 1e6 * (1.0 - price.batch_discount if batch else 1.0)


def worst(fed: int, said: int, price: Price | None, batch: bool = False) -> float | None:
    """US dollars that a request of `fed` input tokens costs at most if `said` tokens are answered; None: not known."""
    if price is None:
        return None
    dearest = Usage(written=fed, output=said) if price.written > price.input else Usage(fresh=fed, output=said)
    return cost(dearest, price, batch)


class Book:
    """The entries of several files, first file first.

    Args:
        pages: For each file its name and its entries by pattern.
    """

    def __init__(self, pages: list[tuple[str, dict[str, Entry]]]) -> None:
        self.pages = pages

    def terms(self, provider: str, model: str, *, remote: bool = True) -> Terms:
        """What is known of a model, each field from the first entry that fits and has it.

        Args:
            provider: "anthropic", "openai", "openai-compatible", "ollama".
            model: Its name as asked for.
            remote: False for a server on this machine, which costs nothing unless an entry that names a price fits.
        """
        name = f"{provider}:{model}"
        found: dict[str, Any] = {}
        for _, entries in self.pages:
            for pattern, entry in entries.items():
                if fnmatch.fnmatchcase(name, pattern):
                    for field in entry.__struct_fields__:
                        value = getattr(entry, field)
                        if value is not None:
                            found.setdefault(field, value)
        allowed = {"concurrency", "requests_per_minute", "tokens_per_minute"} & found.keys()
        return Terms(
            price=_price(found) or (None if remote else FREE),
            context=found.get("context"),
            max_output=found.get("max_output"),
            limits=Limits(**{field: found[field] for field in allowed}),
        )


def _price(found: dict[str, Any]) -> Price | None:
    if "input" not in found or "output" not in found:
        return None
    return Price(
        input=found["input"],
        cached=found.get("cached", found["input"]),
        written=found.get("written", found["input"]),
        output=found["output"],
        batch_discount=found.get("batch_discount", 0.0),
        long_above=found.get("long_above"),
        long_input=found.get("long_input", 1.0),
        long_output=found.get("long_output", 1.0),
    )


class Named(Protocol):
    """A model by name, as `names.Spec` is one."""

    @property
    def provider(self) -> str:
        """One of "anthropic", "openai", "openai-compatible" and "ollama"."""
        ...

    @property
    def model(self) -> str:
        """Its name as asked for."""
        ...

    @property
    def remote(self) -> bool:
        """Whether text leaves this machine."""
        ...


def lookup(spec: Named, *, file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Terms:
    """What is known of a model, from the user's files and the packaged one; see `open_book`.

    Raises:
        UsageError: a file that was named is not there, or an entry is malformed.
    """
    return open_book(file, environ).terms(spec.provider, spec.model, remote=spec.remote)


def open_book(named: Path | None = None, environ: Mapping[str, str] = os.environ) -> Book:
    """The user's files and the packaged one: `named` (`--prices`), $SELFRULE_MODELS, ~/.config/selfrule/models.toml.

    Raises:
        UsageError: a file that was named is not there, or an entry is malformed.
    """
    pages = [(str(named), read(named))] if named is not None else []
    if environ.get("SELFRULE_MODELS"):
        path = Path(environ["SELFRULE_MODELS"]).expanduser()
        pages.append((str(path), read(path)))
    home = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else "")
    usual = Path(home) / "selfrule" / "models.toml"
    if home and usual.is_file():
        pages.append((str(usual), read(usual)))
    packaged = files("selfrule.clients").joinpath("models.toml").read_text(encoding="utf-8")
    pages.append(("selfrule's own models.toml", parse(packaged, "models.toml")))
    return Book(pages)


def read(path: Path) -> dict[str, Entry]:
    """The entries of a file by pattern.

    Raises:
        UsageError: it cannot be read, or an entry is malformed; names the file, the entry and what to do.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"the file of prices {path} cannot be read: {reason}") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> dict[str, Entry]:
    """The entries of a file's text; `name` is for errors."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the file of prices {name} is not TOML: {error}; correct it or take it away") from None
    entries = {}
    for pattern, fields in content.items():
        try:
            if ":" not in pattern:
                raise msgspec.ValidationError(
                    'the header must be ["provider:model"] in quotes, such as ["openai:gpt-6*"]'
                )
            entries[pattern] = msgspec.convert(fields, Entry)
        except msgspec.ValidationError as error:
            known = ", ".join(Entry.__struct_fields__)
            raise UsageError(f"the file of prices {name}, entry [{pattern!r}]: {error}; fields are {known}") from None
    return entries
