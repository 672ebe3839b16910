// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/ERC721Upgradeable.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {Cid} from "./Cid.sol";
import {IDatasetNFT} from "./interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "./interfaces/IDatasetRegistry.sol";

/// @title DatasetNFT
/// @notice One ERC-721 token per dataset, minted and changed by the registry alone. See {IDatasetNFT}.
contract DatasetNFT is IDatasetNFT, ClusterUpgradeable, ERC721Upgradeable {
    /// @dev One version, packed into three slots.
    struct Version {
        bytes32 digest;
        bytes32 manifestHash;
        bytes1 codec;
        uint48 addedAt;
    }

    /// @custom:storage-location erc7201:cluster.storage.DatasetNFT
    struct DatasetNFTStorage {
        /// Who minted the first token: mints all others, and is told of every transfer.
        IDatasetRegistry registry;
        /// Beside the registry, so that a mint finds both in one slot.
        uint96 totalMinted;
        mapping(uint256 id => Provenance) provenance;
        mapping(uint256 id => string) uri;
        mapping(uint256 id => mapping(uint32 version => Version)) versions;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.DatasetNFT")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x8222acc075cd8f1321ecec2eba3c107e72e62879d9aa76c0dd20b1421bd0cd00;

    /// @dev ERC-165 identifier of ERC-4906, which has no functions of its own.
    bytes4 private constant ERC4906_INTERFACE_ID = 0x49064906;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IDatasetNFT
    uint16 public constant MAX_ROYALTY_BPS = 1_000;

    /// @notice Sets the names.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
        __ERC721_init("Cluster Dataset", "CLDATA");
    }

    /// @inheritdoc IDatasetNFT
    function mint(
        address creator,
        Content calldata content,
        string calldata uri,
        bytes32 license,
        uint16 royaltyBps
    ) external restricted returns (uint256 id) {
        if (royaltyBps > MAX_ROYALTY_BPS) revert RoyaltyTooHigh(royaltyBps, MAX_ROYALTY_BPS);
        DatasetNFTStorage storage $ = _storage();
        _bindRegistry($);
        id = ++$.totalMinted;
        $.provenance[id] = Provenance({
            creator: creator,
            royaltyBps: royaltyBps,
            createdAt: Time.timestamp(),
            version: 0,
            license: license
        });
        _mint(creator, id);
        emit DatasetMinted(id, creator, license, royaltyBps);
        _addVersion(id, content, uri);
    }

    /// @inheritdoc IDatasetNFT
    function addVersion(
        uint256 id,
        Content calldata content,
        string calldata uri
    ) external restricted returns (uint32 version) {
        _requireOwned(id);
        version = _addVersion(id, content, uri);
        emit MetadataUpdate(id);
    }

    /// @inheritdoc IDatasetNFT
    function setMetadataURI(uint256 id, string calldata uri) external restricted {
        _requireOwned(id);
        _storage().uri[id] = uri;
        emit MetadataURISet(id, uri);
        emit MetadataUpdate(id);
    }

    /// @inheritdoc IDatasetNFT
    function contentOf(uint256 id) external view returns (Content memory content) {
        (content, ) = _contentOfVersion(id, provenanceOf(id).version);
    }

    /// @inheritdoc IDatasetNFT
    function contentOfVersion(
        uint256 id,
        uint32 version
    ) external view returns (Content memory content, uint48 addedAt) {
        _requireOwned(id);
        return _contentOfVersion(id, version);
    }

    /// @inheritdoc IDatasetNFT
    function totalMinted() external view returns (uint256) {
        return _storage().totalMinted;
    }

    /// @inheritdoc IERC2981
    function royaltyInfo(
        uint256 id,
        uint256 salePrice
    ) external view returns (address receiver, uint256 royaltyAmount) {
        Provenance memory provenance = provenanceOf(id);
        // Quotient and remainder apart, so that no sale price overflows.
        royaltyAmount = (salePrice / BPS) * provenance.royaltyBps + ((salePrice % BPS) * provenance.royaltyBps) / BPS;
        return (provenance.creator, royaltyAmount);
    }

    /// @inheritdoc IDatasetNFT
    function provenanceOf(uint256 id) public view returns (Provenance memory) {
        _requireOwned(id);
        return _storage().provenance[id];
    }

    /// @inheritdoc ERC721Upgradeable
    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireOwned(id);
        return _storage().uri[id];
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721Upgradeable, IERC165) returns (bool) {
        return
            interfaceId == type(IERC2981).interfaceId ||
            interfaceId == ERC4906_INTERFACE_ID ||
            super.supportsInterface(interfaceId);
    }

    /// @dev The registry keeps the holder too: it learns of a transfer before any receiver does. At the mint it is the
    /// caller, and knows.
    function _update(address to, uint256 id, address auth) internal override returns (address from) {
        from = super._update(to, id, auth);
        if (from != address(0)) _storage().registry.holderChanged(id, to);
    }

    /// @dev A second registry would not be told who holds what it sells.
    function _bindRegistry(DatasetNFTStorage storage $) private {
        if ($.totalMinted == 0) $.registry = IDatasetRegistry(msg.sender);
        else if (msg.sender != address($.registry)) revert NotRegistry(msg.sender, address($.registry));
    }

    function _addVersion(uint256 id, Content calldata content, string calldata uri) private returns (uint32 version) {
        (bool valid, bytes1 codec, bytes32 digest) = Cid.unpack(content.cid);
        if (!valid) revert InvalidCid(content.cid);
        if (content.manifestHash == 0) revert InvalidManifestHash();
        DatasetNFTStorage storage $ = _storage();
        version = ++$.provenance[id].version;
        $.versions[id][version] = Version({
            digest: digest,
            manifestHash: content.manifestHash,
            codec: codec,
            addedAt: Time.timestamp()
        });
        $.uri[id] = uri;
        emit VersionAdded(id, version, content.cid, content.manifestHash, uri);
    }

    function _contentOfVersion(
        uint256 id,
        uint32 version
    ) private view returns (Content memory content, uint48 addedAt) {
        Version memory stored = _storage().versions[id][version];
        if (stored.addedAt == 0) revert VersionUnknown(id, version);
        content = Content({cid: Cid.pack(stored.codec, stored.digest), manifestHash: stored.manifestHash});
        return (content, stored.addedAt);
    }

    function _storage() private pure returns (DatasetNFTStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
