"""The contracts of x402's `batch-settlement` scheme, where the world knows them by address."""

from cluster.chain.protocol import CHANNELS, COLLECTOR
from deployment import checks
from deployment.chain import Chain
from deployment.config import Config


def check_there(chain: Chain, config: Config) -> list[checks.Check]:
    """Whether a public chain has them where the configuration says. If not, leave `channels` out: ours are deployed."""
    known = config.channels
    if known is None or config.local:
        return []
    return [
        checks.yes(f"{name}: there is code at {address}", bool(chain.code(address)))
        for name, address in ((CHANNELS, known.settlement), (COLLECTOR, known.collector))
    ]
