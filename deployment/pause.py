"""Pauses a contract of a live deployment."""

from deployment.errors import NothingToDo
from deployment.managed import Outcome
from deployment.office import Office


def pause(office: Office, contract: str, unpause: bool = False, holder: str | None = None) -> Outcome:
    """Pauses or unpauses. Raises `NothingToDo` if it is so."""
    address = office.address(contract)
    method = "unpause" if unpause else "pause"
    if bool(office.chain.read(contract, address, "paused")) is not unpause:
        raise NothingToDo(f"{contract} is {'not paused' if unpause else 'paused already'}")
    return office.act(f"{method} {contract}", address, office.chain.encode(contract, method), holder)
