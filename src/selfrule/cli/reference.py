"""The page docs/cli.md, made from the commands' own help: `make docs`."""

from __future__ import annotations

from typer.testing import CliRunner

from selfrule.cli.main import COMMANDS, app


def page() -> str:
    """The Markdown page. A test compares it with the file, so it cannot rot."""
    runner = CliRunner()
    lines = [
        "# The command line",
        "",
        "Made by `make docs` from the commands' own help. Exit codes: 0 done; 1 done, with problems that you asked to be fatal",
        "(`--strict`, `doctor`); 2 bad usage or unusable input; 130 interrupted.",
        "",
    ]
    for arguments in ([], *([name] for name in COMMANDS)):
        result = runner.invoke(
            app, [*arguments, "--help"], prog_name="selfrule", env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}
        )
        lines += [f"## selfrule {' '.join(arguments)}".rstrip(), "", "```", result.output.strip(), "```", ""]
    return "\n".join(line.rstrip() for text in lines for line in text.split("\n")) + "\n"


if __name__ == "__main__":
    print(page(), end="")
