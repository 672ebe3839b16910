"""The deployment, step by step: implementation and initialized proxy of each contract, then the wiring."""

from ape.contracts import ContractInstance

from cluster.chain import artifacts
from cluster.chain.codec import Codec
from deployment.config import ChainConfig
from deployment.progress import Created
from deployment.sender import Sender
from deployment.wiring import wire

NATIVE = "0x0000000000000000000000000000000000000000"
PROXIED = ("ClusterToken", "DatasetNFT", "DatasetRegistry", "PaymentRouter")


def run(sender: Sender, config: ChainConfig) -> dict[str, Created]:
    """Deploys and wires everything that is not there yet. Returns what was created, by step."""
    created: dict[str, Created] = {}

    def create(step: str, contract: str, *args: object) -> str:
        created[step] = sender.create(step, contract, *args)
        return created[step].address

    def create_proxied(contract: str, constructor: list[object], initialize: list[object]) -> str:
        implementation = create(f"{contract} implementation", contract, *constructor)
        (function,) = Codec(artifacts.load(contract).abi).functions["initialize"]
        return create(contract, "ClusterProxy", implementation, function.calldata(initialize))

    manager = create("AccessManager", "ClusterAccessManager", sender.address)
    usdc = config.usdc or create("USDC", "TestUSDC", "USD Coin")
    token = create_proxied("ClusterToken", [], [manager, config.treasury])
    nft = create_proxied("DatasetNFT", [], [manager])
    registry = create_proxied("DatasetRegistry", [nft], [manager])
    router = create_proxied("PaymentRouter", [registry], [manager, config.treasury, [NATIVE, usdc, token]])
    access: ContractInstance = sender.at("ClusterAccessManager", manager)
    addresses = {"ClusterToken": token, "DatasetNFT": nft, "DatasetRegistry": registry, "PaymentRouter": router}
    wire(sender, config, access, addresses)
    return created
