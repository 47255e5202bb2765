"""How often Python looks for garbage that refers to itself."""

import gc

_NEW, _YOUNG, _OLD = 10_000, 20, 50


def look_seldom() -> None:
    """Look for cycles once in a while, in place of after every 700 objects.

    What files are taken apart into holds no cycles and is freed at once when it is let go of. To
    look through all of it again and again while more is made takes longer than to make it: a third
    of a cold start, and half of reading a whole repository. What cycles there are wait a little
    longer, in some 10,000 objects at most: a megabyte or two.
    """
    gc.set_threshold(_NEW, _YOUNG, _OLD)
