"""ClusterGovernor, of a deployment or of its successor. It holds no role until it is given one."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cluster.chain import artifacts, manifest
from cluster.chain.manifest import Deployed
from cluster.chain.protocol import GOVERNOR
from deployment import checks, code
from deployment.chain import Chain
from deployment.config import Governor
from deployment.errors import NothingToDo
from deployment.office import Office

NAME = GOVERNOR


def arguments(addresses: Mapping[str, str], settings: Governor) -> tuple[Any, ...]:
    """Constructor arguments."""
    return (addresses["ClusterToken"], addresses["AccessManager"], tuple(settings.views().values()))


def shown(settings: Governor) -> dict[str, str]:
    """As the manifest has them."""
    return {name: str(value) for name, value in settings.views().items()}


def deploy(office: Office, settings: Governor, another: bool = False) -> Deployed:
    """Deploys, verifies and puts it into the manifest; `another` in the place of the one that is there, which keeps
    its roles until they are handed over.
    """
    chain, known = office.chain, office.manifest.contracts.get(NAME)
    if known is not None and not another:
        raise NothingToDo(f"the deployment has a governor, {known.address}; `--another` deploys its successor")
    initcode = chain.initcode(NAME, *arguments(office.manifest.addresses(), settings))
    with office.sending(f"deploy {NAME}") as sender:
        step = sender.create(NAME, initcode)
        deployed = Deployed(
            address=str(step.address),
            block=step.block,
            transaction=step.transaction,
            code_hash=step.code_hash,
            abi=artifacts.load(NAME).abi,
        )
        contracts = {**office.manifest.contracts, NAME: deployed}
        parameters = {**office.manifest.parameters, "governor": shown(settings)}
        checks.require(check(chain, {name: each.address for name, each in contracts.items()}, settings))
        office.manifest = msgspec.structs.replace(office.manifest, contracts=contracts, parameters=parameters)
        manifest.save(office.manifest, office.path)
    return deployed


def check(chain: Chain, addresses: Mapping[str, str], settings: Governor) -> list[checks.Check]:
    """It votes with CP, acts through our AccessManager, and has these settings."""
    expected = {
        "token": addresses["ClusterToken"],
        "accessManager": addresses["AccessManager"],
        **settings.views(),
    }
    return [
        checks.yes(f"{NAME}: code is that of the sources", is_governor(chain, addresses[NAME])),
        *(
            checks.Check(f"{NAME}: {view}", str(value), str(chain.read(NAME, addresses[NAME], view)))
            for view, value in expected.items()
        ),
    ]


def is_governor(chain: Chain, address: str) -> bool:
    """Whether the code at an address is ClusterGovernor's."""
    return code.matches(artifacts.load(NAME).runtime, chain.code(address))
