"""inspect_scout's side of the comparison; run by `model_judges.py peer` with the Python that inspect_scout is installed in.

    PYTHON benchmarks/model_peer_scout.py import CONVERSATIONS.jsonl FOLDER
    PYTHON benchmarks/model_peer_scout.py scan FOLDER --url URL --how structured|rubric-first|seven --at-once N --processes N

Imports nothing of selfrule: the rubric comes as a JSON file that `model_peer.py` writes into FOLDER.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, Literal

LEVELS = ["none", "mild", "moderate", "severe"]


def read(conversations: Path, folder: Path) -> None:
    """Write a transcripts database, as its documentation says."""
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser
    from inspect_scout import Transcript, transcripts_db

    kinds = {"user": ChatMessageUser, "assistant": ChatMessageAssistant}

    def transcripts() -> Any:
        for line in conversations.read_bytes().splitlines():
            row = json.loads(line)
            said = [kinds[m["role"]](content=m["content"]) for m in row["messages"]]
            yield Transcript(transcript_id=row["id"], message_count=len(said), messages=said)

    async def insert() -> None:
        async with transcripts_db(str(folder / "transcripts")) as db:
            await db.insert(transcripts())

    asyncio.run(insert())


def form(rubric: dict[str, Any]) -> type:
    """All constructs, markers and domains in one pydantic model; every field described, as inspect_scout asks for."""
    from pydantic import BaseModel, Field, create_model

    class Rated(BaseModel):
        turns: list[int] = Field(description="Numbers of the messages that the level rests on, at most eight.")
        level: Literal["none", "mild", "moderate", "severe"] = Field(description="The level.")

    said = Literal["yes", "no", "unknown"]
    fields: dict[str, Any] = {c: (Rated, Field(description=c.replace("_", " "))) for c in rubric["constructs"]}
    markers: dict[str, Any] = {m: (said, Field(description=f"Marker {m}.")) for m in rubric["markers"]}
    fields["actualized"] = (create_model("Actualized", **markers), Field(description="The three markers."))
    domain = Literal[tuple(rubric["domains"])]  # type: ignore[valid-type]
    fields["domains"] = (list[domain], Field(description="One or more domain ids, the most fitting first."))
    return create_model("Ratings", **fields)


def scanners(how: str, rubric: dict[str, Any]) -> dict[str, Any]:
    """The same rubric text as one structured answer, or as a scanner for each construct."""
    from inspect_scout import AnswerStructured, llm_scanner
    from inspect_scout._llm_scanner.prompt import DEFAULT_SCANNER_TEMPLATE_PREFIX, DEFAULT_SCANNER_TEMPLATE_SUFFIX

    if how == "seven":
        return {
            name: llm_scanner(question=question, answer=LEVELS, name=name)
            for name, question in rubric["separate"].items()
        }
    answer = AnswerStructured(type=form(rubric))
    if how == "structured":  # its default template: transcript first, question and rubric below it
        return {"ratings": llm_scanner(question=rubric["joint"], answer=answer, name="ratings")}
    # its documented way to a cacheable prefix, with the rubric in it instead of the transcript
    template = (rubric["joint"] + "\n", DEFAULT_SCANNER_TEMPLATE_PREFIX + DEFAULT_SCANNER_TEMPLATE_SUFFIX)
    question = "Rate the conversation by the rubric above."
    return {"ratings": llm_scanner(question=question, template=template, answer=answer, name="ratings")}


def _cpu() -> list[float]:
    """Processor time of this process and of those it started that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [part.ru_utime + part.ru_stime for part in used]


def scan_(folder: Path, url: str, how: str, at_once: int, processes: int, flavour: str) -> None:
    """Scan everything and print what came of it as one line of JSON."""
    from inspect_ai.model import GenerateConfig
    from inspect_scout import scan, scan_results_df, transcripts_from

    os.environ["STANDIN_API_KEY"] = os.environ["ANTHROPIC_API_KEY"] = "none"
    model = {"openai": "openai-api/standin/stand-in", "anthropic": "anthropic/claude-stand-in"}[flavour]
    rubric = json.loads((folder / "rubric.json").read_text())
    before = sum(_cpu())
    begun = time.perf_counter()
    status = scan(
        scanners(how, rubric),
        transcripts=transcripts_from(str(folder / "transcripts")),
        scans=str(folder / f"scans-{how}-{at_once}-{processes}-{time.time_ns()}"),
        model=model,
        model_base_url=url,
        model_config=GenerateConfig(max_connections=at_once, max_tokens=2048),
        max_transcripts=at_once,
        max_processes=processes,
        display="none",
    )
    seconds = time.perf_counter() - begun
    used = sum(_cpu()) - before
    frames = scan_results_df(status.location).scanners
    rated = min(int(frame["value"].notna().sum()) for frame in frames.values())
    said = {
        "seconds": seconds,
        "cpu": used,
        "complete": status.complete,
        "errors": len(status.errors),
        "conversations": len(next(iter(frames.values()))),
        "rated": rated,
        "sample": str(next(iter(frames.values()))["value"].iloc[0])[:200],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["import", "scan"])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--how", default="structured")
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--flavour", default="openai")
    given = parser.parse_args()
    if given.what == "import":
        read(*given.paths)
    else:
        scan_(given.paths[0], given.url, given.how, given.at_once, given.processes, given.flavour)
    sys.stdout.flush()
