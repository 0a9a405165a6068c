"""The measurements of language-model judges: `python benchmarks/model_judges.py NAME [OPTIONS]`.

efficiency  conversations a second through `joint`, beside bare loops over the same server
peer        the same conversations through selfrule and through inspect_scout's `llm_scanner`
tokens      tokens a conversation by protocol, cached and not, on the real sets
faults      10,000 conversations, a fifth of all requests failing, ten kill -9: what is lost, what is paid twice

All run against the stand-in of `selfrule.testing.server` in a process of its own; nothing leaves this machine. Figures
and how to read them: docs/judges-measured.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["efficiency", "peer", "tokens", "faults"])
    parser.add_argument("--folder", type=Path, help="keep what is made here")
    parser.add_argument("--conversations", type=_numbers, help="how many (efficiency: one for each of --at-once)")
    parser.add_argument("--at-once", type=_numbers, default=[64, 256], help="requests in flight")
    parser.add_argument("--latency", type=float, default=0.2, help="of the stand-in, in seconds")
    parser.add_argument("--times", type=int, default=3, help="rounds; the best counts")
    parser.add_argument("--peer", type=Path, help="the Python that inspect_scout is installed in")
    parser.add_argument("--flavours", default="openai,anthropic", help="of efficiency")
    parser.add_argument("--protocols", default="joint,separate", help="of selfrule, beside a peer")
    parser.add_argument("--ways", help="of the peer: HOW:AT-ONCE:PROCESSES with commas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if given.name == "efficiency":
            import model_efficiency

            many = given.conversations or [40 * number if number < 128 else 60 * number for number in given.at_once]
            model_efficiency.measure(
                folder,
                conversations=many,
                at_once=given.at_once,
                latency=given.latency,
                times=given.times,
                flavours=given.flavours.split(","),
            )
        elif given.name == "peer":
            import model_peer

            model_peer.measure(
                folder,
                conversations=(given.conversations or [2000])[0],
                latency=given.latency,
                at_once=given.at_once,
                times=given.times,
                peer=given.peer or model_peer.PEER,
                protocols=given.protocols.split(","),
                ways=given.ways or model_peer.WAYS,
            )
        elif given.name == "tokens":
            import model_tokens

            model_tokens.measure(folder, conversations=(given.conversations or [300])[0])
        else:
            import model_faults

            model_faults.measure(
                folder, conversations=(given.conversations or [10_000])[0], kills=given.kills, seed=given.seed
            )


if __name__ == "__main__":
    main()
