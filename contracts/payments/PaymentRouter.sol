// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IDatasetNFT} from "../data/interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "../data/interfaces/IDatasetRegistry.sol";
import {IAuthorizationToken} from "./interfaces/IAuthorizationToken.sol";
import {IPaymentRouter} from "./interfaces/IPaymentRouter.sol";
import {Credits} from "./Credits.sol";
import {Currency} from "./Currency.sol";
import {Split} from "./Split.sol";
import {Till} from "./Till.sol";

/// @title PaymentRouter
/// @notice Sells datasets and splits each price in the same transaction. See {IPaymentRouter}.
contract PaymentRouter is IPaymentRouter, Credits, PausableUpgradeable {
    using BitMaps for BitMaps.BitMap;

    /// @custom:storage-location erc7201:cluster.storage.PaymentRouter
    struct PaymentRouterStorage {
        address treasury;
        /// Beside the treasury, so that a purchase finds both in one slot.
        bool paused;
        /// Made once, at initialization: tills keep their addresses across upgrades.
        address tillImplementation;
        mapping(address currency => bool) accepted;
        mapping(address account => BitMaps.BitMap) purchases;
    }

    /// @dev A purchase that was checked and recorded, and is still to be paid out.
    struct Sale {
        uint256 price;
        address holder;
        uint256 toHolder;
        uint256 toTreasury;
        address referrer;
        uint256 toReferrer;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.PaymentRouter")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x89228c831bb47b343d5af4708b5c83b7394f055054e1b74f8bc656f9d70d0b00;

    /// @inheritdoc IPaymentRouter
    uint16 public constant HOLDER_BPS = Split.HOLDER_BPS;
    /// @inheritdoc IPaymentRouter
    uint16 public constant TREASURY_BPS = Split.TREASURY_BPS;
    /// @inheritdoc IPaymentRouter
    uint16 public constant REFERRER_BPS = Split.REFERRER_BPS;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IDatasetRegistry private immutable REGISTRY;

    /// @dev Permits, authorizations and tills are for tokens; native coin is paid with the call.
    modifier tokenOnly(address currency) {
        if (currency == Currency.NATIVE) revert CurrencyNotAccepted(Currency.NATIVE);
        _;
    }

    /// @param datasetRegistry Proxy of the DatasetRegistry; the same for every version of this implementation.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IDatasetRegistry datasetRegistry) {
        REGISTRY = datasetRegistry;
    }

    /// @notice Sets authority, treasury and the accepted currencies, and makes the till that clones are made of.
    /// @param authority The AccessManager.
    /// @param initialTreasury Where the treasury's share goes.
    /// @param currencies Currencies accepted from the start.
    function initialize(
        address authority,
        address initialTreasury,
        address[] calldata currencies
    ) external initializer {
        __AccessManaged_init(authority);
        _storage().tillImplementation = address(new Till());
        _setTreasury(initialTreasury);
        for (uint256 i = 0; i < currencies.length; ++i) _setCurrency(currencies[i], true);
    }

    /// @inheritdoc IPaymentRouter
    function purchase(
        uint256 id,
        address currency,
        uint256 maxPrice,
        address recipient,
        address referrer
    ) external payable nonReentrant whenNotPaused {
        Sale memory sale = _open(id, currency, msg.sender, recipient, referrer);
        if (sale.price > maxPrice) revert PriceAboveMax(sale.price, maxPrice);
        if (currency == Currency.NATIVE) {
            if (msg.value < sale.price) revert InsufficientValue(msg.value, sale.price);
            _distribute(currency, sale);
            _payOrCredit(Currency.NATIVE, msg.sender, msg.value - sale.price);
        } else {
            if (msg.value != 0) revert UnexpectedValue(msg.value);
            Currency.pull(currency, sale.price);
            _distribute(currency, sale);
        }
    }

    /// @inheritdoc IPaymentRouter
    function purchaseWithPermit(
        uint256 id,
        address currency,
        uint256 maxPrice,
        address recipient,
        address referrer,
        Permit calldata permit
    ) external nonReentrant whenNotPaused tokenOnly(currency) {
        Sale memory sale = _open(id, currency, msg.sender, recipient, referrer);
        if (sale.price > maxPrice) revert PriceAboveMax(sale.price, maxPrice);
        // Somebody may have submitted the permit before: then the allowance is there, or the pull below says it isn't.
        try
            IERC20Permit(currency).permit(
                msg.sender,
                address(this),
                permit.value,
                permit.deadline,
                permit.v,
                permit.r,
                permit.s
            )
        {} catch {} // solhint-disable-line no-empty-blocks
        Currency.pull(currency, sale.price);
        _distribute(currency, sale);
    }

    /// @inheritdoc IPaymentRouter
    function purchaseWithAuthorization(
        uint256 id,
        address currency,
        address recipient,
        address referrer,
        Authorization calldata authorization
    ) external nonReentrant whenNotPaused tokenOnly(currency) {
        Sale memory sale = _open(id, currency, recipient, recipient, referrer);
        address till = paymentAddress(id, recipient, referrer);
        if (!IAuthorizationToken(currency).authorizationState(authorization.from, authorization.nonce)) {
            IAuthorizationToken(currency).transferWithAuthorization(
                authorization.from,
                till,
                authorization.value,
                authorization.validAfter,
                authorization.validBefore,
                authorization.nonce,
                authorization.signature
            );
        }
        _emptyTillAndDistribute(id, currency, recipient, referrer, till, sale);
    }

    /// @inheritdoc IPaymentRouter
    function completePurchase(
        uint256 id,
        address currency,
        address recipient,
        address referrer
    ) external nonReentrant whenNotPaused tokenOnly(currency) {
        Sale memory sale = _open(id, currency, recipient, recipient, referrer);
        address till = paymentAddress(id, recipient, referrer);
        _emptyTillAndDistribute(id, currency, recipient, referrer, till, sale);
    }

    /// @inheritdoc IPaymentRouter
    function refundTill(
        uint256 id,
        address currency,
        address recipient,
        address referrer,
        address to
    ) external nonReentrant returns (uint256 amount) {
        _requireOther(to);
        address till = paymentAddress(id, recipient, referrer);
        amount = Currency.balanceOf(currency, till);
        if (amount == 0) revert NothingToClaim(recipient, currency);
        // Payers by x402 need not hold native coin, so anyone may send them back what can't buy anything.
        if (msg.sender != recipient && (to != recipient || _isCompletable(id, currency, recipient, amount))) {
            revert NotRecipient(msg.sender, recipient);
        }
        emit TillRefunded(id, recipient, referrer, currency, to, amount);
        _openTill(id, recipient, referrer, till).release(currency, to, amount);
    }

    /// @inheritdoc IPaymentRouter
    function setTreasury(address newTreasury) external restricted {
        _setTreasury(newTreasury);
    }

    /// @inheritdoc IPaymentRouter
    function setCurrency(address currency, bool accepted) external restricted {
        _setCurrency(currency, accepted);
    }

    /// @inheritdoc IPaymentRouter
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IPaymentRouter
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IPaymentRouter
    function quote(
        uint256 id,
        address currency
    ) external view returns (uint256 price, address holder, uint256 toHolder, uint256 toTreasury, uint256 toReferrer) {
        (price, holder) = _termsOf(id, currency);
        (toHolder, toTreasury, toReferrer) = Split.shares(price, true);
    }

    /// @inheritdoc IPaymentRouter
    function totalClaimable(address currency) external view returns (uint256) {
        return _owed(currency);
    }

    /// @inheritdoc IPaymentRouter
    function isCurrencyAccepted(address currency) external view returns (bool) {
        return _storage().accepted[currency];
    }

    /// @inheritdoc IPaymentRouter
    function treasury() external view returns (address) {
        return _storage().treasury;
    }

    /// @inheritdoc IPaymentRouter
    function registry() external view returns (IDatasetRegistry) {
        return REGISTRY;
    }

    /// @inheritdoc IPaymentRouter
    function nft() external view returns (IDatasetNFT) {
        return REGISTRY.nft();
    }

    /// @inheritdoc PausableUpgradeable
    function paused() public view override returns (bool) {
        return _storage().paused;
    }

    /// @inheritdoc IPaymentRouter
    function hasPurchased(uint256 id, address account) public view returns (bool) {
        return _storage().purchases[account].get(id);
    }

    /// @inheritdoc IPaymentRouter
    function paymentAddress(uint256 id, address recipient, address referrer) public view returns (address) {
        return Clones.predictDeterministicAddress(_storage().tillImplementation, _tillSalt(id, recipient, referrer));
    }

    /// @dev The library's, but for where the flag is kept.
    function _pause() internal override whenNotPaused {
        _storage().paused = true;
        emit Paused(msg.sender);
    }

    /// @dev The library's, but for where the flag is kept.
    function _unpause() internal override whenPaused {
        _storage().paused = false;
        emit Unpaused(msg.sender);
    }

    /// @dev Checks a purchase and records it, before any money moves: whatever is called later finds it done.
    function _open(
        uint256 id,
        address currency,
        address buyer,
        address recipient,
        address referrer
    ) private returns (Sale memory sale) {
        _requireOther(recipient);
        (sale.price, sale.holder) = _termsOf(id, currency);
        BitMaps.BitMap storage purchases = _storage().purchases[recipient];
        if (recipient == sale.holder || purchases.get(id)) revert AlreadyHasAccess(id, recipient);
        purchases.set(id);

        bool referred =
            referrer != address(0) &&
                referrer != address(this) &&
                referrer != buyer &&
                referrer != sale.holder &&
                referrer != recipient;
        if (referred) sale.referrer = referrer;
        (sale.toHolder, sale.toTreasury, sale.toReferrer) = Split.shares(sale.price, referred);
        emit PurchaseCompleted(
            id,
            buyer,
            recipient,
            currency,
            sale.price,
            sale.holder,
            sale.toHolder,
            sale.toTreasury,
            sale.referrer,
            sale.toReferrer
        );
    }

    /// @dev Takes all there is in the till, measures what came, pays the price out and the rest to the recipient.
    function _emptyTillAndDistribute(
        uint256 id,
        address currency,
        address recipient,
        address referrer,
        address till,
        Sale memory sale
    ) private {
        uint256 amount = IERC20(currency).balanceOf(till);
        if (amount < sale.price) revert TillInsufficient(till, amount, sale.price);
        uint256 before = IERC20(currency).balanceOf(address(this));
        _openTill(id, recipient, referrer, till).release(currency, address(this), amount);
        Currency.requireReceived(currency, before, amount);
        _distribute(currency, sale);
        _payOrCredit(currency, recipient, amount - sale.price);
    }

    function _distribute(address currency, Sale memory sale) private {
        _payOrCredit(currency, sale.holder, sale.toHolder);
        _payOrCredit(currency, _storage().treasury, sale.toTreasury);
        _payOrCredit(currency, sale.referrer, sale.toReferrer);
    }

    function _openTill(uint256 id, address recipient, address referrer, address till) private returns (Till) {
        if (till.code.length == 0) {
            Clones.cloneDeterministic(_storage().tillImplementation, _tillSalt(id, recipient, referrer));
        }
        return Till(payable(till));
    }

    function _setTreasury(address newTreasury) private {
        _requireOther(newTreasury);
        _storage().treasury = newTreasury;
        emit TreasurySet(newTreasury);
    }

    function _setCurrency(address currency, bool accepted) private {
        if (accepted && currency != Currency.NATIVE && currency.code.length == 0) revert InvalidAddress(currency);
        _storage().accepted[currency] = accepted;
        emit CurrencySet(currency, accepted);
    }

    /// @dev Price and holder of what can be bought now, or the reason why it can't.
    function _termsOf(uint256 id, address currency) private view returns (uint256 price, address holder) {
        if (!_storage().accepted[currency]) revert CurrencyNotAccepted(currency);
        bool onOffer;
        bool free;
        (price, onOffer, free, holder) = REGISTRY.termsOf(id, currency);
        if (!onOffer) revert NotOnOffer(id);
        if (free) revert DatasetIsFree(id);
        if (price == 0) revert NotSoldFor(id, currency);
        // A share sent to this contract by itself would be owed to nobody.
        if (holder == address(this)) revert InvalidAddress(holder);
    }

    /// @dev Whether `amount` in a till buys access for `recipient` now, the pause aside.
    function _isCompletable(
        uint256 id,
        address currency,
        address recipient,
        uint256 amount
    ) private view returns (bool) {
        (uint256 price, bool onOffer, bool free, address holder) = REGISTRY.termsOf(id, currency);
        if (currency == Currency.NATIVE || !_storage().accepted[currency]) return false;
        if (!onOffer || free || price == 0 || amount < price || hasPurchased(id, recipient)) return false;
        return holder != recipient && holder != address(this);
    }

    function _tillSalt(uint256 id, address recipient, address referrer) private pure returns (bytes32) {
        return keccak256(abi.encode(id, recipient, referrer));
    }

    function _storage() private pure returns (PaymentRouterStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
