"""A TCP proxy on loopback that can fall silent, cut connections, or let single bytes through."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TRICKLE_S = 0.05


class Proxy:
    """Forwards to one port; `mode` is pass, blackhole, reset or trickle, for new bytes at once."""

    def __init__(self, target: int) -> None:
        self.mode = "pass"
        self._target = target
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Take connections until `close`."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self.mode == "reset":
                _cut(client)
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            for one, other in ((client, server), (server, client)):
                thread = threading.Thread(target=self._carry, args=(one, other), daemon=True)
                thread.start()
                self._threads.append(thread)

    def close(self) -> None:
        """End every connection and every thread."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            _cut(one)
        for thread in self._threads:
            thread.join(5)

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if self.mode == "reset":
                    break
                if self.mode == "blackhole":
                    continue
                if self.mode == "trickle":
                    for byte in data:
                        other.sendall(bytes([byte]))
                        if self._over.wait(TRICKLE_S):
                            return
                else:
                    other.sendall(data)
        _cut(other)


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # A linger of 0 makes the end a reset instead of a goodbye.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """Run one in front of a port until the context ends."""
    made = Proxy(target)
    thread = threading.Thread(target=made.serve, name="proxy")
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join()
