"""Real image bumps are found by the blobs alone, and charts never taken for images."""

import json

from corpus import CORPUS, bumps

from gitops_canary.manifest.image_changes import image_changes
from gitops_canary.manifest.image_places import Form

UNREADABLE = {"03/0333", "03/0345"}
"""Files with a key twice, which is no YAML."""


def test_real_bumps_are_found_without_their_messages() -> None:
    texts = {name: (before, after) for name, before, after, _ in bumps()}
    found = all_images = unnamed = all_unnamed = charts = all_charts = 0
    wrong = []
    for line in (CORPUS / "bumps" / "index.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["id"] in UNREADABLE:
            continue
        seen = image_changes(*texts[row["id"]], file=row["path"])
        for change in row["changes"]:
            hits = [s for s in seen if change["new"] in s.new and change["old"] in s.old]
            chart = change["form"].startswith("chart") or "helmCharts" in change["pointer"]
            if chart:
                all_charts += 1
                charts += any(hit.form is Form.CHART for hit in hits)
                wrong += [hit for hit in hits if hit.form is not Form.CHART]
            elif change["form"] != "unclassified":
                all_images += 1
                hit = any(hit.form is not Form.CHART for hit in hits)
                found += hit
                if not _named(change["new"], row["subject"]):
                    all_unnamed += 1
                    unnamed += hit

    print(f"{found} of {all_images} image changes, {charts} of {all_charts} charts")
    print(f"{unnamed} of {all_unnamed} whose subject does not name what is new")
    assert found / all_images >= 0.99
    assert unnamed / all_unnamed >= 0.95
    assert charts == all_charts
    assert wrong == []


def _named(new: str, subject: str) -> bool:
    """Whether a subject names the new value, or begins to: a tag's or a digest's first digits."""
    bare = new.rpartition("sha256:")[2].removeprefix("v")
    return new in subject or bare[:7] in subject
