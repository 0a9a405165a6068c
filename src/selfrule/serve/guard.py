"""Who may ask: this machine's browser with this run's token, and no other page that it has open.

- The server listens on loopback alone, and takes only requests addressed to it there: a name that an attacker's DNS points
  at 127.0.0.1 is refused (DNS rebinding).
- The token comes once, in the address; then a cookie holds it that scripts cannot read and other sites cannot send.
- A request that another page of the same browser causes is refused by its origin.
- The page may load nothing and run nothing but what came with it: a Content-Security-Policy with a nonce.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
CLOSED = "This page belongs to somebody's study. Open it at the address that selfrule printed when it was started."


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page whose style and script carry this nonce."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


class Guard:
    """Lets requests in, or not. `port` is known once the server listens."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token or secrets.token_urlsafe(32)
        self.port = 0

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies do not know ports, and there may be several studies open."""
        return f"selfrule-{self.port}"

    @property
    def address(self) -> str:
        """Where to open the page: the token is in it."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def _is_token(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _ours(self, request: web.Request) -> bool:
        hosts = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        if request.headers.getall("Host", []) not in ([host] for host in hosts):
            return False
        origin = request.headers.get("Origin")
        if request.method != "GET" and origin is None:
            return False
        return origin is None or origin in {f"http://{host}" for host in hosts}

    def middleware(self) -> Any:
        """The aiohttp middleware that stands before every handler, and dresses every reply."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._ours(request):
                reply: web.StreamResponse = web.Response(status=403, text="This server answers on loopback alone.\n")
            elif self._is_token(request.query.get("token")) and request.path == "/" and request.method == "GET":
                reply = await handler(request)
                reply.set_cookie(self.cookie, self.token, httponly=True, samesite="Strict", path="/")
            elif self._is_token(request.cookies.get(self.cookie)):
                try:
                    reply = await handler(request)
                except web.HTTPException as error:
                    reply = web.Response(status=error.status, text=f"{error.reason}\n")
            else:
                reply = web.Response(status=403, text=CLOSED + "\n")
            reply.headers.update(HEADERS)
            reply.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            return reply

        return guarded
