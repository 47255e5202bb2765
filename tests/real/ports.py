"""Ports of loopback for servers that must be told theirs before they start."""

import random
import socket

BELOW_OURS = range(15_000, 32_000)
"""The kernel gives none of these by itself (from 32768 on unless told), so that neither a
connection nor a server that asks for any port can take one between its choice and its use."""


def free_port() -> int:
    """Choose a port that nobody has; by chance, so that two who choose at once do not meet."""
    chance = random.SystemRandom()
    while True:
        port = chance.choice(BELOW_OURS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
