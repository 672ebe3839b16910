"""A whole deployment: refuse, resume or start, then verify and write the manifest."""

from collections.abc import Callable

from ape.api import AccountAPI, ProviderAPI
from ape.contracts import ContractInstance
from ape.managers.project import LocalProject

from cluster.chain import artifacts
from cluster.chain import manifest as manifests
from cluster.chain.manifest import Deployed, Manifest
from cluster.chain.roles import ROLES
from deployment import config as configs
from deployment import plan
from deployment.config import ChainConfig
from deployment.progress import Created, Progress, ProgressFile
from deployment.sender import Sender
from deployment.verify import check, code_hash

ARTIFACT_OF = {"AccessManager": "ClusterAccessManager", "USDC": "TestUSDC"}
# On chains where USDC is Circle's, only this part of its ABI is relied on; TestUSDC has it in common.


class Refused(RuntimeError):
    """Nothing was sent; the message says why."""


class Wrong(RuntimeError):
    """What is on chain is not what was meant; the message lists the differences."""


def artifact_of(name: str) -> str:
    """Name of the compiled contract behind a name of the manifest."""
    return ARTIFACT_OF.get(name, name)


def instances(project: LocalProject, manifest: Manifest) -> dict[str, ContractInstance]:
    """The contracts of a manifest as ape objects."""
    return {
        name: getattr(project, artifact_of(name)).at(deployed.address, fetch_from_explorer=False)
        for name, deployed in manifest.contracts.items()
    }


def deploy(
    project: LocalProject,
    provider: ProviderAPI,
    account: AccountAPI,
    network: str,
    report: Callable[[str, int], None],
) -> Manifest:
    """Deploys the protocol. Raises `Refused`, `Wrong` or `ConfigError`."""
    chain_id = provider.chain_id
    config = configs.load(chain_id, str(account.address))
    path = manifests.path_of(chain_id)
    _refuse_if_live(provider, chain_id, report)
    file = ProgressFile(path.with_suffix(".partial.json"))
    progress = _progress(provider, account, file, report)
    sender = Sender(project, provider, account, progress, file, report)
    created = plan.run(sender, config)
    manifest = _manifest(provider, config, network, str(account.address), created)
    verify(project, provider, config, manifest)
    manifests.save(manifest, path)
    file.remove()
    return manifest


def verify(project: LocalProject, provider: ProviderAPI, config: ChainConfig, manifest: Manifest) -> None:
    """Raises `Wrong` if the chain differs from what was meant."""
    wrong = [f for f in check(provider, config, manifest, instances(project, manifest)) if not f.right]
    if wrong:
        lines = "\n".join(f"  {f.what}: expected {f.expected}, found {f.found}" for f in wrong)
        raise Wrong(f"the deployment is not what it should be:\n{lines}")


def _refuse_if_live(provider: ProviderAPI, chain_id: int, report: Callable[[str, int], None]) -> None:
    path = manifests.path_of(chain_id)
    if not path.exists():
        return
    manifest = manifests.load(path)
    router = manifest.contract("PaymentRouter").address
    if provider.get_code(router):
        raise Refused(f"chain {chain_id} has a live deployment ({path.name}, router {router}); upgrade it instead")
    if chain_id not in configs.LOCAL_CHAIN_IDS:
        raise Refused(f"{path.name} names contracts that are not on chain {chain_id}: is this the right node?")
    report(f"{path.name} is of a local chain that is gone; starting anew", 0)
    path.unlink()


def _progress(
    provider: ProviderAPI, account: AccountAPI, file: ProgressFile, report: Callable[[str, int], None]
) -> Progress:
    genesis = "0x" + bytes(provider.web3.eth.get_block(0)["hash"]).hex()
    found = file.load()
    if found is not None and found.genesis == genesis:
        if found.deployer != account.address:
            raise Refused(f"the unfinished deployment is {found.deployer}'s: go on with that account")
        report(f"going on after {len(found.created)} contracts", 0)
        return found
    if found is not None and provider.chain_id not in configs.LOCAL_CHAIN_IDS:
        raise Refused(f"an unfinished deployment is of another chain with id {provider.chain_id}: check the node")
    return Progress(provider.chain_id, genesis, str(account.address))


def _manifest(
    provider: ProviderAPI, config: ChainConfig, network: str, deployer: str, created: dict[str, Created]
) -> Manifest:
    contracts: dict[str, Deployed] = {}
    for name in ("AccessManager", "USDC", *plan.PROXIED):
        made = created.get(name)
        address = made.address if made else str(config.usdc)
        implementation = created.get(f"{name} implementation")
        contracts[name] = Deployed(
            address=address,
            block=made.block if made else created["AccessManager"].block,
            transaction=made.transaction if made else "",
            code_hash=code_hash(provider, address),
            abi=artifacts.load(artifact_of(name)).abi,
            implementation=implementation.address if implementation else None,
            implementation_code_hash=code_hash(provider, implementation.address) if implementation else None,
        )
    return Manifest(
        chain_id=config.chain_id,
        network=network,
        deployer=deployer,
        complete=True,
        contracts=contracts,
        parameters={"treasury": config.treasury, "holders": config.holders},
        roles={role.name: role.id for role in ROLES},
    )
