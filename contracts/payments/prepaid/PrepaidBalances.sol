// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../../access/ClusterUpgradeable.sol";
import {Currency} from "../Currency.sol";
import {IInferenceSettlement} from "../interfaces/IInferenceSettlement.sol";
import {IPaymentRouter} from "../interfaces/IPaymentRouter.sol";
import {IReceiptRegistry} from "../interfaces/IReceiptRegistry.sol";
import {ReceiptTree} from "../receipts/ReceiptTree.sol";
import {Till} from "../Till.sol";
import {IPrepaidBalances} from "./interfaces/IPrepaidBalances.sol";
import {IPriceFeeds} from "./interfaces/IPriceFeeds.sol";

/// @title PrepaidBalances
/// @notice Prepaid balances, from which relays draw what was used. See {IPrepaidBalances}.
contract PrepaidBalances is IPrepaidBalances, ClusterUpgradeable, PausableUpgradeable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:cluster.storage.PrepaidBalances
    struct PrepaidBalancesStorage {
        /// Made once, at initialization: deposit addresses stay the same across upgrades.
        address tillImplementation;
        mapping(address currency => mapping(address account => uint256)) balance;
        mapping(address currency => uint256) totalBalance;
        mapping(address account => mapping(address relay => Grant)) grant;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.PrepaidBalances")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0xd7e5516f35850432ae63b8b5c97351c9157f5e2bc529c16f6f4c52b3c67d2d00;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInferenceSettlement private immutable SETTLEMENT;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IReceiptRegistry private immutable RECEIPTS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IPriceFeeds private immutable PRICES;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IPaymentRouter private immutable ROUTER;

    /// @param settlement Where drawn money goes.
    /// @param receipts Where receipts are anchored.
    /// @param prices What a dollar is in a currency.
    /// @param router Whose list of accepted currencies is this contract's too.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IInferenceSettlement settlement, IReceiptRegistry receipts, IPriceFeeds prices, IPaymentRouter router) {
        SETTLEMENT = settlement;
        RECEIPTS = receipts;
        PRICES = prices;
        ROUTER = router;
    }

    /// @notice Native coin comes from tills, while they are collected, and from nobody else.
    receive() external payable {
        if (!_reentrancyGuardEntered()) revert InvalidAddress(msg.sender);
    }

    /// @notice Sets the authority, and makes the till that deposit addresses are clones of.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
        __Pausable_init();
        _storage().tillImplementation = address(new Till());
    }

    /// @inheritdoc IPrepaidBalances
    function deposit(address account, address currency, uint256 amount) external payable nonReentrant whenNotPaused {
        if (account == address(0)) revert InvalidAddress(account);
        if (amount == 0) revert ZeroAmount();
        _requireAccepted(currency);
        _credit(account, currency, msg.sender, amount);
        Currency.take(currency, amount);
    }

    /// @inheritdoc IPrepaidBalances
    function collect(address account, address currency) external nonReentrant whenNotPaused returns (uint256 amount) {
        _requireAccepted(currency);
        address till = depositAddress(account);
        amount = Currency.balanceOf(currency, till);
        if (amount == 0) revert ZeroAmount();
        _credit(account, currency, till, amount);
        if (till.code.length == 0) Clones.cloneDeterministic(_storage().tillImplementation, _salt(account));
        uint256 before = Currency.balanceOf(currency, address(this));
        Till(payable(till)).release(currency, address(this), amount);
        Currency.requireReceived(currency, before, amount);
    }

    /// @inheritdoc IPrepaidBalances
    function withdraw(address currency, uint256 amount, address to) external nonReentrant {
        if (to == address(0) || to == address(this)) revert InvalidAddress(to);
        if (amount == 0) revert ZeroAmount();
        PrepaidBalancesStorage storage $ = _storage();
        uint256 balance = $.balance[currency][msg.sender];
        if (amount > balance) revert InsufficientBalance(msg.sender, currency, balance, amount);
        $.balance[currency][msg.sender] = balance - amount;
        $.totalBalance[currency] -= amount;
        emit Withdrawn(msg.sender, currency, to, amount);
        Currency.send(currency, to, amount);
    }

    /// @inheritdoc IPrepaidBalances
    function setGrant(address relay, uint64 limit, uint32 period) external {
        if (relay == address(0)) revert InvalidAddress(relay);
        if (limit != 0 && period == 0) revert InvalidPeriod();
        _storage().grant[msg.sender][relay] = Grant({limit: limit, period: period, spent: 0, since: Time.timestamp()});
        emit GrantSet(msg.sender, relay, limit, period);
    }

    /// @inheritdoc IPrepaidBalances
    function draw(
        address currency,
        Usage[] calldata usages,
        bytes32 receiptRoot,
        uint32 receiptCount
    ) external nonReentrant whenNotPaused returns (uint256 batch, uint256 amount) {
        IInferenceSettlement.Share[] memory shares = new IInferenceSettlement.Share[](usages.length);
        bytes32[] memory payments = new bytes32[](usages.length);
        uint256 microDollars = 0;
        for (uint256 i = 0; i < usages.length; ++i) {
            uint256 units = _drawRow(currency, usages[i], i);
            if (units == 0) continue;
            amount += units;
            microDollars += usages[i].microDollars;
            shares[i] = IInferenceSettlement.Share({
                modelId: usages[i].modelId,
                version: usages[i].version,
                operator: usages[i].operator,
                amount: units
            });
            payments[i] = _paymentLeaf(usages[i], i);
        }
        _storage().totalBalance[currency] -= amount;
        batch = RECEIPTS.anchorPaid(
            msg.sender,
            receiptRoot,
            receiptCount,
            amount == 0 ? bytes32(0) : ReceiptTree.rootOf(payments)
        );
        emit BatchDrawn(msg.sender, batch, currency, microDollars, amount);
        if (amount != 0) _fund(currency, shares, amount);
    }

    /// @inheritdoc IPrepaidBalances
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IPrepaidBalances
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IPrepaidBalances
    function balanceOf(address account, address currency) external view returns (uint256) {
        return _storage().balance[currency][account];
    }

    /// @inheritdoc IPrepaidBalances
    function totalBalance(address currency) external view returns (uint256) {
        return _storage().totalBalance[currency];
    }

    /// @inheritdoc IPrepaidBalances
    function grantOf(address account, address relay) external view returns (Grant memory grant) {
        grant = _storage().grant[account][relay];
        _renew(grant);
    }

    /// @inheritdoc IPrepaidBalances
    function depositAddress(address account) public view returns (address) {
        return Clones.predictDeterministicAddress(_storage().tillImplementation, _salt(account));
    }

    function _drawRow(address currency, Usage calldata usage, uint256 index) private returns (uint256 units) {
        PrepaidBalancesStorage storage $ = _storage();
        Grant memory grant = $.grant[usage.account][msg.sender];
        _renew(grant);
        if (usage.microDollars > grant.limit - grant.spent) {
            emit DrawRefused(usage.account, msg.sender, index, usage.microDollars, Refusal.AboveLimit);
            return 0;
        }
        units = PRICES.unitsFor(currency, usage.microDollars);
        uint256 balance = $.balance[currency][usage.account];
        if (units > balance) {
            emit DrawRefused(usage.account, msg.sender, index, usage.microDollars, Refusal.AboveBalance);
            return 0;
        }
        grant.spent += usage.microDollars;
        $.grant[usage.account][msg.sender] = grant;
        $.balance[currency][usage.account] = balance - units;
        emit Drawn(
            usage.account,
            msg.sender,
            usage.modelId,
            usage.version,
            usage.operator,
            currency,
            usage.microDollars,
            units
        );
    }

    function _fund(address currency, IInferenceSettlement.Share[] memory shares, uint256 amount) private {
        if (currency == Currency.NATIVE) {
            SETTLEMENT.fund{value: amount}(currency, shares);
            return;
        }
        IERC20 token = IERC20(currency);
        // Once a currency: the settlement takes what its caller hands it, and nothing of others.
        if (token.allowance(address(this), address(SETTLEMENT)) < amount) {
            token.forceApprove(address(SETTLEMENT), type(uint256).max);
        }
        SETTLEMENT.fund(currency, shares);
    }

    function _credit(address account, address currency, address payer, uint256 amount) private {
        PrepaidBalancesStorage storage $ = _storage();
        $.balance[currency][account] += amount;
        $.totalBalance[currency] += amount;
        emit Deposited(account, currency, payer, amount);
    }

    function _requireAccepted(address currency) private view {
        if (!ROUTER.isCurrencyAccepted(currency)) revert CurrencyNotAccepted(currency);
    }

    /// @dev Starts the period that now is in.
    function _renew(Grant memory grant) private view {
        if (grant.period == 0) return;
        uint48 now_ = Time.timestamp();
        uint48 passed = now_ - grant.since;
        if (passed < grant.period) return;
        grant.since = now_ - (passed % grant.period);
        grant.spent = 0;
    }

    function _paymentLeaf(Usage calldata usage, uint256 row) private pure returns (bytes32) {
        return
            ReceiptTree.paymentLeafOf(
                row,
                usage.account,
                usage.modelId,
                usage.version,
                usage.operator,
                usage.microDollars
            );
    }

    function _salt(address account) private pure returns (bytes32) {
        return keccak256(abi.encode(account));
    }

    function _storage() private pure returns (PrepaidBalancesStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
