"""Fingerprints that find copies: a hash of the folded text, and a minhash sketch for near-exact copies.

The sketch: the folded text (lower case, letters and digits alone) is cut into every window of 8 bytes; one in 32 windows is
kept, chosen by its own hash (so that equal text keeps equal windows, wherever it stands); 32 random functions each keep their
smallest value over these windows. The share of equal values between two sketches estimates the Jaccard similarity of the
sets of windows (Broder 1997, On the resemblance and containment of documents).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

WIDTH = 32  # values in a sketch
FEWEST = 8  # windows a text must keep for its sketch to mean anything: about 260 letters and digits
BATCH = 1 << 19  # bytes folded at once: what fits a core's cache

_LOWER = bytes(range(256)).lower()
_DROPPED = bytes(b for b in range(128) if not chr(b).isalnum())
_ODD = (np.random.default_rng(20260128).integers(1, 1 << 63, WIDTH + 1, dtype=np.uint64) << np.uint64(1)) | np.uint64(1)
_NONE = np.uint32(0xFFFFFFFF)
_LARGEST = np.uint32(0xFFFFFFFE)


def fingerprints(texts: list[bytes]) -> tuple[npt.NDArray[np.uint64], pa.Array]:
    """Fold and sketch a list of texts.

    Args:
        texts: UTF-8 bytes, one conversation each.

    Returns:
        The hash of each folded text, and sketches as an Arrow array of `binary(128)` (null where the text is too short).
    """
    folded = np.zeros(len(texts), np.uint64)
    sketches = np.full((len(texts), WIDTH), _NONE, np.uint32)
    first = 0
    while first < len(texts):
        last, size = first, 0
        while last < len(texts) and (size == 0 or size + len(texts[last]) < BATCH):
            size += len(texts[last])
            last += 1
        _some(texts[first:last], folded[first:last], sketches[first:last])
        first = last
    known = sketches[:, 0] != _NONE
    data = pa.py_buffer(sketches.tobytes())
    mask = pa.py_buffer(np.packbits(known, bitorder="little")) if len(texts) else None
    array = pa.Array.from_buffers(pa.binary(4 * WIDTH), len(texts), [mask, data])
    return folded, array


def _some(texts: list[bytes], folded: npt.NDArray[np.uint64], sketches: npt.NDArray[np.uint32]) -> None:
    short = [text.translate(_LOWER, _DROPPED) for text in texts]
    folded[:] = [xxhash.xxh3_64_intdigest(text) for text in short]
    ends = np.cumsum(np.fromiter(map(len, short), np.int64, len(short)))
    if not len(ends) or ends[-1] < 8:
        return
    flat = b"".join([*short, bytes(16)])  # so that the last text has all of its windows too, whatever its place
    rows_of_8 = int(ends[-1]) // 8 + 1
    # the hash of the 8 bytes from each position on: eight aligned passes, one for each offset within a word
    by_word = np.empty((rows_of_8, 8), np.uint64)
    for offset in range(8):
        words = np.frombuffer(flat[offset : offset + 8 * rows_of_8], "<u8")
        np.multiply(words, _ODD[-1], out=by_word[:, offset])
    hashes = by_word.reshape(-1)
    # one in 32, by the high bits, which depend on every byte of the window
    places = np.flatnonzero(hashes[: ends[-1] - 7] < np.uint64(1 << 59))
    rows = np.searchsorted(ends, places, side="right")
    inside = places + 8 <= ends[rows]
    places, rows = places[inside], rows[inside]
    windows = np.bincount(rows, minlength=len(texts))
    enough = np.flatnonzero(windows >= FEWEST)
    if not len(enough):
        return
    # reduceat runs from one start to the next, so windows of texts that are too short must go first
    chosen = hashes[places[(windows >= FEWEST)[rows]]]
    chosen ^= chosen >> np.uint64(29)
    first = np.concatenate(([0], np.cumsum(windows[enough])[:-1]))
    for index in range(WIDTH):
        values = ((chosen * _ODD[index]) >> np.uint64(32)).astype(np.uint32)
        sketches[enough, index] = np.minimum(np.minimum.reduceat(values, first), _LARGEST)
