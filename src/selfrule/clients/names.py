"""Judges by name: what `--judge anthropic:MODEL` and its like stand for, and the client behind the name.

    anthropic:MODEL                     ANTHROPIC_API_KEY
    openai:MODEL                        OPENAI_API_KEY
    openai-compatible:URL#MODEL         SELFRULE_API_KEY, if the server wants a key at all
    ollama:MODEL                        no key; the server at OLLAMA_HOST, http://127.0.0.1:11434 by default

ANTHROPIC_BASE_URL and OPENAI_BASE_URL lead to another server that speaks as the vendor's does. One on this machine is taken
for a stand-in: its client's provider is "anthropic@loopback", and nothing it says is ever taken for the vendor's word.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import msgspec

from selfrule.clients.families import family
from selfrule.errors import ClientError, UsageError

if TYPE_CHECKING:
    from selfrule.clients.anthropic_ import AnthropicClient
    from selfrule.clients.ollama_ import OllamaClient
    from selfrule.clients.openai_ import OpenAIClient

__all__ = [
    "FORMS",
    "KEYS",
    "PROVIDERS",
    "Provider",
    "Spec",
    "base_url",
    "connect",
    "family",
    "key_for",
    "loopback",
    "parse",
]

Provider = Literal["anthropic", "openai", "openai-compatible", "ollama"]
PROVIDERS: tuple[Provider, ...] = ("anthropic", "openai", "openai-compatible", "ollama")
FORMS = "anthropic:MODEL, openai:MODEL, openai-compatible:URL#MODEL, ollama:MODEL"

_HOMES = {"anthropic": "https://api.anthropic.com", "openai": "https://api.openai.com/v1"}
_BASE = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL"}
KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "openai-compatible": "SELFRULE_API_KEY"}
"""The variable of the environment that holds a provider's key."""

_OTHER_WORDS: dict[str, Provider] = {
    "claude": "anthropic",
    "gpt": "openai",
    "chatgpt": "openai",
    "azure": "openai-compatible",
    "vllm": "openai-compatible",
    "sglang": "openai-compatible",
    "llamacpp": "openai-compatible",
    "llama.cpp": "openai-compatible",
    "lmstudio": "openai-compatible",
    "compatible": "openai-compatible",
    "http": "openai-compatible",
    "https": "openai-compatible",
}


class Spec(msgspec.Struct, frozen=True):
    """A model by name. `url` is the base address, None for a vendor's own; `text` is the name as it was given."""

    text: str
    provider: Provider
    model: str
    url: str | None = None

    @property
    def remote(self) -> bool:
        """Whether text leaves this machine. Ollama's cloud models do, though the server that is asked is on it."""
        if self.provider == "ollama" and re.search(r"[:-]cloud$", self.model):
            return True
        return self.url is None or not loopback(self.url)

    @property
    def family(self) -> str | None:
        """The coarse family of the model; see `family`."""
        return family(self.model)

    @property
    def host(self) -> str:
        """Where text is sent to, for a person to read: a host, or "this machine"."""
        if not self.remote:
            return "this machine"
        if self.url is None:
            return urlsplit(_HOMES[self.provider]).netloc
        return "ollama.com, through this machine" if loopback(self.url) else urlsplit(self.url).netloc


def loopback(url: str) -> bool:
    """Whether an address is on this very machine: a Unix socket, localhost, or a loopback address."""
    if url.startswith("unix://"):
        return True
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def parse(text: str, environ: Mapping[str, str] = os.environ) -> Spec:
    """What a judge's name stands for.

    Args:
        text: A name of one of the forms above.
        environ: Where OLLAMA_HOST, ANTHROPIC_BASE_URL and OPENAI_BASE_URL are looked up.

    Raises:
        UsageError: not a name of these forms.
    """
    word, colon, rest = text.strip().partition(":")
    provider = next((known for known in PROVIDERS if known == word), None)
    if provider is None or not colon or not rest.strip():
        raise UsageError(f"Judge {_shown(text)} is no model's name: {_hint(text)}. The forms are {FORMS}.")
    rest = rest.strip()
    if provider == "openai-compatible":
        address, _, model = rest.partition("#")
        if not model.strip():
            raise UsageError(
                f"Judge {_shown(text)} names no model: put it behind the address, as in "
                "openai-compatible:http://127.0.0.1:8000/v1#MODEL."
            )
        return Spec(text, provider, model.strip(), base_url(address, "openai-compatible"))
    if provider == "ollama":
        return Spec(text, provider, rest, _ollama_host(environ.get("OLLAMA_HOST", "")))
    other = environ.get(_BASE[provider], "").strip().rstrip("/")
    if other and other != _HOMES[provider]:
        return Spec(text, provider, rest, base_url(other, _BASE[provider], path=""))
    return Spec(text, provider, rest)


def base_url(address: str, name: str, path: str = "/v1") -> str:
    """An address fit to send to: a scheme, a host, no credentials and nothing behind a question mark.

    Args:
        address: As it was given.
        name: What gave it, for the message.
        path: The path where the address has none.

    Raises:
        UsageError: it is not one. The address is not repeated in the message, as it may hold a key.
    """
    address = address.strip().rstrip("/")
    if address.startswith("unix:///"):
        return address
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"The address in {name} is none: it must start with http:// or https:// and name a host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            f"The address in {name} holds a user, a password or a query: addresses are written into studies, keys never. "
            "Give the address alone and the key in SELFRULE_API_KEY."
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path or path}"


def _ollama_host(value: str) -> str:
    """The address of Ollama by its own rules for OLLAMA_HOST: port 11434 where no scheme says otherwise."""
    value = value.strip().strip("\"'") or "127.0.0.1:11434"
    had_scheme = "://" in value
    if not had_scheme:
        value = f"http://{value if not value.startswith(':') else '127.0.0.1' + value}"
    url = base_url(value, "OLLAMA_HOST", path="")
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in ("0.0.0.0", "::"):  # noqa: S104 what a server listens on is no address to call
        host = "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    port = parts.port or (None if had_scheme else 11434)
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path}"


def _shown(text: str) -> str:
    """A name that was not understood, short and without what may be a key in an address."""
    cut = re.sub(r"//[^/@\s]*@", "//…@", text.strip().split("?")[0])
    return repr(cut if len(cut) <= 80 else cut[:79] + "…")


def _hint(text: str) -> str:
    """What was probably meant."""
    word, _, rest = text.strip().partition(":")
    low = word.lower()
    if low in PROVIDERS:
        return f"did you mean {low}:{rest}" if rest.strip() else "it names no model"
    if low in ("http", "https"):
        return f"did you mean openai-compatible:{_shown(text)[1:-1].split('#')[0]}#MODEL"
    if low in _OTHER_WORDS:
        return f"did you mean {_OTHER_WORDS[low]}:{rest or 'MODEL'}"
    near = difflib.get_close_matches(low, PROVIDERS, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}:{rest or 'MODEL'}"
    by_family: dict[str | None, Provider] = {"claude": "anthropic", "gpt": "openai"}
    known = family(text)
    if known is not None and "/" not in text:
        return f"did you mean {by_family.get(known, 'ollama')}:{_shown(text)[1:-1]}"
    return "it does not say whose model it is"


def key_for(spec: Spec, environ: Mapping[str, str] = os.environ) -> str | None:
    """The key of a model's provider, from the environment; None where a server needs none.

    A vendor's key goes to that vendor, or to the server that its *_BASE_URL names, and never to an address in a judge's name.

    Raises:
        ClientError: the provider needs one and the environment has none.
    """
    if spec.provider == "ollama":
        return None
    name = KEYS[spec.provider]
    key = environ.get(name, "").strip()
    if key:
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ClientError(
                f"{name} holds characters that no key has (a space, a quotation mark of print?): set it again."
            )
        return key
    if spec.provider == "openai-compatible":
        return None
    if not spec.remote:
        return "none"  # a stand-in on this machine
    raise ClientError(f"No key for {spec.text}: set {name} in the environment. selfrule never writes it anywhere.")


def connect(
    spec: Spec | str, parameters: Mapping[str, Any] | None = None, environ: Mapping[str, str] = os.environ
) -> AnthropicClient | OpenAIClient | OllamaClient:
    """The client of a model. Opens no connection yet.

    Args:
        spec: The model, or its name.
        parameters: Sent in the body of every request, over what selfrule sends; None as a value leaves one out. By default
            openai-compatible and ollama get temperature 0 and seed 0, and anthropic and openai get nothing, as their newer
            models refuse sampling parameters.
        environ: Where keys, proxies and addresses are looked up.

    Raises:
        UsageError: not a model's name, or a parameter that selfrule sets itself.
        ClientError: the provider needs a key and there is none.
    """
    if isinstance(spec, str):
        spec = parse(spec, environ)
    given = dict(parameters or {})
    reserved = sorted({"model", "messages", "system", "stream", "n", "prompt", "input"} & given.keys())
    if reserved:
        raise UsageError(f"Parameter {reserved[0]!r} cannot be given: selfrule sets it for every request.")
    key = key_for(spec, environ)
    if spec.provider == "anthropic":
        from selfrule.clients.anthropic_ import AnthropicClient

        return AnthropicClient(spec, key or "", given, environ)
    if spec.provider == "ollama":
        from selfrule.clients.ollama_ import OllamaClient

        return OllamaClient(spec, given, environ)
    from selfrule.clients.openai_ import OpenAIClient

    return OpenAIClient(spec, key, given, environ)
