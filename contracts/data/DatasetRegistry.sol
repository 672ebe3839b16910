// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IPaymentRouter} from "../payments/interfaces/IPaymentRouter.sol";
import {IDatasetNFT} from "./interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "./interfaces/IDatasetRegistry.sol";
import {Slug} from "./Slug.sol";

/// @title DatasetRegistry
/// @notice Slugs, prices, listing, reviews and access levels. See {IDatasetRegistry}.
contract DatasetRegistry is IDatasetRegistry, ClusterUpgradeable {
    /// @dev What a purchase asks for, in one slot. The holder is the token contract's `ownerOf`, which tells of each change.
    struct Dataset {
        address holder;
        bool listed;
        bool free;
        uint16 delistReason;
        uint32 ratingCount;
        uint32 ratingSum;
    }

    /// @custom:storage-location erc7201:cluster.storage.DatasetRegistry
    struct DatasetRegistryStorage {
        address paymentRouter;
        mapping(bytes32 slugHash => uint256 id) idOfSlug;
        mapping(uint256 id => string) slug;
        mapping(uint256 id => Dataset) dataset;
        mapping(uint256 id => mapping(address currency => uint256)) price;
        mapping(uint256 id => mapping(address reviewer => uint8)) rating;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.DatasetRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x3425ca172144ec8a410f4c60bdf23a02652b83e88d0687b36d643fdb9d6cc600;

    uint256 private constant MAX_PRICE = type(uint128).max;
    uint8 private constant MIN_RATING = 1;
    uint8 private constant MAX_RATING = 5;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IDatasetNFT private immutable NFT;

    modifier onlyHolder(uint256 id) {
        _requireHolder(id);
        _;
    }

    /// @param datasetNft Proxy of the DatasetNFT; the same for every version of this implementation.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IDatasetNFT datasetNft) {
        NFT = datasetNft;
    }

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IDatasetRegistry
    function publish(Publication calldata publication) external returns (uint256 id) {
        if (!Slug.isValid(publication.slug)) revert InvalidSlug(publication.slug);
        if (publication.free && publication.prices.length != 0) revert FreeDatasetHasNoPrice();
        DatasetRegistryStorage storage $ = _storage();
        bytes32 slugHash = keccak256(bytes(publication.slug));
        uint256 taken = $.idOfSlug[slugHash];
        if (taken != 0) revert SlugTaken(publication.slug, taken);

        // The NFT contract calls nobody back, so nothing runs between the mint and the claim of the slug.
        id = NFT.mint(msg.sender, publication.content, publication.uri, publication.license, publication.royaltyBps);
        $.idOfSlug[slugHash] = id;
        $.slug[id] = publication.slug;
        $.dataset[id] = Dataset({
            holder: msg.sender,
            listed: true,
            free: publication.free,
            delistReason: 0,
            ratingCount: 0,
            ratingSum: 0
        });
        emit DatasetPublished(id, msg.sender, publication.slug, publication.free);
        for (uint256 i = 0; i < publication.prices.length; ++i) {
            address currency = publication.prices[i].currency;
            if ($.price[id][currency] != 0) revert DuplicateCurrency(currency);
            _setPrice(id, currency, publication.prices[i].amount);
        }
    }

    /// @inheritdoc IDatasetRegistry
    function addVersion(
        uint256 id,
        IDatasetNFT.Content calldata content,
        string calldata uri
    ) external onlyHolder(id) returns (uint32 version) {
        return NFT.addVersion(id, content, uri);
    }

    /// @inheritdoc IDatasetRegistry
    function setMetadataURI(uint256 id, string calldata uri) external onlyHolder(id) {
        NFT.setMetadataURI(id, uri);
    }

    /// @inheritdoc IDatasetRegistry
    function setPrice(uint256 id, address currency, uint256 price) external onlyHolder(id) {
        _setPrice(id, currency, price);
    }

    /// @inheritdoc IDatasetRegistry
    function setFree(uint256 id, bool free) external onlyHolder(id) {
        _storage().dataset[id].free = free;
        emit FreeSet(id, free);
    }

    /// @inheritdoc IDatasetRegistry
    function setListed(uint256 id, bool listed) external onlyHolder(id) {
        _storage().dataset[id].listed = listed;
        emit ListedSet(id, listed);
    }

    /// @inheritdoc IDatasetRegistry
    function delist(uint256 id, uint16 reason) external restricted {
        _requireKnown(id);
        if (reason == 0) revert InvalidReason();
        _storage().dataset[id].delistReason = reason;
        emit DatasetDelisted(id, msg.sender, reason);
    }

    /// @inheritdoc IDatasetRegistry
    function reinstate(uint256 id) external restricted {
        Dataset storage dataset = _storage().dataset[id];
        if (dataset.delistReason == 0) revert NotDelisted(id);
        dataset.delistReason = 0;
        emit DatasetReinstated(id, msg.sender);
    }

    /// @inheritdoc IDatasetRegistry
    function review(uint256 id, uint8 rating, string calldata uri) external {
        _requireKnown(id);
        if (rating < MIN_RATING || rating > MAX_RATING) revert InvalidRating(rating);
        if (!_hasPurchased(id, msg.sender)) revert NotBuyer(id, msg.sender);
        DatasetRegistryStorage storage $ = _storage();
        Dataset storage dataset = $.dataset[id];
        uint8 previous = $.rating[id][msg.sender];
        if (previous == 0) ++dataset.ratingCount;
        dataset.ratingSum = dataset.ratingSum + rating - previous;
        $.rating[id][msg.sender] = rating;
        emit DatasetReviewed(id, msg.sender, rating, previous, uri);
    }

    /// @inheritdoc IDatasetRegistry
    function holderChanged(uint256 id, address holder) external {
        if (msg.sender != address(NFT)) revert NotNFT(msg.sender, address(NFT));
        _storage().dataset[id].holder = holder;
    }

    /// @inheritdoc IDatasetRegistry
    function setPaymentRouter(address router) external restricted {
        if (router.code.length == 0) revert InvalidRouter(router);
        _storage().paymentRouter = router;
        emit PaymentRouterSet(router);
    }

    /// @inheritdoc IDatasetRegistry
    function tokenIdOf(string calldata slug) external view returns (uint256 id) {
        return _storage().idOfSlug[keccak256(bytes(slug))];
    }

    /// @inheritdoc IDatasetRegistry
    function slugOf(uint256 id) external view returns (string memory slug) {
        _requireKnown(id);
        return _storage().slug[id];
    }

    /// @inheritdoc IDatasetRegistry
    function listingOf(uint256 id) external view returns (Listing memory) {
        _requireKnown(id);
        Dataset storage dataset = _storage().dataset[id];
        return
            Listing({
                listed: dataset.listed,
                free: dataset.free,
                delistReason: dataset.delistReason,
                ratingCount: dataset.ratingCount,
                ratingSum: dataset.ratingSum
            });
    }

    /// @inheritdoc IDatasetRegistry
    function priceOf(uint256 id, address currency) external view returns (uint256 price) {
        _requireKnown(id);
        return _storage().price[id][currency];
    }

    /// @inheritdoc IDatasetRegistry
    function ratingOf(uint256 id, address reviewer) external view returns (uint8 rating) {
        _requireKnown(id);
        return _storage().rating[id][reviewer];
    }

    /// @inheritdoc IDatasetRegistry
    function isOnOffer(uint256 id) external view returns (bool) {
        _requireKnown(id);
        return _isOnOffer(_storage().dataset[id]);
    }

    /// @inheritdoc IDatasetRegistry
    function termsOf(
        uint256 id,
        address currency
    ) external view returns (uint256 price, bool onOffer, bool free, address holder) {
        // An unknown dataset was never listed, so it needs no check of its own on the path of every purchase.
        DatasetRegistryStorage storage $ = _storage();
        Dataset memory dataset = $.dataset[id];
        return ($.price[id][currency], _isOnOffer(dataset), dataset.free, dataset.holder);
    }

    /// @inheritdoc IDatasetRegistry
    function canDownload(uint256 id, address account) external view returns (bool) {
        AccessLevel level = accessLevel(id, account);
        Dataset memory dataset = _storage().dataset[id];
        return level >= AccessLevel.Buyer || (level == AccessLevel.Member && dataset.free && _isOnOffer(dataset));
    }

    /// @inheritdoc IDatasetRegistry
    function nft() external view returns (IDatasetNFT) {
        return NFT;
    }

    /// @inheritdoc IDatasetRegistry
    function paymentRouter() external view returns (address) {
        return _storage().paymentRouter;
    }

    /// @inheritdoc IDatasetRegistry
    function accessLevel(uint256 id, address account) public view returns (AccessLevel) {
        _requireKnown(id);
        if (account == address(0)) return AccessLevel.Public;
        if (_storage().dataset[id].holder == account) return AccessLevel.Creator;
        if (_hasPurchased(id, account)) return AccessLevel.Buyer;
        return AccessLevel.Member;
    }

    function _setPrice(uint256 id, address currency, uint256 price) private {
        if (price > MAX_PRICE) revert PriceTooHigh(price, MAX_PRICE);
        DatasetRegistryStorage storage $ = _storage();
        // A price of 0 takes a currency away, which must work for one that is no longer accepted too.
        if (price != 0) {
            address router = $.paymentRouter;
            if (router == address(0) || !IPaymentRouter(router).isCurrencyAccepted(currency)) {
                revert CurrencyNotAccepted(currency);
            }
        }
        $.price[id][currency] = price;
        emit PriceSet(id, currency, price);
    }

    function _hasPurchased(uint256 id, address account) private view returns (bool) {
        address router = _storage().paymentRouter;
        return router != address(0) && IPaymentRouter(router).hasPurchased(id, account);
    }

    function _requireKnown(uint256 id) private view {
        if (_storage().dataset[id].holder == address(0)) revert DatasetUnknown(id);
    }

    function _requireHolder(uint256 id) private view {
        _requireKnown(id);
        address holder = _storage().dataset[id].holder;
        if (holder != msg.sender) revert NotHolder(id, msg.sender, holder);
    }

    function _isOnOffer(Dataset memory dataset) private pure returns (bool) {
        return dataset.listed && dataset.delistReason == 0;
    }

    function _storage() private pure returns (DatasetRegistryStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
