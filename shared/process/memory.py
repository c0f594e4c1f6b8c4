"""Keeps the garbage collector from going through what lives as long as the process, and threads from hoarding."""

import ctypes
import gc
import sys

NEW_OBJECTS = 300_000
"""So many more objects that can be part of a cycle were made than freed until those are looked through."""

M_ARENA_MAX = -8  # as glibc's malloc.h names its options


def share_arena() -> None:
    """Let all threads take memory from one arena; to be called before there are others.

    Under glibc each thread of the database client would keep what it has once needed for its largest batch to itself:
    70 of 290 MiB in routing. One thread at a time runs Python, so there is nothing to gain from many arenas.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(M_ARENA_MAX, 1)


def settle() -> None:
    """Leave what was loaded so far (policy, model, clients, modules) out of all later collections, and collect rarely.

    What nobody refers to is freed at once in any case; the collector is for cycles alone. By default it looks after
    each 700 new objects, and goes through the whole process after each 70,000: through hundreds of thousands that
    never change, which took 0.47 ms of each complaint. Our own work leaves no cycles at all (measured); what those of
    libraries hold stays bounded, by 400 times as much. Each look also costs what the processor had at hand: after every
    50,000 objects, batches of 1,400 records took a fifth longer than without.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
