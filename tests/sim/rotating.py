"""A signing key that is replaced while versions take traffic, as one should: trusted first."""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gitops_canary.git.ownership import TrustedKey
from gitops_canary.git.signing import SigningKey

from .controllers import Controller
from .pieces import KEY, mark
from .simulation import Simulation

NEW = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
BOTH = tuple(TrustedKey(public=key.public) for key in (KEY, NEW))
SOON_MS, APART_MS = 60_000, 30_000
"""When the new key is trusted at the latest, and how long after the last one does it is used."""


def rotate(world: Simulation) -> None:
    """Let a world's controllers begin with one key and go on with another, one after the other."""
    world.setting = replace(world.setting, key=KEY, trusted=BOTH)
    first_ms = int(mark(world.seed, "rotate") * SOON_MS)
    for number, controller in enumerate(world.controllers.values()):
        controller.key = KEY

        def trust(one: Controller = controller) -> None:
            one.trusted = BOTH
            world.kill(one, wipe=False, restart_ms=2_000)

        def sign(one: Controller = controller) -> None:
            one.key = NEW
            world.kill(one, wipe=False, restart_ms=2_000)

        every = len(world.controllers) * 5_000
        world.later(first_ms + number * 5_000, trust)
        world.later(first_ms + every + APART_MS + number * 20_000, sign)
