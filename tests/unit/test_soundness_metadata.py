"""Labels and annotations that an API server would refuse are told with their place."""

from pathlib import Path as LocalPath

import pytest
from first_canary import after, initialised, plain
from test_two_sides import told

NGINX = after(plain("nginx"), initialised(plain("nginx"), router="nginx"))
CANARY = 'nginx.ingress.kubernetes.io/canary: "true"'


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (CANARY, "", "nginx.ingress.kubernetes.io/canary in annotations is true, which Kubernetes"),
        ("app: web-primary", "app: 12", "app in labels is 12, which Kubernetes refuses"),
        (CANARY, CANARY.replace('"', "'"), ""),
        (CANARY, CANARY.replace('"true"', "!!str true"), ""),
    ],
)
def test_what_is_no_text_is_told(old: str, new: str, what: str, tmp_path: LocalPath) -> None:
    new = new or old.replace('"', "")
    texts = {path: text.replace(old, new, 1) for path, text in NGINX.items()}
    assert texts != NGINX
    (error,) = [one.error for one in told(texts, tmp_path)]
    if not what:
        assert error is None
        return
    assert error is not None
    assert what in str(error)
    assert "try: put it in quotes" in str(error)
    file, line, column = str(error.place).split(":")
    assert texts[file].splitlines()[int(line) - 1][int(column) - 1 :].startswith(new.split(": ")[1])
