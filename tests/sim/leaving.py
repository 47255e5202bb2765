"""What a move leaves as it was, or to itself: bytes of others, pods, and what nobody is told."""

import hashlib
from collections.abc import Mapping

from gitops_canary.core.evidence import decision_path, page_paths
from gitops_canary.model.rollout import Action

from .manifests import QUARANTINE, WORD, unowned
from .remote import EVIDENCE
from .watching import Landed, need
from .yielding import Yielding


class Leaving(Yielding):
    """The promises about owned places (I7) and secrets (I12)."""

    def i7_only_owned_places_change(self, move: Landed) -> None:
        """Not one byte changes that the trigger does not compare and a move does not write."""
        remote = self.world.remote
        before, after = self.world.files(move.parent), self.world.files(move.tip)
        for path in remote.differing(remote.tree(move.parent), remote.tree(move.tip)):
            old, new = before.get(path, b""), after.get(path, b"")
            if path == QUARANTINE:
                need(self.condemns(move), "the quarantine changed without an abort")
                need(new.startswith(old), "somebody else's quarantine entry changed")
                continue
            need(path in {move.shape.workload_path, move.shape.route_path}, f"{path} changed")
            names = (move.shape.name,)
            need(unowned(old, names) == unowned(new, names), f"{path} changed in foreign places")

    def i7_versions_change_only_where_they_must(self, move: Landed) -> None:
        """Only a promotion changes the primary, only an abort the candidate."""
        action = move.record.action
        if action not in {Action.PROMOTE, Action.ABORT}:
            need(move.after.primary == move.before.primary, f"{action} changed the primary")
        if action is Action.PROMOTE:
            need(move.after.primary == move.before.candidate, "something else was promoted")
        if action is not Action.ABORT:
            need(move.after.candidate == move.before.candidate, f"{action} changed the candidate")

    def i7_pods_change_only_where_they_must(self, move: Landed) -> None:
        """A start wakes a canary that sleeps, and nothing but rest puts it to sleep again.

        One that idles at zero gets as many pods as the primary, whatever was left of it.
        """
        before, after, action = move.before, move.after, move.record.action
        need(after.primary_replicas == before.primary_replicas, f"{action} scaled the primary")
        if action is Action.START:
            stable = self.world.facts(move.record.stable, move.shape)
            slept = 0 in (before.replicas, stable.replicas if stable else 0)
            woken = slept and after.replicas == before.primary_replicas
            need(woken or after.replicas == before.replicas > 0, "a start scaled the canary")
        elif action is Action.IDLE:
            stable = self.world.facts(move.record.stable, move.shape)
            need(stable and after.replicas == stable.replicas, "it does not rest as it did")
        else:
            need(after.replicas == before.replicas, f"{action} scaled the canary")

    def i12_no_secret_is_told(self, move: Landed) -> None:
        """What lies beside the owned places stands in no message, page, decision or reason."""
        tip, path = self.world.remote.refs.get(EVIDENCE), page_paths(move.record)[0]
        files = self.world.files(tip) if tip else {}
        written = files.get(path, b"") + (self.decision(move, files) or b"")
        reasons = (one.reason for one in self.world.decisions())
        told = [self.world.message(move.revision), written.decode(), *reasons]
        need(not any(WORD in text for text in told), "a secret was told")

    def decision(self, move: Landed, files: Mapping[str, bytes]) -> bytes | None:
        """Find the bytes of a move's decision; earlier ones may be gone with their branch."""
        for number in range(1, sum(1 for _ in self.chain(move)) + 1):
            found = files.get(decision_path(move.record, number), b"")
            if move.record.evidence == f"sha256:{hashlib.sha256(found).hexdigest()}":
                return found
        return None
