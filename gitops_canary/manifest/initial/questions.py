"""What only a person knows: each question with its answers, and the one that suggests itself."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from gitops_canary.errors import BindingError, SpecError
from gitops_canary.manifest.bindings import meant
from gitops_canary.manifest.clusters import elsewhere
from gitops_canary.manifest.initial import flagger, overlay
from gitops_canary.manifest.initial.choice import Choice, identified
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.problems import nearest
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import Path
from gitops_canary.ports import Founder, Router

KEYS = ("workload", "overlay", "namespace", "service", "router", "serving", "gateway", "hosts")
"""What may be answered, in the order it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to decide."""

    key: str
    text: str
    options: tuple[str, ...]
    """Empty where anything may be said."""
    default: str = ""
    """What suggests itself; empty where nothing does."""
    certain: bool = False
    """Whether nothing but the default makes sense, so that nobody need be asked."""
    safe: bool = False
    """Whether the default harms nobody, so that it may be taken where nobody can be asked."""


Answers = Mapping[str, str]


class Misanswered(SpecError):  # noqa: N818 - named for what is the case
    """What was answered beforehand is no answer."""

    exit_code: ClassVar[int] = 2


_BY_HAND = (
    "; a HelmRelease, an Argo CD Application or a values file is bound by hand: "
    "docs/reference/sources.md"
)
_LIKE_ANOTHER = frozenset({"gatewayapi:v1beta1", "linkerd", "smi:v1alpha3", "smi:v1alpha4"})
"""Routers whose objects another one knows too: a person says so."""


class Asking:
    """Goes from question to question; what was found so far narrows the next."""

    def __init__(
        self, terrain: Terrain, founders: Mapping[str, Founder], routers: Mapping[str, Router]
    ) -> None:
        self._terrain, self._founders, self._routers = terrain, founders, routers
        self._workloads = tuple(o for o in terrain.workloads if not overlay.is_patch(terrain, o))
        self._count = Counter(map(_name, self._workloads))

    def next(self, answers: Answers) -> Question | None:
        """Give the first question that is not answered; None where all are.

        Raises:
            Misanswered: an answer is none of those that are possible.
        """
        for question in self._questions(answers):
            if question.key not in answers:
                return question
            if question.options and answers[question.key] not in question.options:
                by_hand = _BY_HAND if question.key == "workload" else ""
                raise Misanswered(
                    f"{answers[question.key]!r} is no answer to: {question.text}",
                    remedy=nearest(answers[question.key], question.options) + by_hand,
                )
        return None

    def told(self, kind: str, name: str, namespace: str, file: Path) -> Answers:
        """Answer which workload a Canary in a file means, and in which overlay.

        Empty where none is it, and without the overlay where several could be.
        """
        found = [
            (one, outer)
            for one in self._workloads
            if one.ref.kind == kind and name.endswith(one.ref.name)
            for outer in overlay.outermost(self._terrain, one.ref.file) or (None,)
            if overlay.prefix(self._terrain, outer, one.ref.file) + one.ref.name == name
            if (overlay.namespace(self._terrain, outer, one.ref.file) or one.ref.namespace)
            in {"", namespace}
        ]
        there = [one.ref.file for one, _ in found]
        gone = elsewhere(file, there, there, self._terrain.kustomizations)
        found = [pair for pair in found if pair[0].ref.file not in gone]
        near = [pair for pair in found if overlay.holds(self._terrain, pair[1], file)]
        found = near if len(found) > 1 and near else found
        if not found:
            return {}
        one, outer = found[0]
        title = {"workload": self._title(one)}
        if outer is None or len(found) > 1:
            return title
        return {**title, "overlay": outer or "."}

    def choice(self, answers: Answers, *, carried: bool = False) -> Choice:
        """Put the answers together."""
        workload, outer, namespace = self._place(answers)
        terrain = overlay.scoped(self._terrain, outer, namespace, workload)
        found = terrain.named(workload.ref.kind, workload.ref.name, namespace)
        _once([one for one in found if one in self._workloads])
        fronts = self._fronts(answers)
        services = [one for one in fronts if one.ref.name == answers["service"]]
        _once(services)
        service = next(iter(services), None)
        implied = self._implied(answers)
        choice = Choice(
            workload=workload,
            namespace=namespace,
            provider=answers["router"],
            service=service,
            front=answers["service"],
            prefix=self.prefix(answers),
            canary=flagger.canary_of(terrain, self._name(answers), namespace),
            fronts=fronts,
            outer=outer,
            serving=answers["serving"] == "yes",
            carried=carried,
            gateway=answers.get("gateway", implied.get("gateway", "")),
            hosts=tuple(filter(None, answers.get("hosts", implied.get("hosts", "")).split(","))),
        )
        return identified(self._terrain, choice)

    def _questions(self, answers: Answers) -> Iterator[Question]:
        yield self._workload()
        yield from self._overlay(answers)
        workload, _, namespace = self._place(answers)
        if not namespace:
            yield Question(
                key="namespace", text=f"Which namespace is {workload.ref.name} in?", options=(),
                default="default",
            )  # fmt: skip
        fronts = self._fronts(answers)
        said = self._implied(answers).get("service", workload.ref.name)
        said = said.removeprefix(self.prefix(answers))
        names = tuple(dict.fromkeys(one.ref.name for one in fronts)) or (said,)
        yield Question(
            key="service", text="Which Service do users call?", options=names,
            default=said if said in names else names[0], certain=len(names) == 1,
        )  # fmt: skip
        yield self._router(answers)
        # That no Service lies here does not say that none is there: three commits harm nobody.
        lone = "" if fronts else "No Service here selects its pods. "
        yield Question(
            key="serving", text=f"{lone}Do users depend on it already?", options=("yes", "no"),
            default="yes", safe=True,
        )  # fmt: skip

    def _workload(self) -> Question:
        names = {self._title(one): one for one in self._workloads}
        options = tuple(
            title for title, one in names.items() if not one.ref.name.endswith("-primary")
        )
        if not options:
            broken = self._terrain.unread
            if broken:
                one = broken[0]
                problem = f"There is no workload with an image here; not read: {one.problem}"
                raise SpecError(problem, remedy=one.remedy, place=one.place)
            raise SpecError(
                "There is no workload with an image here.",
                remedy="name the checkout's top with --checkout; `gitops-canary doctor` lists what "
                "else could be driven, docs/how-to/with-a-helm-release.md shows a chart's values, "
                "and docs/reference/sources.md the others",
            )
        return Question(
            key="workload", text="Which workload?", options=options, default=options[0],
            certain=len(options) == 1,
        )  # fmt: skip

    def _overlay(self, answers: Answers) -> Iterator[Question]:
        workload = self._chosen(answers)
        found = overlay.outermost(self._terrain, workload.ref.file)
        if not found and "overlay" in answers:
            raise Misanswered(
                f"No kustomization builds {workload.ref.name}, so it is in no overlay.",
                remedy="take `overlay` out of the answers, or list the file under `resources`",
                place=workload.place,
            )
        if found:
            options = tuple(one or "." for one in found)
            yield Question(
                key="overlay", text="Which overlay?", options=options,
                default=options[0] if len(options) == 1 else "", certain=len(options) == 1,
            )  # fmt: skip

    def _router(self, answers: Answers) -> Question:
        said = self._implied(answers).get("router")
        found = (said,) if said else tuple(self._leading(answers, tuple(self._founders)))
        found = found or tuple(self._leading(answers, tuple(self._routers)))
        others = dict.fromkeys((*self._founders, *self._routers))
        return Question(
            key="router", text="What splits its traffic?",
            options=(*found, *(name for name in others if name not in found)),
            default=found[0] if found else "", certain=len(found) == 1,
        )  # fmt: skip

    def _leading(self, answers: Answers, among: tuple[str, ...]) -> Iterator[str]:
        """Name the routers whose objects lead to the Service, or split already."""
        workload, outer, namespace = self._place(answers)
        apex = self.prefix(answers) + answers.get("service", workload.ref.name)
        wanted = Wanted(namespace=namespace, apex=apex)
        terrain = overlay.scoped(self._terrain, outer, namespace, workload)
        documents = [one for one in terrain.documents if one.ref.kind != "Service"]
        for name in among:
            if name not in _LIKE_ANOTHER and any(self._leads(name, o, wanted) for o in documents):
                yield name

    def _leads(self, name: str, one: Document, wanted: Wanted) -> bool:
        kind, text = (one.group, one.ref.kind), self._terrain.texts[one.ref.file]
        index = one.ref.index
        founder, router = self._founders.get(name), self._routers[name]

        def leads(there: Wanted) -> bool:
            if founder and kind in founder.kinds and founder.leads(text, index, there):
                return True
            return kind in router.kinds and router.matches(
                text, index, namespace=there.namespace, apex=there.apex
            )

        return meant(
            one.ref, wanted.namespace, lambda space: leads(replace(wanted, namespace=space))
        )

    def _implied(self, answers: Answers) -> Answers:
        """Give what a Canary that is there already says."""
        workload, outer, namespace = self._place(answers)
        terrain = overlay.scoped(self._terrain, outer, namespace, workload)
        canary = flagger.canary_of(terrain, self._name(answers), namespace)
        return flagger.answers(canary) if canary else {}

    def _place(self, answers: Answers) -> tuple[Document, str | None, str]:
        workload = self._chosen(answers)
        said = answers.get("overlay")
        outer = None if said is None else "" if said == "." else said
        space = overlay.space(self._terrain, outer, workload)
        return workload, outer, space or answers.get("namespace", "")

    def prefix(self, answers: Answers) -> str:
        """Give what kustomize puts before the names of the workload and its Services."""
        workload, outer, _ = self._place(answers)
        return overlay.prefix(self._terrain, outer, workload.ref.file)

    def _name(self, answers: Answers) -> str:
        return self.prefix(answers) + self._chosen(answers).ref.name

    def _chosen(self, answers: Answers) -> Document:
        return next(one for one in self._workloads if self._title(one) == answers["workload"])

    def _fronts(self, answers: Answers) -> tuple[Document, ...]:
        """List the Services in front of the workload, whichever of the two they select by now."""
        workload, outer, namespace = self._place(answers)
        terrain = overlay.scoped(self._terrain, outer, namespace, workload)
        primary = terrain.named(workload.ref.kind, f"{workload.ref.name}-primary", namespace)
        forced = overlay.everywhere(terrain, outer, workload).selectors
        found = {
            one.place: one
            for pods in (workload, *primary)
            for one in terrain.serving(pods, namespace, forced)
            if not one.ref.name.endswith(("-primary", "-canary"))
            and overlay.applies(terrain, outer, one)
        }
        return tuple(found.values())

    def _title(self, one: Document) -> str:
        """Name a workload; by its file too where another one has its name."""
        name = f"{one.ref.namespace}/{one.ref.name}" if one.ref.namespace else one.ref.name
        return f"{one.ref.file}:{name}" if self._count[_name(one)] > 1 else name


def _name(one: Document) -> tuple[str, str]:
    return one.ref.namespace, one.ref.name


def _once(found: list[Document]) -> None:
    """Refuse what stands in several places."""
    if len(found) > 1:
        one = found[0]
        raise BindingError(
            f"{one.ref.kind} {one.ref.name} stands in several places: "
            f"{', '.join(str(other.place) for other in found)}.",
            remedy="say with --paths which folder is meant",
            place=one.place,
        )
