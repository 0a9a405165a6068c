"""Bytes out, bytes in: one aiohttp session to one server, with every failure as a `CallError`.

The vendors' clients say who we are (keys, versions, headers), and do what is rare (batches, files). The one call that is
made a million times goes through here: the same request through `openai` or `anthropic` costs five times the processor
time, most of it in URL and header objects.

Redirects are not followed: text goes to the server that was named and confirmed, and to no other.
"""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from selfrule.clients import faults
from selfrule.clients.looped import Looped
from selfrule.clients.names import loopback
from selfrule.clients.types import CallError

if TYPE_CHECKING:
    import aiohttp

MOST_REPLY = 64 * 1024 * 1024
"""Bytes of one reply that are read at most; more is no reply of any of these interfaces."""
MOST_LINE = 16 * 1024 * 1024
"""Bytes of one line of a batch's results that are read at most."""
_CONNECT_S = 15.0
_LARGE = 2**20  # aiohttp wants larger bodies as a file, to send them in pieces

_encoder = msgspec.json.Encoder()


def encode(body: Any) -> bytes:
    """JSON of a request; lone surrogates, which no server takes, become U+FFFD."""
    try:
        return _encoder.encode(body)
    except UnicodeEncodeError:
        return _encoder.encode(_sound(body))


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_sound(name): _sound(part) for name, part in value.items()}
    return [_sound(part) for part in value] if isinstance(value, list | tuple) else value


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy that the environment sets for an address, None for none: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY."""
    parts = urlsplit(url)
    low = {name.lower(): value for name, value in environ.items() if name.lower().endswith("_proxy") and value}
    proxy = low.get(f"{parts.scheme}_proxy") or low.get("all_proxy")
    host = (parts.hostname or "").lower()
    spared = [entry.strip().lower().lstrip(".") for entry in low.get("no_proxy", "").split(",") if entry.strip()]
    if (
        not proxy
        or loopback(url)
        or any(entry in ("*", host, parts.netloc.lower()) or host.endswith("." + entry) for entry in spared)
    ):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


class Wire:
    """A server to send to. Opens its session on first use, in the event loop that uses it.

    Args:
        url: Base address without a slash at the end, or "unix:///path/to/socket".
        headers: Makes what is sent with every request, when it is first needed: the key is in there, and nowhere else.
        proxy: Address of a proxy, or None.
    """

    def __init__(self, url: str, headers: Callable[[], Mapping[str, str]], proxy: str | None = None) -> None:
        self.url = url
        self._socket = url.removeprefix("unix://") if url.startswith("unix://") else None
        self._base = "http://localhost/v1" if self._socket else url
        self._headers = headers
        self._proxy = proxy
        self._sessions = Looped(self._session, lambda session: session.close())

    def __repr__(self) -> str:
        return f"Wire({self.url!r})"  # never the headers: they hold the key

    def _session(self) -> aiohttp.ClientSession:
        import aiohttp

        ssl: Any = True
        if self._base.startswith("https:"):
            import httpx2

            ssl = httpx2.create_ssl_context()  # the same certificates that the vendors' clients trust
        connector: aiohttp.BaseConnector
        if self._socket:
            connector = aiohttp.UnixConnector(self._socket, limit=0)
        else:
            connector = aiohttp.TCPConnector(limit=0, ssl=ssl, ttl_dns_cache=300, keepalive_timeout=30)
        # no cookies, no .netrc, no proxies by the environment: nothing is sent that is not named here
        return aiohttp.ClientSession(
            connector=connector, headers=self._headers(), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )

    async def send(
        self,
        path: str,
        body: bytes | io.BytesIO | None = None,
        *,
        timeout: float,
        method: str = "POST",
        root: bool = False,
    ) -> bytes:
        """Send one request and read the whole answer.

        Args:
            path: Path below the base address.
            body: JSON, or None.
            timeout: Seconds for all of it.
            method: HTTP method.
            root: The path is below the server's root, where the base address ends in "/v1".

        Returns:
            The bytes of an answer with a status in 200 to 299.

        Raises:
            CallError: anything else.
        """
        import aiohttp

        data = io.BytesIO(body) if isinstance(body, bytes) and len(body) > _LARGE else body
        limit = aiohttp.ClientTimeout(total=timeout, sock_connect=min(_CONNECT_S, timeout))
        url = (self._base.removesuffix("/v1") if root else self._base) + path
        try:
            session = await self._sessions.get()
            async with session.request(
                method, url, data=data, timeout=limit, proxy=self._proxy, allow_redirects=False
            ) as response:
                content = await _whole(response)
                if 200 <= response.status < 300:
                    return content
                raise faults.from_response(response.status, response.headers, content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise faults.from_exception(error) from None

    async def lines(self, path: str, *, timeout: float) -> AsyncGenerator[bytes, None]:
        """The lines of an answer as they come, for what is too large to hold.

        Args:
            path: Path below the base address.
            timeout: Seconds without a single byte before it is given up.

        Raises:
            CallError: no answer, or it was cut in the middle.
        """
        import aiohttp

        limit = aiohttp.ClientTimeout(total=None, sock_connect=min(_CONNECT_S, timeout), sock_read=timeout)
        try:
            session = await self._sessions.get()
            async with session.get(
                self._base + path, timeout=limit, proxy=self._proxy, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:
                    raise faults.from_response(response.status, response.headers, await _whole(response))
                async for line in split(response.content.iter_any()):
                    yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise faults.from_exception(error) from None

    async def close(self) -> None:
        """Close connections."""
        await self._sessions.close()


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body, never more than `MOST_REPLY` of it."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MOST_REPLY:
            raise CallError("garbled", f"a reply of more than {MOST_REPLY} bytes", status=response.status)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def split(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Lines out of chunks, without their ends; empty ones are left out.

    Raises:
        CallError: a line of more than `MOST_LINE` bytes.
    """
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if b"\n" in chunk:
            *whole, rest = bytes(held).split(b"\n")
            held = bytearray(rest)
            for line in whole:
                if line.strip():
                    yield line
        if len(held) > MOST_LINE:
            raise CallError("garbled", f"a line of more than {MOST_LINE} bytes")
    if held.strip():
        yield bytes(held)
