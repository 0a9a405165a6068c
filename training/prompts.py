"""Write the judges' prompts from the rubric: `python -m training.prompts` (or `make prompts`). Deterministic.

The rubric's wording is `src/selfrule/rubric/rubric.md`; the instructions around it are the files in `inputs/prompts`. What comes
out is what is sent, one file a text, in `src/selfrule/judges/prompts/PROTOCOL`.
"""

from __future__ import annotations

import re
import string
from pathlib import Path

from selfrule import rubric

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "selfrule" / "judges" / "prompts"
_INPUTS = Path(__file__).resolve().parent / "inputs" / "prompts"
_HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)


def written(name: str) -> str:
    """A text written by hand."""
    return (_INPUTS / f"{name}.md").read_text("utf-8").strip()


def sections(text: str) -> dict[str, str]:
    """The rubric's sections by heading (without level and bracketed rest), each with its heading, without its subsections."""
    found = list(_HEADING.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts: dict[str, str] = {}
    for match, end in zip(found, ends, strict=True):
        construct = re.search(r"\(`(\w+)`\)", match.group(2))
        name = construct.group(1) if construct else match.group(2).split("(")[0].split(":")[0].strip()
        parts[name] = text[match.start() : end].strip()
    return parts


def marker(section: str, primitive: str) -> str:
    """What the rubric says of all markers, and of this primitive's."""
    head, *bullets = re.split(r"^- ", section, flags=re.MULTILINE)
    mine = [bullet for bullet in bullets if bullet.startswith(f"`actualized_{primitive}`")]
    tail = mine[0].split("\nDissatisfaction")[0].strip()
    closing = section.rsplit("\n", 1)[1]
    return f"{head.strip()}\n- {tail}\n{closing}"


def made() -> dict[str, str]:
    """Every prompt file's text by its path below `judges/prompts`."""
    rules = rubric.load()
    part = sections(rules.text)
    opening = "\n\n".join(part["The rubric"].split("\n\n")[2:])  # without the heading and the sources
    domains = "## Domains\nIds: " + ", ".join(rules.domains) + "."
    weighing = f"# The rubric (version {rules.version})\n\n{opening}\n\n{part['How a rater weighs what it sees']}"
    constructs = [part["Primitives"], *(part[c] for c in rubric.PRIMITIVES)]
    constructs += [part["Amplifying factors"], *(part[c] for c in rubric.FACTORS)]
    markers = part["Actualized markers"]
    whole = "\n\n".join([weighing, *constructs, markers])
    texts = {
        "joint/system": "\n\n".join([written("common"), written("joint"), whole, domains]),
        "joint/ask": written("joint-ask"),
        "separate/system": "\n\n".join([written("common"), written("separate"), weighing]),
        "separate/ask-domains": written("separate-domains").format(section=domains),
        "logprobs/system": "\n\n".join([written("common"), written("logprobs"), whole]),
        "logprobs/ask-domains": written("logprobs-domains").format(
            letters="\n".join(f"{a} {d}" for a, d in zip(string.ascii_uppercase, rules.domains.values(), strict=False))
        ),
        "logprobs/ask-evidence": written("logprobs-evidence"),
    }
    for construct in rules.constructs:
        section = part[construct.id]
        if construct.kind == "factor":
            section = f"{part['Amplifying factors']}\n\n{section}"
        if construct.actualized:
            section += "\n\n" + marker(markers, construct.id)
        ask = written("separate-construct").format(construct=construct.id, section=section)
        if construct.actualized:
            ask += " " + written("separate-marker").format(construct=construct.id)
        texts[f"separate/ask-{construct.id}"] = ask
        name = construct.name[0].lower() + construct.name[1:]
        texts[f"logprobs/ask-{construct.id}"] = written("logprobs-construct").format(name=name, construct=construct.id)
    data = written("common").partition("\n\n")[2]
    listed = f"# The codes\n\n{written('facets-codes')}"
    texts |= {
        "facets/system": "\n\n".join([written("facets"), data, written("facets-answer"), listed]),
        "facets/ask": written("facets-ask"),
        "facets/join": written("facets-join"),
        "facets/repair-answer": written("repair-answer"),
        "facets/repair-quoted": written("repair-quoted"),
    }
    for protocol in ("joint", "separate", "logprobs"):
        texts[f"{protocol}/repair-answer"] = written("repair-answer")
        texts[f"{protocol}/repair-evidence"] = written("repair-evidence")
    return {f"{path}.md": f"{text}\n" for path, text in sorted(texts.items())}


def main() -> None:
    """Write the files, and remove those that are no longer made."""
    texts = made()
    for path in TARGET.rglob("*.md"):
        if path.relative_to(TARGET).as_posix() not in texts:
            path.unlink()
    for name, text in texts.items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
