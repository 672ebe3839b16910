// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ClusterUpgradeable} from "../../access/ClusterUpgradeable.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";

/// @title Escrow
/// @notice The JobMarket's purse. See {IEscrow}.
abstract contract Escrow is IEscrow, ClusterUpgradeable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:cluster.storage.Escrow
    struct EscrowStorage {
        mapping(address currency => mapping(address account => uint256)) claimable;
        mapping(address currency => uint256) totalOwed;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.Escrow")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant ESCROW_LOCATION = 0x93365ce7b3560377cf9ed868ed0d04ed8e4db22b815f20c9418d5cf4433ea800;

    address internal constant NATIVE = address(0);

    /// @dev Enough for any wallet contract that only takes the money; too little to make a payment costly.
    uint256 private constant NATIVE_TRANSFER_GAS = 50_000;

    /// @inheritdoc IEscrow
    function claim(address currency, address to) external nonReentrant returns (uint256 amount) {
        _requireReceiver(to);
        EscrowStorage storage $ = _escrow();
        amount = $.claimable[currency][msg.sender];
        if (amount == 0) revert NothingToClaim(msg.sender, currency);
        $.claimable[currency][msg.sender] = 0;
        $.totalOwed[currency] -= amount;
        emit Claimed(msg.sender, currency, to, amount);
        _send(currency, to, amount);
    }

    /// @inheritdoc IEscrow
    function rescueSurplus(address currency, address to, uint256 amount) external restricted nonReentrant {
        _requireReceiver(to);
        uint256 balance = currency == NATIVE ? address(this).balance : IERC20(currency).balanceOf(address(this));
        uint256 surplus = balance - _escrow().totalOwed[currency];
        if (amount > surplus) revert SurplusExceeded(amount, surplus);
        emit SurplusRescued(currency, to, amount);
        _send(currency, to, amount);
    }

    /// @inheritdoc IEscrow
    function claimable(address currency, address account) external view returns (uint256) {
        return _escrow().claimable[currency][account];
    }

    /// @inheritdoc IEscrow
    function totalOwed(address currency) external view returns (uint256) {
        return _escrow().totalOwed[currency];
    }

    /// @dev Takes units from the caller, who is owed them from then on by whatever is written elsewhere. Measures what
    /// came; native coin came with the call and must be exact.
    function _takeIn(address currency, uint256 amount) internal {
        uint256 value = currency == NATIVE ? amount : 0;
        if (msg.value != value) revert ValueMismatch(msg.value, value);
        _escrow().totalOwed[currency] += amount;
        if (currency == NATIVE || amount == 0) return;
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(currency).balanceOf(address(this)) - before;
        if (received < amount) revert ReceivedLess(currency, received, amount);
    }

    /// @dev Pays what was taken in. Sends, or credits if that fails, so that no receiver can stop a settlement. Too little
    /// gas can't turn a payment into a credit of anybody else.
    function _payOut(address currency, address to, uint256 amount) internal {
        if (amount == 0) return;
        EscrowStorage storage $ = _escrow();
        $.totalOwed[currency] -= amount;
        if (_trySend(currency, to, amount)) return;
        $.totalOwed[currency] += amount;
        $.claimable[currency][to] += amount;
        emit Credited(to, currency, amount);
    }

    /// @dev What was taken in leaves by other means.
    function _writeOff(address currency, uint256 amount) internal {
        _escrow().totalOwed[currency] -= amount;
    }

    function _trySend(address currency, address to, uint256 amount) internal returns (bool success) {
        if (currency != NATIVE) return IERC20(currency).trySafeTransfer(to, amount);
        // In assembly, because Solidity would copy whatever the receiver returns, at the caller's expense.
        // solhint-disable-next-line no-inline-assembly
        assembly {
            success := call(NATIVE_TRANSFER_GAS, to, amount, 0, 0, 0, 0)
        }
    }

    function _send(address currency, address to, uint256 amount) internal {
        bool success;
        if (currency != NATIVE) success = IERC20(currency).trySafeTransfer(to, amount);
        else (success, ) = to.call{value: amount}("");
        if (!success) revert TransferFailed(currency, to, amount);
    }

    function _requireReceiver(address to) private view {
        if (to == address(0) || to == address(this)) revert InvalidAddress(to);
    }

    function _escrow() private pure returns (EscrowStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := ESCROW_LOCATION
        }
    }
}
