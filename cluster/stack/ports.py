"""Where the services of the local stack listen: loopback, four ports."""

import socket
from dataclasses import asdict, dataclass
from typing import Self

from cluster.chain.anvil import free_port
from cluster.stack.errors import PortInUse


@dataclass(frozen=True)
class Ports:
    """One port a service. The defaults are those of the services' own commands."""

    anvil: int = 8545
    relay: int = 8400
    models: int = 8401
    indexer: int = 8410

    @classmethod
    def free(cls) -> Self:
        """Four ports that were free a moment ago."""
        found: set[int] = set()
        while len(found) < 4:
            found.add(free_port())
        return cls(*found)

    def require_free(self) -> None:
        """Raises `PortInUse` for the first that is taken."""
        for service, port in asdict(self).items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise PortInUse(
                        f"port {port} is needed for {service} and can't be used ({error.strerror}): stop what listens "
                        "there, or add --free-ports"
                    ) from error

    def url(self, service: str) -> str:
        """Base URL of a service."""
        return f"http://127.0.0.1:{getattr(self, service)}"
