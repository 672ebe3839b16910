"""Sends each transaction once, through interruptions."""

from web3.utils.address import get_create_address

from deployment import code
from deployment.chain import Chain, Receipt
from deployment.errors import DeploymentError
from deployment.progress import Progress, ProgressFile, Step
from deployment.terminal import Reporter


class Changed(DeploymentError):
    """An earlier run sent something else under this step's name."""


class Sender:
    """Runs steps by name. A step that is done is not done again; one that may have been sent is looked for.

    An unfinished transaction is sent again with the nonce it had, so that the two can never both be mined.
    """

    def __init__(
        self, chain: Chain, file: ProgressFile, progress: Progress, report: Reporter, confirmations: int
    ) -> None:
        self._chain = chain
        self._file = file
        self._progress = progress
        self._report = report
        self._confirmations = confirmations

    def create(self, name: str, initcode: bytes) -> Step:
        """Creates a contract; the step tells address, block and code hash."""
        step = self._run(name, None, initcode)
        if not step.code_hash:
            if step.address is None:
                raise DeploymentError(f"{name}: transaction {step.transaction} created no contract")
            step.code_hash = code.hash_of(self._chain.code(step.address))
            self._save()
        return step

    def call(self, name: str, to: str, data: bytes) -> Step:
        """Calls a contract. The caller has asked the chain that it is needed: a call of that name that an earlier
        run finished is no reason not to.
        """
        earlier = self._progress.steps.get(name)
        if earlier is not None and earlier.done:
            del self._progress.steps[name]
        return self._run(name, to, data)

    def _run(self, name: str, to: str | None, data: bytes) -> Step:
        content = code.hash_of(bytes.fromhex(to[2:]) + data if to else data)
        step = self._progress.steps.get(name)
        if step is not None and not step.done:
            self._finish(name, step)
        if step is not None and step.done:
            if step.content != content:
                raise Changed(
                    f"{name} was sent by an earlier run as something else ({step.transaction}): the contracts or "
                    "the configuration changed since. Go back to what they were, or move "
                    f"{self._file.path} away to start anew"
                )
            self._report.step(name, step, again=True)
            return step
        nonce = self._chain.nonce()
        if step is None or step.nonce != nonce or step.content != content:
            step = Step(content=content, nonce=nonce, sent=[])
            if to is None:
                step.address = get_create_address(self._chain.sender, nonce)  # type: ignore[arg-type]
            self._progress.steps[name] = step
        signed = self._chain.sign(to, data, nonce)
        step.sent.append(signed.hash)
        self._save()
        self._chain.send(signed)
        self._record(name, step, self._chain.wait(signed.hash, self._confirmations))
        self._report.step(name, step)
        return step

    def _finish(self, name: str, step: Step) -> None:
        """Looks for a transaction that an earlier run may have sent."""
        for transaction in step.sent:
            if self._chain.receipt(transaction) or self._chain.is_pending(transaction):
                self._record(name, step, self._chain.wait(transaction, self._confirmations))
                return

    def _record(self, name: str, step: Step, receipt: Receipt) -> None:
        if not receipt.succeeded:
            del self._progress.steps[name]
            self._save()
            raise DeploymentError(f"{name}: transaction {receipt.transaction} failed on chain ({receipt.gas} gas used)")
        step.transaction = receipt.transaction
        step.block = receipt.block
        step.gas = receipt.gas
        step.address = receipt.address
        self._save()

    def _save(self) -> None:
        self._file.write(self._progress)
