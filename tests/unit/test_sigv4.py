"""AWS's published signature vectors (aws-sig-v4-test-suite): get-vanilla, query order, post."""

import pytest

from gitops_canary.metrics.sigv4 import Keys, signed

KEYS = Keys(
    access_key="AKIDEXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",  # noqa: S106 - AWS's example
    region="us-east-1",
    service="service",
)


@pytest.mark.parametrize(
    ("method", "query", "signature"),
    [
        ("GET", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            "GET",
            {"Param2": "value2", "Param1": "value1"},
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        ("POST", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_published_vectors(method: str, query: dict[str, str], signature: str) -> None:
    headers = signed(
        KEYS,
        method=method,
        path="/",
        query=query,
        headers={"Host": "example.amazonaws.com"},
        body=b"",
        at="20150830T123600Z",
    )
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )


def test_session_token_is_signed_too() -> None:
    keys = Keys(access_key="A", secret_key="S", token="T", region="r", service="s")  # noqa: S106
    headers = signed(keys, method="GET", path="/", query={}, headers={}, body=b"", at="20150830T0Z")
    assert headers["x-amz-security-token"] == "T"
    assert "SignedHeaders=x-amz-date;x-amz-security-token" in headers["authorization"]
