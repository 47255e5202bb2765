"""What goes wrong with measurements, and with the sync engine."""

from collections.abc import Callable
from dataclasses import replace

from gitops_canary.model.observation import Answer, Question, Sample, Series

from .pieces import mark
from .simulation import Simulation

Undo = Callable[[], None]
Fault = Callable[[Simulation], Undo]
BROKEN = "an application's own metrics say NaN"
HOUR_MS = 3_600_000
YEAR_MS = 365 * 24 * HOUR_MS


def nothing() -> None:
    """Undo what was over at once."""


def _answers(change: Callable[[Simulation, str, Question, Answer], Answer]) -> Fault:
    def begin(world: Simulation) -> Undo:
        names = sorted(world.network)
        if world.rng.random() < 0.5:
            names = [world.rng.choice(names)]

        def answering(name: str, question: Question, answer: Answer) -> Answer:
            return change(world, name, question, answer) if name in names else answer

        world.answering = answering

        def undo() -> None:
            world.answering = lambda _name, _question, answer: answer

        return undo

    return begin


def _silent(world: Simulation, name: str, question: Question, answer: Answer) -> Answer:
    del world, name, question, answer
    return Answer(error="did not answer within 10s", silent=True)


def _empty(world: Simulation, name: str, question: Question, answer: Answer) -> Answer:
    del world, name, question
    return replace(answer, series=())


def _sometimes(world: Simulation, name: str, question: Question, answer: Answer) -> Answer:
    drawn = mark(world.seed, name, question.expression, world.now_ms)
    return replace(answer, error="answered with a warning") if drawn < 0.5 else answer


def _not_a_number(world: Simulation, name: str, question: Question, answer: Answer) -> Answer:
    """Some expressions have no number for as long as the spell lasts, others do."""
    if mark(world.seed, question.expression) < 0.5:
        return answer
    del name
    return _every_nan(answer)


def _every_nan(answer: Answer) -> Answer:
    return every(answer, "NaN")


def every(answer: Answer, value: str) -> Answer:
    """Give the same samples with another value."""
    series = tuple(
        Series(labels=s.labels, samples=tuple(Sample(p.at_ms, value) for p in s.samples))
        for s in answer.series
    )
    return replace(answer, series=series)


def _garbled(world: Simulation, name: str, question: Question, answer: Answer) -> Answer:
    """Some numbers are endless, no numbers at all, or far too large, and some answers are twice.

    Of a query that somebody wrote, less than nothing may be meant: nobody can tell that from it.
    """
    drawn = mark(world.seed, name, question.expression, "garbled")
    if drawn < 0.2:
        return replace(answer, series=(*answer.series, *answer.series))
    less = "" if "app_failures_total" in question.expression else "-1"
    kinds = ("+Inf", "-Inf", less, "1e400", "0x10", "")
    return every(answer, kinds[int(drawn * 30) % 6]) if drawn < 0.6 else answer


def _scraping(world: Simulation) -> Undo:
    world.cluster.scraping = False

    def undo() -> None:
        world.cluster.scraping = True

    return undo


def _one_sided(world: Simulation) -> Undo:
    began_ms, world.cluster.partial = world.now_ms, True

    def undo() -> None:
        world.cluster.partial = False
        world.cluster.unheard = began_ms, world.now_ms

    return undo


def _late_samples(world: Simulation) -> Undo:
    """Samples arrive only once the spell is over."""
    world.cluster.db.hidden_from_ms = world.now_ms

    def undo() -> None:
        world.cluster.db.hidden_from_ms = None

    return undo


def _nothing_of_its_own(world: Simulation, name: str, question: Question, answer: Answer) -> Answer:
    """The metrics that an application tells by itself are broken."""
    del world, name
    if "app_failures_total" not in question.expression:
        return answer
    return _every_nan(answer)


def _resets(world: Simulation) -> Undo:
    world.cluster.reset_counters()
    return nothing


def _no_traffic(world: Simulation) -> Undo:
    world.cluster.rate, world.cluster.away_ms = world.rng.choice((0.0, 0.5)), 1 << 60

    def undo() -> None:
        world.cluster.rate, world.cluster.away_ms = 20.0, world.now_ms

    return undo


def _engine(state: str) -> Fault:
    def begin(world: Simulation) -> Undo:
        world.engine = state

        def undo() -> None:
            world.engine = "up"
            world.back_ms = world.now_ms if state == "older" else world.back_ms

        return undo

    return begin


def _late_engine(world: Simulation) -> Undo:
    world.engine_lag_ms = 60_000

    def undo() -> None:
        world.engine_lag_ms = 0

    return undo


def _no_pods(world: Simulation) -> Undo:
    world.cluster.starting = False

    def undo() -> None:
        world.cluster.starting = True

    return undo


_UNTRUE: dict[str, Fault] = {
    "Prometheus is down": _answers(_silent),
    "Prometheus is empty": _answers(_empty),
    "Prometheus warns now and then": _answers(_sometimes),
    "Prometheus says NaN": _answers(_not_a_number),
    "Prometheus answers garbage": _answers(_garbled),
    "nothing is scraped": _scraping,
    "only callers are scraped": _one_sided,
    "samples are back-filled": _late_samples,
    "counters are reset": _resets,
    "there is no traffic": _no_traffic,
}
UNTRUE = frozenset(_UNTRUE)
"""Faults after which a count is not what was."""
MEASURED: dict[str, Fault] = {
    **_UNTRUE,
    "an application's own metrics say NaN": _answers(_nothing_of_its_own),
    "sync has stopped": _engine("down"),
    "sync applies an older revision": _engine("older"),
    "sync is late": _late_engine,
    "no pod starts": _no_pods,
}
"""Every fault here, by name."""
