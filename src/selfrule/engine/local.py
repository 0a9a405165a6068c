"""The local engine: a function over partitions in worker processes, with a bounded number in flight."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

IDLE_SECONDS = 30  # after which a worker without work ends


def cores() -> int:
    """How many cores this process may use (affinity and container limits counted)."""
    import loky

    return int(loky.cpu_count())


def _settle() -> None:
    """One core a worker: threads inside workers would only fight each other."""
    import gc

    import pyarrow as pa

    # decoding makes many objects that live for one part and no cycles: looking for cycles so often costs a twentieth
    gc.set_threshold(100_000, 20, 20)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def map_partitions(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 1
) -> Iterator[tuple[Item, Result]]:
    """Apply a function to each item and yield (item, result) as they finish, in any order.

    Args:
        function: Picklable; idempotent; turns its own failures into records. What it raises ends the run.
        items: Taken one by one, never more than `2 * workers` ahead, so that a stream of any length fits in memory.
        workers: Processes; 1 runs in this process.

    Yields:
        Pairs of item and result.
    """
    if workers <= 1:
        for item in items:
            yield item, function(item)
        return
    import loky

    # loky rather than multiprocessing: it does not run the user's own script again in each worker
    # `timeout`: workers whose parent was killed have nothing to do any more, and leave
    pool = loky.ProcessPoolExecutor(max_workers=workers, initializer=_settle, timeout=IDLE_SECONDS)
    waiting: dict[Future[Result], Item] = {}
    source = iter(items)
    done = False
    try:
        while True:
            for item in itertools.islice(source, 2 * workers - len(waiting)):
                waiting[pool.submit(function, item)] = item
            if not waiting:
                done = True
                return
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, kill_workers=not done)
