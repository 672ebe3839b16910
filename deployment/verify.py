"""Reads a deployment back from the chain and compares it with what it should be."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cluster.chain import artifacts
from cluster.chain.manifest import Manifest
from cluster.chain.roles import FUNCTIONS, ROLES
from deployment import code
from deployment.chain import Chain, Reverted
from deployment.config import Config
from deployment.contracts import NATIVE, initial_args
from deployment.errors import DeploymentError
from deployment.usdc import check_usdc
from deployment.wiring import MANAGER, handover, holders, is_made, wiring


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


def check_code(chain: Chain, manifest: Manifest) -> list[Check]:
    """Deployed code is the manifest's, and proxies point where the manifest says."""
    checks = []
    for name, deployed in manifest.contracts.items():
        found = code.hash_of(chain.code(deployed.address))
        checks.append(Check(f"{name}: code", deployed.code_hash, found))
        if deployed.implementation is None:
            continue
        target = chain.implementation(deployed.address)
        checks.append(Check(f"{name}: implementation", deployed.implementation, target))
        implementation = chain.code(deployed.implementation)
        expected = str(deployed.implementation_code_hash)
        checks.append(Check(f"{name}: implementation's code", expected, code.hash_of(implementation)))
    return checks


def check_compiled(chain: Chain, manifest: Manifest) -> list[Check]:
    """Deployed code is what the sources compile to."""
    checks = []
    compiled = {name: name for name in FUNCTIONS} | {"AccessManager": MANAGER}
    for name, source in compiled.items():
        deployed = manifest.contract(name)
        same = code.matches(artifacts.load(source).runtime, chain.code(deployed.implementation or deployed.address))
        checks.append(yes(f"{name}: code is that of the sources", same))
        if deployed.implementation is not None:
            proxy = chain.code(deployed.address)
            same = code.matches(artifacts.load("ClusterProxy").runtime, proxy)
            checks.append(yes(f"{name}: proxy's code is that of the sources", same))
    return checks


def check_parameters(chain: Chain, config: Config, addresses: Mapping[str, str]) -> list[Check]:
    """The contracts know each other, the treasury and the currencies, and can't be initialized again."""
    router, token = addresses["PaymentRouter"], addresses["ClusterToken"]

    def read(contract: str, method: str, *args: Any) -> str:
        return str(chain.read(contract, addresses[contract], method, *args))

    manager = addresses["AccessManager"]
    checks = [Check(f"{name}: authority", manager, read(name, "authority")) for name in FUNCTIONS]
    checks += [
        Check("DatasetRegistry: NFT", addresses["DatasetNFT"], read("DatasetRegistry", "nft")),
        Check("DatasetRegistry: router", router, read("DatasetRegistry", "paymentRouter")),
        Check("PaymentRouter: registry", addresses["DatasetRegistry"], read("PaymentRouter", "registry")),
        Check("PaymentRouter: NFT", addresses["DatasetNFT"], read("PaymentRouter", "nft")),
        Check("PaymentRouter: treasury", config.treasury, read("PaymentRouter", "treasury")),
        Check("ClusterToken: supply", str(5 * 10**27), read("ClusterToken", "totalSupply")),
    ]
    for label, currency in (("native coin", NATIVE), ("USDC", addresses["USDC"]), ("CP", token)):
        accepted = chain.read("PaymentRouter", router, "isCurrencyAccepted", currency)
        checks.append(yes(f"PaymentRouter: accepts {label}", bool(accepted)))
    for name in FUNCTIONS:
        data = chain.encode(name, "initialize", *initial_args(name, addresses, config.treasury))
        implementation = chain.implementation(addresses[name])
        checks.append(yes(f"{name}: can't be initialized again", _refused(chain, addresses[name], data)))
        checks.append(yes(f"{name}: implementation can't be initialized", _refused(chain, implementation, data)))
    checks += [yes(what, ok) for what, ok in check_usdc(chain, addresses["USDC"])]
    return checks


def check_access(chain: Chain, config: Config, addresses: Mapping[str, str], deployer: str, final: bool) -> list[Check]:
    """Every call of the wiring has had its effect, and the deployer holds nothing that it was not given.
    Before the admin role is handed over, `final` is false.
    """
    manager = addresses["AccessManager"]
    calls = wiring(chain, config, addresses) + (handover(config, deployer) if final else [])
    checks = [
        yes(f"AccessManager: {call}", is_made(chain, manager, call)) for call in calls if call.method != "labelRole"
    ]
    given = holders(config, addresses["DatasetRegistry"])
    for role in ROLES:
        if given[role.name] == deployer or (role.id == 0 and not final):
            continue
        since = chain.read(MANAGER, manager, "getAccess", role.id, deployer)[0]
        checks.append(yes(f"AccessManager: deployer does not hold {role.name}", since == 0))
    return checks


def require(checks: list[Check]) -> None:
    """Raises `Verification` if a check failed."""
    wrong = [check for check in checks if not check.ok]
    if wrong:
        raise Verification(wrong)


def yes(what: str, ok: bool) -> Check:
    """A check that is right if `ok`."""
    return Check(what, "yes", "yes" if ok else "no")


def _refused(chain: Chain, address: str, data: bytes) -> bool:
    try:
        chain.call(address, data)
    except Reverted:
        return True
    return False
