"""Map a function over partitions. `local` runs on this machine; the unit of work is a part file, idempotent, so that
resume and scale-out are one mechanism.
"""

from selfrule.engine.local import cores, map_partitions

__all__ = ["cores", "map_partitions"]
