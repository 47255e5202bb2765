"""The checks of a Canary: builtin, inline, or from a MetricTemplate."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from gitops_canary.errors import SpecError
from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.criteria_fields import conditioned, read_criteria
from gitops_canary.manifest.metric_template import MetricTemplate, TemplateLookup
from gitops_canary.manifest.placeholders import check_query, check_variables, referred
from gitops_canary.manifest.problems import Problem, nearest
from gitops_canary.model.spec import Check, Limits
from gitops_canary.model.webhooks import HookType, Webhook

BUILTINS = ("request-success-rate", "request-duration")
"""Names of builtin metrics; with a query or a template of its own a check is no builtin."""
INTERVAL_MS = 60_000
_PERCENT = 100


def read_checks(
    doc: Checked, *, namespace: str, templates: TemplateLookup, default_source: str
) -> tuple[Check, ...]:
    """Read `analysis.metrics`; what is wrong is noted in `doc`."""
    return tuple(_Reader(doc, namespace, templates, default_source).checks())


def refuse_unjudged(doc: Checked, hooks: Sequence[Webhook]) -> None:
    """Note a policy under which nothing could ever pass: no check, nor a webhook that is one.

    A gate permits and a `pre-rollout` webhook is asked before the first weight; neither says how
    a version does that has traffic.
    """
    judged = any(doc.items("analysis.metrics"))
    judged = judged or any(hook.type is HookType.ROLLOUT for hook in hooks)
    if doc.has("analysis") and not judged and not doc.flag("skipAnalysis"):
        doc.complain(
            "analysis.metrics",
            "has no check, and no webhook is of type rollout, so nothing could ever pass",
            "add a check, e.g. request-success-rate, a webhook of type rollout, or set "
            "skipAnalysis",
        )


class _Reader:
    def __init__(
        self, doc: Checked, namespace: str, templates: TemplateLookup, default_source: str
    ) -> None:
        self._doc = doc
        self._namespace = namespace
        self._templates = templates
        self._default_source = default_source

    def checks(self) -> Iterator[Check]:
        """Read every item, each by itself."""
        seen: set[str] = set()
        for path in self._doc.items("analysis.metrics"):
            name = self._doc.text(f"{path}.name")
            if name is None:
                continue
            if name in seen:
                self._doc.complain(f"{path}.name", "is used twice", "give each check its own name")
            seen.add(name)
            yield self._check(path, name)

    def _check(self, path: str, name: str) -> Check:
        doc = self._doc
        query, address, source = self._query(path)
        query = query and referred(doc, query)
        builtin = name if query is None and name in BUILTINS else None
        if query is None and builtin is None and not doc.has(f"{path}.templateRef"):
            doc.complain(
                f"{path}.name",
                "is no builtin metric, and there is no query",
                f"{nearest(name, BUILTINS)} (or give a query or a templateRef)",
            )
        variables = doc.texts(f"{path}.templateVariables")
        check_variables(doc, f"{path}.templateVariables", variables)
        if query:
            check_query(doc, self._query_path(path), query, variables)
        elif builtin and variables:
            doc.complain(f"{path}.templateVariables", "are for a query only", "remove them")
        return Check(
            name=name,
            source=doc.text(f"{path}.source") or source or self._default_source,
            builtin=builtin,
            query=query or "",
            interval_ms=doc.whole(f"{path}.interval") or INTERVAL_MS,
            limits=self._limits(path, builtin),
            variables=variables,
            address=address,
            criteria=read_criteria(doc, path),
        )

    def _query_path(self, path: str) -> str:
        inline = f"{path}.query"
        return inline if self._doc.has(inline) else f"{path}.templateRef.name"

    def _query(self, path: str) -> tuple[str | None, str | None, str | None]:
        """Find the query, the address and the source it is asked at.

        The query is empty where it is wrong, the source None where a template names none.
        """
        doc = self._doc
        inline, reference = doc.has(f"{path}.query"), doc.has(f"{path}.templateRef")
        if inline and reference:
            doc.complain(f"{path}.query", "and templateRef are alternatives", "remove one of them")
        if not reference:
            query = (doc.text(f"{path}.query") or "") if inline else None
            return query, doc.text("metricsServer"), None
        template = self._template(path)
        if template is None:
            return "", None, None
        if template.provider == "prometheus":
            address = template.address or doc.text("metricsServer")
            return template.query, address, template.source
        return template.query, template.address, template.source or template.provider

    def _template(self, path: str) -> MetricTemplate | None:
        doc, at = self._doc, f"{path}.templateRef.name"
        name = doc.text(at)
        if name is None:
            return None
        namespace = doc.text(f"{path}.templateRef.namespace") or self._namespace
        try:
            found = self._templates(namespace, name)
        except SpecError as error:
            where = error.place or doc.place(at)
            doc.problems.append(Problem(where, error.problem.rstrip("."), error.remedy))
            return None
        if found is None:
            doc.complain(
                at,
                f"names the MetricTemplate {namespace}/{name}, which is not in the repository",
                "commit it below the paths of controller.yaml, or correct name and namespace",
            )
        return found

    def _limits(self, path: str, builtin: str | None) -> Limits:
        doc = self._doc
        low, high = (doc.number(f"{path}.thresholdRange.{end}") for end in ("min", "max"))
        legacy = doc.number(f"{path}.threshold")
        ranged, single = doc.has(f"{path}.thresholdRange"), doc.has(f"{path}.threshold")
        if ranged and single:
            doc.complain(
                f"{path}.threshold",
                "stands beside thresholdRange",
                "remove it: it is deprecated, and Flagger does not look at it here",
            )
        elif single:
            low, high = (legacy, None) if builtin == BUILTINS[0] else (None, legacy)
        self._check_limits(path, builtin, low, high, given=ranged or single)
        return Limits(minimum=low, maximum=high)

    def _check_limits(
        self,
        path: str,
        builtin: str | None,
        low: Decimal | None,
        high: Decimal | None,
        *,
        given: bool,
    ) -> None:
        doc, at = self._doc, f"{path}.thresholdRange"
        wanted = {BUILTINS[0]: ("min", low), BUILTINS[1]: ("max", high)}.get(builtin or "")
        ranged = doc.has(f"{path}.threshold") or (wanted and doc.has(f"{at}.{wanted[0]}"))
        if wanted and not ranged and not conditioned(doc, path):
            doc.complain(at, f"has no {wanted[0]}", f"give {builtin} a {wanted[0]}")
        elif not given and conditioned(doc, path):
            return
        elif not given or (low is None and high is None and not _wrong_ends(doc, path)):
            doc.complain(at, "is missing, so nothing could ever fail", "give min, max or both")
        if low is not None and high is not None and low > high:
            doc.complain(at, "has a min above its max", "exchange them")
        if builtin == BUILTINS[0] and low is not None and not 0 <= low <= _PERCENT:
            doc.complain(at, "is no percentage", "give a min from 0 to 100")


def _wrong_ends(doc: Checked, path: str) -> bool:
    """Whether a limit stands there that is wrong, and told already."""
    return any(
        doc.has(f"{path}.{end}")
        for end in ("thresholdRange.min", "thresholdRange.max", "threshold")
    )
