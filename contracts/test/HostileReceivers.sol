// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A contract account that does what its caller says
abstract contract Account {
    /// @notice Calls `target`, bubbling what it reverts with.
    function execute(address target, uint256 value, bytes calldata data) external payable returns (bytes memory) {
        (bool success, bytes memory result) = target.call{value: value}(data);
        if (!success) {
            assembly {
                revert(add(result, 0x20), mload(result))
            }
        }
        return result;
    }
}

/// @title Reverts when it is sent native coin
contract RevertingReceiver is Account {
    /// @notice It does not want it.
    error Unwanted();

    receive() external payable {
        revert Unwanted();
    }
}

/// @title Burns all the gas it is given when it is sent native coin
contract GasBurner is Account {
    receive() external payable {
        while (true) {}
    }
}

/// @title Calls somebody back when it is sent native coin
contract ReentrantReceiver is Account {
    address public target;
    bytes public data;
    /// @notice Whether the last call back succeeded.
    bool public reentered;

    receive() external payable {
        if (target != address(0)) (reentered, ) = target.call(data);
    }

    /// @notice What to call.
    function arm(address newTarget, bytes calldata newData) external {
        target = newTarget;
        data = newData;
        reentered = false;
    }
}

/// @title An ERC-1271 wallet of one owner
contract ContractWallet is Account, IERC1271 {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    receive() external payable {}

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer, ECDSA.RecoverError err, ) = ECDSA.tryRecover(hash, signature);
        bool valid = err == ECDSA.RecoverError.NoError && signer == OWNER;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @title Forces native coin onto an address that does not take it
contract ForcedSender {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
