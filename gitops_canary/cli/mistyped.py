"""What was typed wrongly is told as a person would tell it."""

from typing import Any

import typer
from typer.core import TyperCommand


class Verb(TyperCommand):
    """A verb; errors of its options lose what only the library under them needs."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line.

        Raises:
            BadParameter: one of them is not as its option wants it.
        """
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = plain(error.message)
            raise


def plain(message: str) -> str:
    """Say what a value has to be without the words of the library that checked it.

    >>> plain("Value error, 'xml' is not one of 'table', 'json'.")
    "'xml' is not one of 'table', 'json'."
    >>> plain("Input should be a valid integer, unable to parse string as an integer")
    'it has to be a valid integer'
    """
    told = message.removeprefix("Value error, ").replace("Input should be", "it has to be")
    return told.partition(", unable to parse")[0]
