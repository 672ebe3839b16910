"""A deployed contract as an object."""

from typing import TYPE_CHECKING, Any

from cluster.chain.codec import Codec, Function

if TYPE_CHECKING:
    from cluster.testing.host import Host


class Method:
    """A function by name; overloads are told apart by the number of arguments.

    A view returns its value; anything else is a transaction and needs `sender`.
    """

    def __init__(self, contract: "Contract", name: str) -> None:
        self._contract = contract
        self._name = name

    def function(self, count: int) -> Function:
        return self._contract.codec.function(self._name, count)

    def calldata(self, *args: Any) -> bytes:
        """The encoded call."""
        return self.function(len(args)).calldata(args)

    def __call__(self, *args: Any, sender: Any = None, value: int = 0, gas: int | None = None) -> Any:
        function = self.function(len(args))
        chain = self._contract.chain
        if function.reads_only:
            return function.result(chain.call(self._contract, function.calldata(args), sender=sender))
        if sender is None:
            raise TypeError(f"{self._name} changes state: say who sends it, sender=…")
        receipt = chain.transact(sender, self._contract, function.calldata(args), value=value, gas=gas)
        receipt.return_value = function.result(receipt.return_value)
        return receipt


class Contract:
    """A contract at an address, with the ABI of a compiled one."""

    def __init__(self, chain: "Host", name: str, address: str, codec: Codec) -> None:
        self.chain = chain
        self.name = name
        self.address = address
        self.codec = codec

    def __getattr__(self, name: str) -> Method:
        if name.startswith("__") or name not in self.codec.functions:
            raise AttributeError(f"{self.name} has no function {name!r}")
        method = Method(self, name)
        self.__dict__[name] = method
        return method

    def __repr__(self) -> str:
        return f"<{self.name} at {self.address}>"
