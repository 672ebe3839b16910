// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
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

/// @title Calls somebody back when it is sent native coin or a token of its own kind (ERC-721)
contract ReentrantReceiver is Account, IERC721Receiver {
    address public target;
    bytes public data;
    /// @notice Whether the last call back succeeded.
    bool public reentered;

    receive() external payable {
        _callBack();
    }

    /// @inheritdoc IERC721Receiver
    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        _callBack();
        return IERC721Receiver.onERC721Received.selector;
    }

    /// @notice What to call.
    function arm(address newTarget, bytes calldata newData) external {
        target = newTarget;
        data = newData;
        reentered = false;
    }

    function _callBack() private {
        if (target != address(0)) (reentered, ) = target.call(data);
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
