"""`spec.routing`: the place of the weight, for the provider `field`."""

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.source import read_reference
from gitops_canary.model.references import Routing

TOTAL = 100


def read_routing(doc: Checked, *, provider: str, file: str) -> Routing | None:
    """Read where the weight lies; complaints are noted in `doc`."""
    if provider != "field":
        if doc.has("routing"):
            remedy = "remove it, or write provider: field"
            doc.complain("routing", "is for the provider field", remedy)
        return None
    if not doc.has("routing"):
        remedy = "name file and field of the weight"
        doc.complain("provider", "is field, which needs spec.routing", remedy)
        return None
    rest = read_reference(doc, "routing.rest", file) if doc.has("routing.rest") else None
    weight = read_reference(doc, "routing.weight", file)
    if rest is not None and (rest.file, rest.document) != (weight.file, weight.document):
        doc.complain("routing.rest", "is in another document", "name a field beside the weight")
    return Routing(weight=weight, rest=rest, total=doc.whole("routing.total") or TOTAL)
