"""The options that several verbs share."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path, typer.Option("--config", help="The operator's settings.", envvar="GITOPS_CANARY_CONFIG")
]
CanaryArgument = Annotated[str, typer.Argument(help="The canary's id, e.g. prod/checkout.")]
CanariesArgument = Annotated[
    list[str] | None, typer.Argument(help="Canary ids; all where none is named.")
]


class Form(Enum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"


OutputOption = Annotated[Form, typer.Option("--output", "-o", help="Form of the data.")]
AllowMissingOption = Annotated[
    str, typer.Option(help="Flagger fields to do without, comma-separated dotted names.")
]
ProviderOption = Annotated[str, typer.Option(help="Router of Canaries that name none.")]
CheckoutOption = Annotated[
    Path, typer.Option("--checkout", "-C", help="A clone of the config repository.")
]
PlainOption = Annotated[
    Path | None,
    typer.Option("--clone", "-C", help="Read this plain clone, without settings or server."),
]
BranchOption = Annotated[
    str | None, typer.Option(help="The config branch; by default the remote's own default.")
]
ToOption = Annotated[
    str | None, typer.Option(help="Push to this branch instead, for a pull request.")
]
PushOption = Annotated[bool, typer.Option("--push/--no-push", help="Whether to push the commit.")]
DiffOption = Annotated[bool, typer.Option("--diff", help="Show the change and write nothing.")]
ReasonOption = Annotated[str, typer.Option(help="Why, for the commit message.")]
DEFAULT_CONFIG = Path("controller.yaml")
