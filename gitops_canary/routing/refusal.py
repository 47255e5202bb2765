"""What every router says when an object cannot be driven."""

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Node, parse
from gitops_canary.model.names import Path

USUAL = "route between <apex>-primary and <apex>-canary with whole-number weights"


def wrong(problem: str, node: Node, file: Path, remedy: str = USUAL) -> BindingError:
    """Say what is wrong with an object, where, and what to do."""
    return BindingError(f"{problem}.", remedy=remedy, place=Place(file, node.line, node.column))


def article(kind: str) -> str:
    """Say a kind with its article.

    >>> article("HTTPRoute"), article("TCPRoute"), article("Ingress")
    ('An HTTPRoute', 'A TCPRoute', 'An Ingress')
    """
    return f"{'An' if kind.startswith(('A', 'E', 'I', 'O', 'HTTP')) else 'A'} {kind or 'document'}"


def root_of(text: str, document: int, file: Path) -> Node:
    """Give the root of a document that is known to be there."""
    root = parse(text, file=file)[document]
    assert root is not None, "documents are named by their headers"
    return root
