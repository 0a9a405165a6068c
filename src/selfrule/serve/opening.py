"""Opening the browser without showing the token to other users of the machine, who can read every program's arguments."""

from __future__ import annotations

import html
import webbrowser
from collections.abc import Callable
from pathlib import Path

from selfrule.store.folder import write_file


def leaf(address: str) -> bytes:
    """A page that does nothing but go to an address."""
    to = html.escape(address, quote=True)
    body = f'<title>selfrule</title><p><a href="{to}">To the labelling page</a></p></html>'
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0; url={to}">{body}\n'
    ).encode()


def open_browser(path: Path, address: str, opener: Callable[[str], bool] = webbrowser.open) -> bool:
    """Open the browser at an address by way of a file that the owner alone can read. Gives whether a browser was found."""
    write_file(path, leaf(address), mode=0o600)
    try:
        return opener(path.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False
