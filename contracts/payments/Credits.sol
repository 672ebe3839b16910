// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {Currency} from "./Currency.sol";
import {ICredits} from "./interfaces/ICredits.sol";

/// @title Credits
/// @notice What a contract owes: credits, which accounts take out themselves, and what it holds besides
/// @dev Whatever it holds beyond `_owed` is a surplus, which can be rescued: all that comes in must be owed to somebody.
abstract contract Credits is ICredits, ClusterUpgradeable, ReentrancyGuardTransient {
    /// @custom:storage-location erc7201:cluster.storage.Credits
    struct CreditsStorage {
        mapping(address currency => mapping(address account => uint256)) claimable;
        /// All credits, and what else the contract owes.
        mapping(address currency => uint256) owed;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.Credits")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant CREDITS_LOCATION = 0x93432135ef0ecec1f502fad8f238cdad6d971bda254d980a9cc259b960e22000;

    /// @inheritdoc ICredits
    function claim(address currency, address to) external nonReentrant returns (uint256 amount) {
        _requireOther(to);
        CreditsStorage storage $ = _credits();
        amount = $.claimable[currency][msg.sender];
        if (amount == 0) revert NothingToClaim(msg.sender, currency);
        $.claimable[currency][msg.sender] = 0;
        $.owed[currency] -= amount;
        emit Claimed(msg.sender, currency, to, amount);
        Currency.send(currency, to, amount);
    }

    /// @inheritdoc ICredits
    function rescueSurplus(address currency, address to, uint256 amount) external restricted nonReentrant {
        _requireOther(to);
        uint256 surplus = Currency.balanceOf(currency, address(this)) - _owed(currency);
        if (amount > surplus) revert SurplusExceeded(amount, surplus);
        emit SurplusRescued(currency, to, amount);
        Currency.send(currency, to, amount);
    }

    /// @inheritdoc ICredits
    function claimable(address currency, address account) external view returns (uint256) {
        return _credits().claimable[currency][account];
    }

    /// @dev Sends, or credits if that fails, so that no receiver can stop a payment. Too little gas can't turn a payment
    /// into a credit: after a call that ran out of gas, a 64th of it is left, which does not pay for the credit.
    function _payOrCredit(address currency, address to, uint256 amount) internal {
        if (amount == 0 || Currency.trySend(currency, to, amount)) return;
        _credit(currency, to, amount);
    }

    function _credit(address currency, address account, uint256 amount) internal {
        if (amount == 0) return;
        _credits().claimable[currency][account] += amount;
        _owe(currency, amount);
        emit Credited(account, currency, amount);
    }

    /// @dev From now on the contract owes more in a currency, to whom it knows itself.
    function _owe(address currency, uint256 amount) internal {
        _credits().owed[currency] += amount;
    }

    /// @dev Undoes `_owe`, for what is credited or paid next.
    function _settle(address currency, uint256 amount) internal {
        _credits().owed[currency] -= amount;
    }

    function _owed(address currency) internal view returns (uint256) {
        return _credits().owed[currency];
    }

    function _requireOther(address account) internal view {
        if (account == address(0) || account == address(this)) revert InvalidAddress(account);
    }

    function _credits() private pure returns (CreditsStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := CREDITS_LOCATION
        }
    }
}
