"""What a person can do by hand while Git cannot be reached: the exact commands, nothing guessed."""

import json
from decimal import Decimal

from gitops_canary.core.edits import Ground
from gitops_canary.core.text import percent
from gitops_canary.errors import CanaryError
from gitops_canary.manifest.document import data, parse
from gitops_canary.model.owned import DocRef
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router

PAUSE = (
    "argocd app set <application> --sync-policy none   # or: flux suspend kustomization <name>\n"
)


def breakglass(spec: CanarySpec, ground: Ground, last: Action | None, router: Router) -> str:
    """Write the commands that send all traffic to the primary; empty where none goes elsewhere.

    After a promotion the primary may be unproven, so there the choice is left to the person.
    """
    weight = ground.owned.weight
    if weight == 0:
        return ""
    head = f"# {spec.id}: {percent(weight)} % of the traffic goes to the canary\n"
    if last is Action.PROMOTE:
        return f"{head}# its primary is being replaced: see first which side is healthy\n"
    return (
        head + PAUSE + "".join(_apply(spec, ground, ref, router) for ref in ground.binding.routes)
    )


def _apply(spec: CanarySpec, ground: Ground, ref: DocRef, router: Router) -> str:
    """Write one routing object with weight 0 as `kubectl` takes it."""
    try:
        text = router.set_weight(
            ground.texts[ref.file],
            ref.index,
            Decimal(0),
            file=ref.file,
            namespace=spec.namespace,
            apex=spec.apex,
        )
    except CanaryError as error:
        return f"# {ref.kind} {ref.name}: set the canary's weight to 0 by hand ({error.problem})\n"
    node = parse(text, file=ref.file)[ref.index]
    assert node is not None, "a routing object is not empty"
    manifest = json.dumps(data(node, file=ref.file))
    return f"kubectl apply -n {spec.namespace} -f - <<'EOF'\n{manifest}\nEOF\n"
