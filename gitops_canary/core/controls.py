"""Which control of which framework the record speaks to; facts about them in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """One control, what it asks for, and what in a package shows it."""

    framework: str
    name: str
    asks: str
    shown: str


FRAMEWORKS: Mapping[str, tuple[Control, ...]] = {
    "soc2": (
        Control("SOC 2", "CC8.1 authorisation", "Changes are asked for and approved.",
                "`source` of each change names the merged commit; the forge has its approval"),
        Control("SOC 2", "CC8.1 testing", "Changes are tested before and while they are put in.",
                "verdicts of every decision, recomputable from its samples"),
        Control("SOC 2", "CC8.1 implementation", "What was put in is what was approved.",
                "the diff and the owned values of every decision; signed commits"),
        Control("SOC 2", "CC8.1 emergency changes", "Changes outside the path are recorded.",
                "overrides.json; aborts and their reasons"),
    ),
    "iso27001": (
        Control("ISO 27001:2022", "A.8.32", "Changes are subject to change management.",
                "changes.json; policy digest and origin of every value in each decision"),
        Control("ISO 27001:2022", "A.8.31", "Production is separated, and so are duties.",
                "the controller's key is not the persons': commits/ and public-keys/"),
    ),
    "dora": (
        Control("DORA RTS 2024/1774", "Art. 17 purpose and scope", "What changes and why.",
                "version, source and diff of each change"),
        Control("DORA RTS 2024/1774", "Art. 17 independence",
                "Approving and implementing are separate.",
                "persons commit the version, the controller the weights: two signers"),
        Control("DORA RTS 2024/1774", "Art. 17 fall-back",
                "Fall-back and abort responsibilities are defined.",
                "rollback conditions in force in each report.html; the stable revision"),
        Control("DORA RTS 2024/1774", "Art. 17 emergency changes",
                "They are documented and assessed again.",
                "overrides.json with reasons; each decision's alternatives"),
    ),
}  # fmt: skip
