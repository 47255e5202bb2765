"""Reading a whole repository at once without looking for garbage meanwhile."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unswept() -> Iterator[None]:
    """Keep Python's collector of cycles from running, for as long as one command reads.

    What files are taken apart into holds no cycles; to look through it again and again, ever more
    of it, takes longer than to make it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
