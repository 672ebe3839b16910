// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {IIdentityRegistry} from "../agents/interfaces/IIdentityRegistry.sol";
import {Account} from "./HostileReceivers.sol";

/// @title A contract that owns agents, looks at them when it gets them, and may call somebody back then
contract AgentOwner is Account, IERC721Receiver {
    /// @notice What the registry said when the last agent came.
    string public seenURI;
    address public seenWallet;
    bytes public seenMetadata;
    /// @notice Whether the call back succeeded, and what it said.
    bool public reentered;
    bytes public answer;

    address private _target;
    bytes private _data;

    /// @notice What to call when an agent comes.
    function arm(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    /// @inheritdoc IERC721Receiver
    function onERC721Received(address, address, uint256 agentId, bytes calldata) external returns (bytes4) {
        IIdentityRegistry registry = IIdentityRegistry(msg.sender);
        seenWallet = registry.getAgentWallet(agentId);
        seenMetadata = registry.getMetadata(agentId, "name");
        (bool success, bytes memory uri) = msg.sender.call(abi.encodeWithSignature("tokenURI(uint256)", agentId));
        if (success) seenURI = abi.decode(uri, (string));
        if (_target != address(0)) {
            address target = _target;
            _target = address(0);
            (reentered, answer) = target.call(_data);
        }
        return IERC721Receiver.onERC721Received.selector;
    }
}
