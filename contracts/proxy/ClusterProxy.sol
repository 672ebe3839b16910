// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title The proxy in front of every protocol contract (ERC-1967; upgrades by UUPS)
/// @notice Initialized in the constructor: there is no moment at which somebody else could initialize it.
contract ClusterProxy is ERC1967Proxy {
    /// @param implementation First implementation.
    /// @param data Encoded call of its `initialize`; must not be empty.
    constructor(address implementation, bytes memory data) ERC1967Proxy(implementation, data) {}
}
