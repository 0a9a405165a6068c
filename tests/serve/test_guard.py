"""Nobody but this machine's browser with this run's token is let in, and the page may load nothing."""

from __future__ import annotations

import re

import pytest

from selfrule.errors import UsageError
from selfrule.serve.guard import Guard
from selfrule.serve.opening import leaf, open_browser
from selfrule.serve.running import listening

from .asking import TOKEN, said, small

PATHS = [
    ("GET", "/"),
    ("GET", "/turns?id=x"),
    ("GET", "/piece?id=x"),
    ("POST", "/open"),
    ("POST", "/save"),
    ("POST", "/give"),
]


@pytest.fixture(scope="module")
def asker(tmp_path_factory):
    with small(tmp_path_factory.mktemp("guard")) as made:
        yield made


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_the_cookie_nothing_is_told(asker, method, path):
    status, headers, body = asker.raw(method, path, b"{}" if method == "POST" else None, cookie="")
    assert status == 403
    assert b"address that selfrule printed" in body
    assert "set-cookie" not in headers


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "t", "%00", "é" * 20])
def test_a_wrong_token_opens_nothing(asker, token):
    from urllib.parse import quote

    assert asker.raw("GET", f"/?token={quote(token)}", cookie="")[0] == 403


def test_the_token_gives_the_page_and_a_cookie_that_neither_scripts_nor_other_sites_can_use(asker):
    status, headers, body = asker.raw("GET", f"/?token={TOKEN}", cookie="")
    assert status == 200
    assert b"<!doctype html>" in body
    cookie = headers["set-cookie"]
    assert cookie.startswith(f"selfrule-{asker.guard.port}={TOKEN}")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_the_token_in_the_address_opens_the_page_alone_and_no_question(asker):
    assert asker.raw("GET", f"/turns?token={TOKEN}", cookie="")[0] == 403
    assert asker.raw("POST", f"/open?token={TOKEN}", b"{}", cookie="")[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example", "[::1]:80"])
def test_a_request_addressed_to_any_other_name_is_refused_even_with_the_token(asker, host):
    assert asker.raw("GET", f"/?token={TOKEN}", host=host)[0] == 403
    assert asker.raw("POST", "/open", b'{"labeller": "ada"}', host=host)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", ""])
def test_what_another_page_of_the_same_browser_sends_is_refused(asker, origin):
    assert asker.raw("POST", "/open", b'{"labeller": "ada"}', origin=origin)[0] == 403


def test_localhost_is_the_same_machine(asker):
    here = f"localhost:{asker.guard.port}"
    assert asker.raw("POST", "/open", b'{"labeller": "ada"}', host=here, origin=f"http://{here}")[0] == 200


@pytest.mark.parametrize(("method", "path"), [*PATHS, ("GET", "/nothing"), ("DELETE", "/"), ("OPTIONS", "/give")])
def test_no_reply_is_kept_framed_or_sniffed(asker, method, path):
    _, headers, _ = asker.raw(
        method, path, b"{}" if method == "POST" else None, origin=f"http://127.0.0.1:{asker.guard.port}"
    )
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_each_page_has_a_nonce_of_its_own_and_runs_nothing_without_it(asker):
    seen = set()
    for _ in range(3):
        _, headers, body = asker.raw("GET", "/")
        policy = headers["content-security-policy"]
        nonce = re.search(r"script-src 'nonce-([^']+)'", policy).group(1)
        assert "unsafe" not in policy
        tags = re.findall(r"<(?:script|style)\b[^>]*>", body.decode())
        assert tags == [f'<style nonce="{nonce}">', f'<script nonce="{nonce}">']
        assert " on" not in re.sub(r">[^<]*<", "><", body.decode().split("<script")[0]).replace(" only", "")
        seen.add(nonce)
    assert len(seen) == 3


def test_the_page_names_no_other_place(asker):
    body = asker.raw("GET", "/")[2].decode()
    assert re.findall(r"(?:https?:)?//[\w.]+\.\w+", body.replace("// ", "")) == []
    assert re.findall(r"""(?:src|href|action)=["'][^#d]""", body) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/open", b""),
        ("/open", b"{"),
        ("/open", b"\xff\xfe"),
        ("/open", b'{"labeller": 1}'),
        ("/open", b'{"labeller": "a", "more": 1}'),
        ("/save", b'{"labeller": "a", "id": "../../etc", "base": 0, "state": {}}'),
        ("/save", b'{"labeller": "a", "id": "%s", "base": 0, "state": {"levels": {"attachment": 4}}}' % (b"0" * 32)),
        ("/save", b'{"labeller": "a", "id": "%s", "base": 0, "state": {"levels": {"other": 1}}}' % (b"0" * 32)),
        (
            "/save",
            b'{"labeller": "a", "id": "%s", "base": 0, "state": {"evidence": {"attachment": [-1]}}}' % (b"0" * 32),
        ),
        (
            "/save",
            b'{"labeller": "a", "id": "%s", "base": 0, "state": {"actualized": {"reality": "maybe"}}}' % (b"0" * 32),
        ),
        ("/save", b'{"labeller": "a", "id": "%s", "base": 0, "state": {"seconds": NaN}}' % (b"0" * 32)),
        ("/give", b'{"labeller": "a", "id": "%s", "status": "agreed", "state": {}}' % (b"0" * 32)),
    ],
)
def test_what_the_page_would_not_send_is_refused_and_changes_nothing(asker, path, body):
    before = list(asker.queue.given)
    assert asker.raw("POST", path, body)[0] == 400
    assert asker.queue.given == before


@pytest.mark.parametrize(
    "path", ["/turns?from=-1", "/turns?from=x", "/turns?from=1e9", "/piece?turn=9999999999999", "/turns?from=%C2%B2"]
)
def test_a_place_that_is_no_number_is_refused(asker, path):
    assert asker.raw("GET", path)[0] == 400


def test_a_request_of_many_megabytes_is_refused(asker):
    status, _, _ = asker.raw("POST", "/save", b'{"labeller": "' + b"a" * (3 << 20) + b'"}')
    assert status == 413


def test_a_conversation_that_is_not_in_the_queue_cannot_be_read(asker):
    assert asker.raw("GET", f"/turns?id={'0' * 32}")[0] == 404
    assert asker.raw("GET", "/turns?id=../../secret.key")[0] == 404
    asker.post("/give", expect=404, labeller="ada", id="0" * 32, status="labelled", state=said())


def test_two_runs_never_share_a_token():
    assert len({Guard().token for _ in range(50)}) == 50
    assert len(Guard().token) >= 40


def test_the_server_listens_on_loopback_alone_and_says_when_a_port_is_taken():
    with listening(0) as first:
        host, port = first.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(UsageError, match=f"Port {port} cannot be had"):
            listening(port)


def test_the_browser_is_opened_by_a_file_for_the_owner_alone_so_that_no_argument_holds_the_token(tmp_path):
    opened = []
    assert open_browser(
        tmp_path / "labels" / "open.html", "http://127.0.0.1:1/?token=abc&x", lambda url: opened.append(url) or True
    )
    assert opened == [(tmp_path / "labels" / "open.html").as_uri()]
    assert (tmp_path / "labels" / "open.html").stat().st_mode & 0o777 == 0o600
    assert b"token=abc&amp;x" in leaf("http://127.0.0.1:1/?token=abc&x")
