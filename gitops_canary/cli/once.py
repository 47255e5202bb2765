"""`once`: one full tick of every repository, for a scheduled job without a server."""

from gitops_canary.app.telling import Teller
from gitops_canary.cli.looked import looked
from gitops_canary.cli.options import DEFAULT_CONFIG, ConfigOption
from gitops_canary.cli.outcome import exit_code
from gitops_canary.cli.printing import say


def once(config: ConfigOption = DEFAULT_CONFIG) -> int:
    """Look at every repository once, push what is due, and exit."""
    reports = looked(config, write=True)
    teller = Teller()
    for report in reports:
        teller.tell(report)
        if report.breakglass:
            say(report.breakglass)
    return exit_code(reports)
