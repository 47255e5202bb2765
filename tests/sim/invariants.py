"""What must hold after every event, whatever went wrong before it.

Each method is one promise in the words of the manual. They look at the commits on the server, at
what the cluster really did and at what people really asked for; nothing here uses the code that
decides. `Broken` carries the promise's name.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal

from gitops_canary.app.tick import Report
from gitops_canary.manifest import accepted
from gitops_canary.model.decision import Act
from gitops_canary.model.rollout import Action, Outcome

from .manifests import QUARANTINE
from .pieces import mark
from .pinned import Pinned
from .remote import CONFIG, EVIDENCE
from .twin import agrees, share
from .watching import Broken, Landed, need
from .weighing import CLEAR
from .yielding import REWOUND_MS

ENDED = frozenset({Action.FINISH, Action.ABORT, Action.RETREAT, Action.IDLE})
BACK = frozenset({Action.ABORT, Action.RETREAT})
BACKDATED_MS = 45_000
"""How much older than its push a move's date may be: the same weight may have been live then."""
ROLLBACK_MS = 60_000
LOOK_MS = 20_000
"""How long a look that began while something was wrong may go on."""
SURPLUS = 4
"""Moves besides the steps in one attempt: start, promote, finish or the way back, idle."""


def in_force(quarantine: bytes, now_ms: int) -> list[bytes]:
    """List the lines of a quarantine file whose time is not over."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    lines = [line for line in quarantine.split(b"\n") if line.startswith(b'{"')]
    return [one for one in lines if datetime.fromisoformat(json.loads(one)["expires"]) > now]


class Watch(Pinned):
    """The promises: every method whose name begins with one's number is held after every event."""

    def i1_only_an_unused_pass_raises_the_weight(self, move: Landed) -> None:
        """Every later weight, and promotion, needs a pass measured while the last one was live."""
        if not move.judged:
            return
        need(move.record.verdict is Outcome.PASS, f"{move.record.action} on {move.record.verdict}")
        window, app = move.record.window, self.world.cluster.apps[move.shape.name]
        assert window is not None
        assert move.previous is not None
        since: int | None = move.previous.at_ms
        if self.world.sees_live:
            since = app.live_since(move.before.weight, move.previous.at_ms - BACKDATED_MS)
        rewritten = self.hidden_ms() >= window.start_ms - REWOUND_MS
        if not rewritten:
            # Whoever rewrites history also rewrites when a move was made, and what served then:
            # a weight of theirs may still be live that Git knows nothing of any more. So it may
            # where the sync engine went back to an older commit.
            need(since is not None, "the weight that was judged was never live")
            assert since is not None
            need(since <= window.start_ms, f"the window began {since - window.start_ms} ms early")
        if self.blind(window.start_ms):
            return
        requests = self.well_in(move, window)
        if move.shape.query and requests > CLEAR and not rewritten:
            quality = self.world.quality(move.shape.name, move.after.candidate)
            need(not quality.inner, f"{quality.inner:.0%} failed by its own counter")
        earlier = move.previous.record.window
        if move.previous.judged and earlier is not None:
            need(window.start_ms >= earlier.end_ms, "two moves rest on the same time")

    def i1_the_first_weight_needs_a_ready_canary(self, move: Landed) -> None:
        """No user meets a version whose pods never became ready, unless a person sent them."""
        first = move.previous is not None and move.previous.record.action is Action.START
        if move.adopted:
            return  # the weight was there before, by a commit of a person
        if move.record.action is Action.ADVANCE and first and self.world.sees_live:
            app, tag = self.world.cluster.apps[move.shape.name], move.after.candidate
            assert move.previous is not None
            need(app.served(tag, move.previous.at_ms), f"{tag} never got ready")

    def i1_traffic_returns_to_a_primary_that_runs(self, move: Landed) -> None:
        """A rollout is finished once the primary's pods run the promoted version."""
        if move.record.action is Action.FINISH and self.world.sees_live:
            app, tag = self.world.cluster.apps[move.shape.name], move.after.primary
            at_ms = next((at for at, own in app.primaries if own == tag), None)
            need(at_ms is not None, f"the primary never ran {tag}")

    def i2_weights_are_the_ladder_s(self, move: Landed) -> None:
        """What is written is 0 or the step's weight, and what the message says."""
        need(move.after.weight == move.record.weight_to, "the message says another weight")
        need(move.before.weight == move.record.weight_from, "it starts from another weight")
        if move.record.action is Action.ADVANCE:
            steps = self.started(move).steps
            need(move.after.weight == steps[move.record.step - 1], "that is no step of the policy")
        elif move.record.action is Action.PROMOTE:
            need(move.after.weight == move.before.weight, "a promotion moves no traffic")
        elif move.record.action is Action.FINISH and move.shape.back:
            left = max(move.before.weight - move.shape.back, Decimal(0))
            need(move.after.weight == left, f"{move.after.weight} % are left, not {left}")
        else:
            need(move.after.weight == 0, f"{move.record.action} leaves {move.after.weight} %")

    def i3_every_move_has_its_evidence(self, move: Landed) -> None:
        """The bytes behind a decision lie on the evidence branch, with the digest it names."""
        tip = self.world.remote.refs.get(EVIDENCE)
        files = self.world.files(tip) if tip else {}
        bare = move.record.action in {Action.ABORT, Action.RETREAT} or self.world.requested
        if self.world.unproven and bare:
            return  # a stranger's file was in the way, and the traffic did not wait for that
        there = self.decision(move, files) or (not move.decided and self._written_over(move))
        need(there, f"no evidence {move.record.evidence}")

    def _written_over(self, move: Landed) -> bool:
        """Whether the evidence of what people merged is where it was: reopened and merged before
        any look, a request may have lost its place to the move that was asked for instead."""
        tip = self.world.remote.refs.get(EVIDENCE)
        every = self.world.remote.reachable(tip) if tip else ()
        return any(self.decision(move, self.world.files(one)) for one in every)

    def i4_steps_rise_one_at_a_time(self, move: Landed) -> None:
        """A rollout goes one step up or ends; nothing follows its end but a new attempt."""
        before, now = move.previous, move.record
        if before is None:
            need(now.action is Action.START, f"a rollout began with {now.action}")
            need(now.step == 0, "a rollout began above step 0")
            return
        need(before.record.rollout == now.rollout, "the previous move is another rollout's")
        if now.action is Action.ADVANCE and not move.adopted:
            need(now.step == before.record.step + 1, f"{before.record.step} -> {now.step}")
        if now.action is Action.PROMOTE:
            need(before.record.action in {Action.ADVANCE, Action.START}, "promoted out of turn")
            need(now.step == now.steps, f"promoted at step {now.step} of {now.steps}")
        if before.record.action in ENDED and before.record.weight_to == 0:
            watched = {Action.ABORT} if move.shape.watch_s else set()
            allowed = {Action.IDLE, Action.START} | watched
            need(now.action in allowed, f"{now.action} after {before.record.action}")

    def i5_a_condemned_version_goes_and_stays_out(self, move: Landed) -> None:
        """An abort restores the stable state whole, for a reason, and is not tried again."""
        if move.record.action is Action.ABORT:
            stable = self.world.facts(move.record.stable, move.shape)
            need(move.after.settled, "candidate and primary still differ")
            need(move.after.candidate != move.before.candidate, "what it condemned stays")
            need(stable is not None and move.after.primary == stable.primary, "not the stable one")
            if move.record.verdict is Outcome.FAIL:
                window, app = move.record.window, self.world.cluster.apps[move.shape.name]
                assert window is not None
                _, failures, slow = app.truth.within(self.weighed_ms(move), window.end_ms)
                failed = failures or slow or self.failing_inside(move) or self.refused(move)
                need(failed, "nothing had failed")
                kept = self.world.files(move.tip).get(QUARANTINE, b"")
                need(move.record.rollout.encode() in kept, "it was not quarantined")
            else:
                asked = move.before.control.get("abort") == move.record.rollout
                asked = asked or self.called_back(move)
                need(asked, "aborted without a failing verdict, and nobody asked")
        if move.record.action is Action.START:
            version = f':{move.after.candidate}"'.encode()
            mine = f'"canary": "{move.shape.id}"'.encode()
            kept = self.world.files(move.parent).get(QUARANTINE, b"")
            need(b"BROKEN" not in kept, "nobody can read what is quarantined")
            entries = in_force(kept, self.world.now_ms)
            out = any(version in entry and mine in entry for entry in entries)
            retried = move.before.control.get("retry", "")
            lifted = retried and any(retried.encode() in entry for entry in entries)
            need(not out or lifted, f"{move.after.candidate} is quarantined")

    def i5_a_bad_version_never_reaches_the_primary(self, move: Landed) -> None:
        """Only what passed at every step is promoted."""
        window = move.record.window
        if window is not None and self.blind(window.start_ms):
            return
        if move.record.action is Action.PROMOTE and not self.late(move):  # Q2 holds those
            quality = self.world.quality(move.shape.name, move.after.candidate)
            good = 100 * (1 - quality.errors) >= self.limit(move)
            need(good, f"{move.after.candidate} fails {quality.errors:.0%} of requests")
            crashes = quality.crashes and self.world.sees_live
            need(not crashes, f"{move.after.candidate} crashes")
            need(not quality.slow or not move.shape.latency, f"{move.after.candidate} is slow")

    def i5_what_fails_leaves_within_a_minute(self, move: Landed) -> None:
        """Where nothing is broken, a rollback is on the server a minute after the failing check."""
        window = move.record.window
        if move.record.verdict is not Outcome.FAIL or window is None:
            return
        if self.calm_since_ms() < window.end_ms and self.alone(move):
            late_ms = move.at_ms - window.end_ms
            need(late_ms <= ROLLBACK_MS, f"it came {late_ms} ms after the check")

    def i5_it_fails_as_often_as_its_policy_says(self, move: Landed) -> None:
        """A version is condemned at the failing look that its Canary names, and at no later one."""
        record, limit = move.record, move.shape.threshold
        if record.verdict is Outcome.FAIL and not (self.refused(move) or move.shape.weighs):
            counted = (record.failed, record.threshold)
            need(counted == (limit, limit), f"it failed {counted[0]} of {limit} times")

    def i5_a_rollback_goes_before_everything_else(self, move: Landed) -> None:
        """Of moves that one push brings those come first that take a version off the traffic."""
        if move.record.action in BACK and not self.world.requested:
            for other in self.landed.values():
                same = (other.by, other.base, other.at_ms) == (move.by, move.base, move.at_ms)
                first = other is move or not same or other.record.action in BACK
                need(first, f"{other.record.action} went before {move.record.action}")

    def reported(self, report: Report) -> None:
        """Hold a look against the promise that what takes a version back waits for nothing.

        Raises:
            Broken: it was decided and not pushed, though nothing was wrong.
        """
        self.overridden(report)
        began_in_one = self.world.now_ms < self.world.disturbed_ms + LOOK_MS
        if self.world.spells or began_in_one or self.world.requested or report.error:
            return
        if report.tip != self.world.remote.refs.get(CONFIG):
            return  # somebody pushed meanwhile, perhaps this very move
        for plan in report.planned:
            due = isinstance(report.decisions.get(plan.act.canary), Act)
            if due and plan.act.action in BACK and plan not in report.pushed:
                raise Broken(f"I5: {plan.act.action} of {plan.act.canary} was decided and waits")

    def i6_nobody_is_overwritten(self, move: Landed) -> None:
        """Both branches only ever grow by a controller's hand."""
        need(not self.overwritten, f"{self.overwritten} lost commits of somebody's evidence")
        need(move.base is not None, "a controller made the branch")
        assert move.base is not None
        grown = self.world.remote.contains(move.tip, move.base)
        need(grown, "somebody's commits were lost")

    def i6_a_rewritten_branch_halts(self, move: Landed) -> None:
        """Where moves of ours are gone, nothing is written until a person has accepted that."""
        gone = self.gone(move.tip)
        meant = self.world.files(move.parent).get(accepted.FILE, b"").decode()
        # Where the evidence branch was lost, a disk that is lost as well leaves nobody who knows.
        if gone and self.world.setting.atomic and not self.world.unproven:
            meant_so = self.world.requested and self.world.requested.meant(gone, meant)
            need(gone in meant or meant_so, f"{gone[:12]} is gone, and nobody accepted that")

    def i8_whoever_looks_decides_the_same(self, move: Landed) -> None:
        """A replica without a past makes the same move of the same tip and the same samples."""
        drawn = mark(self.world.seed, len(self.landed)) < share(self.world)
        drawn = drawn and self.world.setting.atomic and not self.world.twinless
        drawn = drawn and not move.shape.hooks  # what they said to one is not said to another
        if drawn and self.world.sees_live and self.calm_since_ms() < move.at_ms - REWOUND_MS:
            need(agrees(self.world, move), "its twin does something else")

    def i9_nothing_is_done_twice(self, move: Landed) -> None:
        """However many controllers there are, each move is made once on one history."""
        for other in self.landed_as(move.record):
            if self.world.remote.contains(move.parent, other.revision):
                raise Broken(f"{move.record.action} was made before, as {other.revision[:12]}")

    def i11_every_commit_has_news(self, move: Landed) -> None:
        """No empty commits but a start's, and no more of them than the ladder needs."""
        # Somebody squashed a promotion away and kept what it did: it is made again for the record.
        kept = move.record.action is Action.PROMOTE and move.before.settled
        # An attempt that ends before its first weight, because no webhook answered, is recorded.
        kept |= move.record.action is Action.RETREAT and bool(move.shape.hooks)
        if move.record.action is not Action.START and not move.adopted and not kept:
            changed = self.world.remote.tree(move.tip) != self.world.remote.tree(move.parent)
            need(changed, f"an empty {move.record.action}")
        chain = list(self.chain(move))
        attempts = sum(m.record.action is Action.START for m in chain)
        resumed = sum(m.adopted for m in chain)
        back = sum(m.record.action is Action.FINISH and m.after.weight > 0 for m in chain)
        surplus = SURPLUS + (2 if move.shape.watch_s else 0)  # its abort, and rest after that
        limit = attempts * (move.record.steps + surplus) + resumed + back
        need(len(chain) <= limit, f"{len(chain)} commits in {attempts} attempts")

    def i15_no_clock_shortens_a_look(self, move: Landed) -> None:
        """A window lies in the past, by Prometheus' clock, and is as long as the check's."""
        window = move.record.window
        if window is None or move.record.verdict is Outcome.INCONCLUSIVE:
            return
        now, interval = self.world.now_ms, self.least_ms(move)
        need(window.end_ms <= now, f"the window ends {window.end_ms - now} ms from now")
        failed = move.record.verdict is Outcome.FAIL and not move.shape.weighs  # may come at once
        measured = move.judged or failed  # not by webhooks alone
        long = window.end_ms - window.start_ms >= interval
        need(long or not measured or self.refused(move), "the window is too short")
        if move.judged and move.previous and self.hidden_ms() < window.start_ms - REWOUND_MS:
            need(move.at_ms - move.previous.at_ms >= interval, "the step was not held long enough")
