"""MODEL_CARD.md from the card's figures."""

from __future__ import annotations

from typing import Any

AGREEMENT = (
    "| | weighted kappa | exact | within one | conversations | above none |",
    "| --- | --- | --- | --- | --- | --- |",
)


def _shown(value: list[float | None], digits: int = 2) -> str:
    figure, low, high = value
    if figure is None:
        return "not defined"
    around = f" ({low:.{digits}f} to {high:.{digits}f})" if low is not None and high is not None else ""
    return f"{figure:.{digits}f}{around}"


def _agreement(rows: dict[str, Any]) -> list[str]:
    out = list(AGREEMENT)
    for name, row in rows.items():
        figures = " | ".join(_shown(row[figure]) for figure in ("kappa", "exact", "within_one"))
        out.append(f"| {name} | {figures} | {row['n']} | {row['positive']} |")
    return out


def _discrimination(rows: dict[str, Any]) -> list[str]:
    out = ["| part | AUROC | calibration error | n | flagged |", "| --- | --- | --- | --- | --- |"]
    for name, row in rows.items():
        out.append(f"| {name} | {_shown(row['auroc'], 3)} | {row['ece']:.3f} | {row['n']} | {row['flagged']} |")
    return out


def _screen(points: list[dict[str, float]]) -> list[str]:
    out = [
        "| wanted recall | threshold | reached | kept of not flagged | kept of what labels drop |",
        "| --- | --- | --- | --- | --- |",
    ]
    for p in points:
        share = f"{p['kept']:.2f} | {p['kept_ordinary']:.2f}"
        out.append(f"| {p['recall']:.3f} | {p['threshold']:.4f} | {p['reached']:.3f} | {share} |")
    return out


def _baselines(card: dict[str, Any]) -> list[str]:
    out = [
        "| | pooled kappa | within one | AUROC | AUROC real | calibration error | twins |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in {**card["baselines"], "this judge": card}.items():
        pooled, flagged, twins = row["constructs"]["pooled"], row["flagged"], row["twins"]
        figures = [
            f"{pooled['kappa'][0]:.2f}",
            f"{pooled['within_one'][0]:.2f}",
            f"{flagged['overall']['auroc'][0]:.3f}",
            f"{flagged['real']['auroc'][0]:.3f}",
            f"{flagged['overall']['ece']:.3f}",
            f"{twins['right']} of {twins['pairs']}",
        ]
        out.append(f"| {name} | " + " | ".join(figures) + " |")
    return out


def _held_out(held: dict[str, Any]) -> list[str]:
    at = next(p for p in held["screen"] if p["recall"] == 0.98)
    return [
        f"## A fifth held out by group ({held['constructs']['pooled']['n']} conversations)",
        "",
        "Fit, calibration and thresholds on the other four fifths. One fifth holds few real flagged conversations;",
        "docs/judge.md has five.",
        "",
        *_agreement(held["constructs"]),
        "",
        *_discrimination({k: v for k, v in held["flagged"].items() if not k.startswith("language")}),
        "",
        f"Twins ordered rightly: {held['twins']['right']} of {held['twins']['pairs']}. The screen at 0.98 kept "
        f"{at['reached']:.3f} of flagged and {at['kept_ordinary']:.2f} of what labels drop.",
        "",
    ]


def markdown(card: dict[str, Any]) -> str:
    """The whole page."""
    marks = "; ".join(
        f"{name}: said yes {row['said_yes']} times, rightly {row['right']}, of {row['labelled_yes']} labelled"
        for name, row in card["actualized"].items()
    )
    lines = [
        "# Model card of the embedded judge",
        "",
        f"{card['label']}. Made by `make model`; this page and `artefact/card.json` are written by it.",
        "",
        card["plain"],
        "",
        card["labels"],
        "",
        "## Agreement, out of fold",
        "",
        "Five folds by group (prompt, twin), other folds than those on which settings were chosen; calibration and level",
        "thresholds learnt on other folds than the one rated; 95 % intervals by bootstrap over groups.",
        "",
        *_agreement(card["constructs"]),
        "",
        'Pooled over the constructs, by part ("as given": the labelled sets that came with the task):',
        "",
        *_agreement(card["pooled"]),
        "",
        "## Flagged against not",
        "",
        *_discrimination(card["flagged"]),
        "",
        f"Twins (same person, other assistant) ordered rightly: {card['twins']['right']} of {card['twins']['pairs']}.",
        "",
        "## Screen",
        "",
        *_screen(card["screen"]),
        "",
        *_held_out(card["held_out"]),
        "## Beside baselines, the same conversations",
        "",
        *_baselines(card),
        "",
        "## Actualized markers",
        "",
        f"{marks}. It never says no: absence of words is no evidence.",
        "",
        "## Trained on",
        "",
        *(f"- {name}: {count}" for name, count in card["sources"].items()),
        "",
        "Also, with small weights and in no figure: replies and windows of public sets with neighbouring labels, and 167",
        "readings made for this project (training/data_extra.py). No text of any of them is in the package: weights sit on",
        "hashed n-grams and on words of a public vocabulary.",
        "",
        "## Limits",
        "",
        "- Not a language model: it does not follow an argument, a quotation or irony. See docs/judge.md.",
        "- Talks over 120,000 characters or 400 turns are read in part (both ends of turns and of the talk, and evenly",
        "  between); over 2,000,000 characters or 20,000 turns they get the status over_long.",
        f"- Languages: {', '.join(f'{k} {v}' for k, v in card['languages'].items())} conversations; others get the status",
        "  unsupported_language.",
    ]
    return "\n".join(lines) + "\n"
