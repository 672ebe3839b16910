// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title The one authority of the protocol
/// @notice OpenZeppelin's AccessManager unchanged, under a name of ours so that it is compiled and deployed with the rest.
contract ClusterAccessManager is AccessManager {
    /// @param initialAdmin First holder of the admin role.
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
