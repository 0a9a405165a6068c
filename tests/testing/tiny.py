"""A tiny model made on the spot, and llama.cpp's own server (in the wheel `xllamacpp`) with it.

The weights are random, from a fixed seed, but for a nudge: without one a random model says any of five thousand words, and
nothing could be read from it. So digits 0 to 3 are made likely as such, brackets and quotes likely where a grammar allows
them, and "]" likely after a digit. What it says of a conversation means nothing; that it says it is what is tested.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from selfrule.judges import prompts

WIDTH, HIDDEN, HEADS, CONTEXT = 64, 128, 2, 24_576
NAME = "tiny-random"
CONTROL = ("<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
_NUDGES = {**dict.fromkeys("0123", 60.0), '"': 28.0, "]": 22.0, **dict.fromkeys("[{}:,", 14.0)}
_CONSTANT, _AFTER_DIGIT = 0, 1  # dimensions of the embedding with a meaning
_AMOUNT = 4.0


def _byte_letters() -> dict[int, str]:
    """GPT-2's letters for bytes: printable ones stand for themselves, the others for letters from 256 on."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters = {byte: chr(byte) for byte in plain}
    letters |= {byte: chr(256 + n) for n, byte in enumerate(b for b in range(256) if b not in letters)}
    return letters


def _vocabulary() -> tuple[list[str], list[str]]:
    """Tokens and merges: every byte, and every word of the prompts with the space before it, grown letter by letter."""
    letters = _byte_letters()
    words: Counter[str] = Counter()
    for name in ("joint", "logprobs"):
        words.update(re.findall(r" [A-Za-z]+", prompts.load(name).system))
    tokens, merges = [*CONTROL, *letters.values()], []
    known = set(tokens)
    for word, _ in words.most_common():
        mapped = "".join(letters[byte] for byte in word.encode())
        for end in range(2, len(mapped) + 1):
            if mapped[:end] not in known:
                known.add(mapped[:end])
                tokens.append(mapped[:end])
                merges.append(f"{mapped[: end - 1]} {mapped[end - 1]}")
    return tokens, merges


def write(path: Path, seed: int = 0) -> None:
    """Write the model: a llama of one layer."""
    import gguf

    rng = np.random.default_rng(seed)
    tokens, merges = _vocabulary()

    def random(rows: int, columns: int, scale: float) -> np.ndarray[Any, Any]:
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    embedding, output = random(len(tokens), WIDTH, 0.5), random(len(tokens), WIDTH, 0.1)
    embedding[:, (_CONSTANT, _AFTER_DIGIT)] = _AMOUNT, 0.0
    output[:, (_CONSTANT, _AFTER_DIGIT)] = 0.0
    constant = _AMOUNT / np.sqrt((_AMOUNT**2 + 0.25 * (WIDTH - 2)) / WIDTH)  # what the last norm makes of it
    for text, nudge in _NUDGES.items():
        output[tokens.index(text), _CONSTANT] = nudge / constant
    embedding[[tokens.index(digit) for digit in "0123456789"], _AFTER_DIGIT] = _AMOUNT
    output[tokens.index("]"), _AFTER_DIGIT] = 60.0 / constant

    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(NAME)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(CONTROL) + [1] * (len(tokens) - len(CONTROL)))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for norm in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{norm}.weight", np.ones(WIDTH, np.float32))
    layer = {name: random(WIDTH, WIDTH, 0.3) for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
    layer |= {name: random(HIDDEN, WIDTH, 0.1) for name in ("ffn_gate", "ffn_up")}
    layer["ffn_down"] = random(WIDTH, HIDDEN, 0.1)
    layer["attn_v"][:, _CONSTANT] = 0.0  # attention carries what differs between tokens ...
    for name in ("attn_output", "ffn_down"):
        layer[name][[_CONSTANT, _AFTER_DIGIT]] = 0.0  # ... and leaves the nudge alone
    for name, weights in layer.items():
        writer.add_tensor(f"blk.0.{name}.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextmanager
def served(path: Path, context: int = CONTEXT) -> Iterator[str]:
    """llama.cpp's server with the model at `path` and so many tokens of context; gives its OpenAI-compatible base URL."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # a free one
    params.n_ctx = context
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 2
    params.warmup = False
    params.use_jinja = True
    params.verbosity = -1
    server = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server
