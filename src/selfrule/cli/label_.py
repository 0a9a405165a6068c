"""Open a page on this machine to label conversations: one at a time, blind to the judge, by the keyboard.

The queue is drawn by design at first use (docs/labels.md), and every keystroke is kept: stop and come back as you like. The page
answers on this machine alone, to whoever has the address that is printed.

Example: selfrule label my-study --labeller ada --n 200
"""

from __future__ import annotations

from typing import Annotated

import typer

from selfrule.cli import options

Labeller = Annotated[
    str | None, typer.Option("--labeller", help="Who labels; asked on the page unless given.", metavar="NAME")
]
Budget = Annotated[
    int | None,
    typer.Option("--n", help="Conversations in the queue [default: those drawn before, else 200].", min=1, metavar="N"),
]
Port = Annotated[int, typer.Option("--port", help="Port of the page; 0 takes a free one.", min=0, max=65535)]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address and open no browser.")]

FIRST = 200  # conversations drawn where nobody said how many


def command(
    study: options.StudyPath,
    labeller: Labeller = None,
    n: Budget = None,
    port: Port = 0,
    no_browser: NoBrowser = False,
) -> None:
    """Serve the page until it is stopped."""
    from selfrule.labels.names import name_of
    from selfrule.serve.app import Pages
    from selfrule.serve.desk import Desk
    from selfrule.serve.drafts import Drafts
    from selfrule.serve.guard import Guard
    from selfrule.serve.opening import open_browser
    from selfrule.serve.running import listening, run
    from selfrule.store.folder import Folder
    from selfrule.study.labelling import Labelling

    name = None if labeller is None else name_of(labeller)
    folder = Folder.open(study)
    labelling = Labelling(folder)
    draw = labelling.draw
    if n is not None or draw is None:
        draw = labelling.open_draw(FIRST if n is None else n)
    guard = Guard()
    pages = Pages(Desk(labelling, Drafts(folder.root / "labels" / "drafts")), name)
    with listening(port) as server:
        guard.port = server.getsockname()[1]
        typer.echo(
            f"{len(draw.items):,} conversations are in the queue. The page, for you alone:\n\n  {guard.address}\n"
        )
        typer.echo("Ctrl-C stops it; nothing given is lost.")
        leaf = folder.root / "labels" / "open.html"
        try:
            if not no_browser and not open_browser(leaf, guard.address):
                typer.echo("No browser was found here: open the address yourself.")
            run(pages, guard, server)
        finally:
            leaf.unlink(missing_ok=True)
    typer.echo(f"Stopped. Labels are in {folder.root / 'labels' / 'given'}.")
