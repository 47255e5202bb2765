"""How the lab's own processes end with the one who started them, however that one ends."""

import asyncio
import os
import stat
import sys


async def leave_with_parent() -> None:
    """Return when the other end of standard input is closed; never where it is no pipe."""
    if not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        await asyncio.Event().wait()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.read(64):
        pass
