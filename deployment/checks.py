"""Facts about a deployment, each as it should be and as the chain has it."""

from typing import Any

from msgspec import Struct

from deployment.errors import DeploymentError


class Check(Struct, frozen=True):
    """One fact about a deployment."""

    what: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        return self.expected == self.found


class Verification(DeploymentError):
    """The chain is not as it should be."""

    exit_code = 4

    def __init__(self, wrong: list[Check]) -> None:
        lines = [f"  {check.what}: {check.found}, should be {check.expected}" for check in wrong]
        super().__init__("\n".join(["the deployment is not as it should be:", *lines]))


def require(checks: list[Check]) -> None:
    """Raises `Verification` if a check failed."""
    wrong = [check for check in checks if not check.ok]
    if wrong:
        raise Verification(wrong)


def yes(what: str, ok: bool) -> Check:
    """A check that is right if `ok`."""
    return Check(what, "yes", "yes" if ok else "no")


def shown(value: Any) -> str:
    """A value of a view, the same however its structs came."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    return str(value)
