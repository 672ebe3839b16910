// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Base of the tokens that misbehave: anyone mints
abstract contract HostileToken is ERC20 {
    /// @notice Mints to anybody.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @title Takes 1 % of every transfer
contract FeeToken is HostileToken {
    constructor() ERC20("Fee", "FEE") {}

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        uint256 fee = value / 100;
        super._update(from, address(0xfee), fee);
        super._update(from, to, value - fee);
    }
}

/// @title Returns false instead of reverting when it does not transfer
contract FalseToken is HostileToken {
    /// @notice Whether `transfer` fails; `transferFrom` fails only if it must.
    bool public failing;

    constructor() ERC20("False", "FALSE") {}

    /// @notice Makes `transfer` return false.
    function setFailing(bool value) external {
        failing = value;
    }

    /// @notice As ERC-20, but false instead of a revert.
    function transfer(address to, uint256 value) public override returns (bool) {
        if (failing || balanceOf(msg.sender) < value) return false;
        return super.transfer(to, value);
    }

    /// @notice As ERC-20, but false instead of a revert.
    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        if (balanceOf(from) < value || allowance(from, msg.sender) < value) return false;
        return super.transferFrom(from, to, value);
    }
}

/// @title Calls somebody back whenever it moves, as an ERC-777 token would
contract CallingToken is HostileToken {
    address public target;
    bytes public data;
    /// @notice How often it called, and how often that succeeded.
    uint256 public calls;
    uint256 public successes;

    constructor() ERC20("Calling", "CALL") {}

    /// @notice Whom to call with what; nobody, for the zero address.
    function arm(address newTarget, bytes calldata newData) external {
        target = newTarget;
        data = newData;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0)) return;
        ++calls;
        (bool success, ) = target.call(data);
        if (success) ++successes;
    }
}
