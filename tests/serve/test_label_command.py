"""`selfrule label`: an address for one person alone, until it is stopped."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest

from selfrule.serve.opening import leaf
from selfrule.serve.running import listening
from tests.study.judged import made

from .driver import READY, Browser, chromium


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return made(tmp_path_factory.mktemp("command"), 12, people=4).root


def label(study, *more, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "selfrule", "label", str(study), *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


@contextmanager
def labelling(study, *more, **options):
    """The program, running, with the port and the token that it printed."""
    program = label(study, *more, **options)
    try:
        lines = [program.stdout.readline() for _ in range(3)]
        port, token = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", "".join(lines)).groups()
        yield program, int(port), token
    finally:
        if program.poll() is None:
            program.kill()
        program.wait(10)
        program.stdout.close()
        program.stderr.close()


def ask(port, path, body=None, cookie=""):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"}
    connection.request("GET" if body is None else "POST", path, json.dumps(body) if body is not None else None, headers)
    reply = connection.getresponse()
    got = reply.status, reply.read()
    connection.close()
    return got


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_where_the_page_is_serves_it_and_stops_in_order(study, sign):
    with labelling(study, "--no-browser", "--n", "5", "--labeller", "ada") as (program, port, token):
        assert ask(port, "/")[0] == 403
        assert ask(port, f"/?token={token}")[0] == 200
        status, got = ask(port, "/open", {"labeller": "ada"}, f"selfrule-{port}={token}")
        assert status == 200
        assert json.loads(got)["progress"]["of"] == 5
        assert token not in " ".join(psutil.Process(program.pid).cmdline())
        assert {
            c.laddr.ip for c in psutil.Process(program.pid).net_connections() if c.status == psutil.CONN_LISTEN
        } == {"127.0.0.1"}
        program.send_signal(sign)
        assert program.wait(10) == 0
        assert program.stdout.read().endswith(f"Stopped. Labels are in {study / 'labels' / 'given'}.\n")
        assert program.stderr.read() == ""


def test_the_browser_gets_a_file_that_is_gone_when_it_stops(study, tmp_path):
    told = tmp_path / "told"
    browser = tmp_path / "browser.sh"
    browser.write_text(
        f'#!/bin/sh\necho "$@" > {told}.tmp; cat "{study}/labels/open.html" >> {told}.tmp; mv {told}.tmp {told}\n'
    )
    browser.chmod(0o755)
    with labelling(study, env=os.environ | {"BROWSER": f"{browser} %s"}) as (program, _, token):
        for _ in range(100):
            if told.exists():
                break
            time.sleep(0.05)
        argument, page = told.read_text().split("\n", 1)
        assert argument == (study / "labels" / "open.html").as_uri()
        assert token in page
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 0
    assert not (study / "labels" / "open.html").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--labeller", ""], "A labeller's name must have 1 to 60 characters"),
        (["--n", "0"], "'--n'"),
        (["--port", "70000"], "'--port'"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line_with_exit_code_2(study, more, message):
    program = label(study, "--no-browser", *more)
    _, err = program.communicate(timeout=30)
    assert program.returncode == 2
    assert message in err


def test_no_study_and_a_port_that_is_taken_end_with_exit_code_2(study, tmp_path):
    program = label(tmp_path, "--no-browser")
    assert "is no study" in program.communicate(timeout=30)[1]
    assert program.returncode == 2
    with listening(0) as taken:
        program = label(study, "--no-browser", "--port", str(taken.getsockname()[1]))
        assert "cannot be had" in program.communicate(timeout=30)[1]
        assert program.returncode == 2


@pytest.mark.browser
def test_the_file_leads_a_browser_to_the_page_and_a_reload_stays_there(study, tmp_path):
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with (
        labelling(study, "--no-browser", "--labeller", "ada") as (_, port, token),
        playwright.sync_playwright() as driver,
    ):
        (tmp_path / "open.html").write_bytes(leaf(f"http://127.0.0.1:{port}/?token={token}"))
        browser = Browser(driver, tmp_path / "profile")
        tab = browser.page((tmp_path / "open.html").as_uri())
        tab.wait_for_selector("#welcome[open]")
        tab.keyboard.press("Enter")
        tab.wait_for_selector(READY)
        assert tab.url == f"http://127.0.0.1:{port}/"
        tab.reload()
        tab.wait_for_selector(READY)
        assert tab.inner_text("#who") == "ada"
        browser.close()
