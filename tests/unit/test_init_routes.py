"""First splits of meshes and routers whose objects are few words long."""

import pytest
from first_canary import PLAIN, after, initialised, objects


@pytest.mark.parametrize("version", ["v1alpha1", "v1alpha4"])
def test_a_mesh_of_smi_needs_no_route_to_begin_with(version: str) -> None:
    now = after(PLAIN, initialised(PLAIN, router=f"smi:{version}"))
    (split,) = objects(now, "TrafficSplit").values()
    assert split["apiVersion"] == f"split.smi-spec.io/{version}"
    assert split["spec"] == {
        "service": "web",
        "backends": [
            {"service": "web-primary", "weight": 100},
            {"service": "web-canary", "weight": 0},
        ],
    }
