// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {Cid} from "../data/Cid.sol";
import {IDatasetNFT} from "../data/interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "../data/interfaces/IDatasetRegistry.sol";
import {IPaymentRouter} from "../payments/interfaces/IPaymentRouter.sol";
import {Attribution} from "./Attribution.sol";
import {ModelName} from "./ModelName.sol";
import {PackedRows} from "./PackedRows.sol";
import {PackedUses} from "./PackedUses.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title ModelRegistry
/// @notice Models, their versions, prices and attribution stacks. See {IModelRegistry}.
contract ModelRegistry is IModelRegistry, ClusterUpgradeable {
    using PackedRows for uint256[4];
    using PackedUses for uint64[];

    /// @dev What a version costs, and the version whose build it has.
    struct Terms {
        Prices prices;
        address currency;
        uint48 addedAt;
        uint32 source;
    }

    /// @dev What a version is made of. The first slot and the rows are all that a settlement reads.
    struct Build {
        uint64 parentId;
        uint32 parentVersion;
        uint24 treasuryPpm;
        uint24 stackPpm;
        uint8 rowCount;
        Modality modality;
        bytes1 codec;
        uint256[4] rows;
        bytes32 digest;
        bytes32 manifestHash;
        bytes32 taskCategory;
        string uri;
        uint64[] datasets;
    }

    /// @custom:storage-location erc7201:cluster.storage.ModelRegistry
    struct ModelRegistryStorage {
        Figures figures;
        uint256 totalModels;
        mapping(bytes32 nameHash => uint256 modelId) idOfName;
        mapping(bytes32 namespaceHash => address) holderOfNamespace;
        mapping(uint256 modelId => string) name;
        mapping(uint256 modelId => Model) models;
        mapping(uint256 modelId => mapping(uint32 version => Terms)) terms;
        mapping(uint256 modelId => mapping(uint32 version => Build)) builds;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.ModelRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x1bdcbed096128717d61a95687369755c6635ed0d6df5a69dbd0aaf04b3bb8b00;

    uint256 private constant UNITS_PRICED = 1_000_000;

    /// @inheritdoc IModelRegistry
    uint256 public constant MAX_ROWS = Attribution.MAX_ROWS;
    /// @inheritdoc IModelRegistry
    uint16 public constant MAX_WEIGHT = 1_000;
    /// @inheritdoc IModelRegistry
    uint32 public constant MAX_TREASURY_PPM = 100_000;
    /// @inheritdoc IModelRegistry
    uint32 public constant MAX_STACK_PPM = 500_000;
    /// @inheritdoc IModelRegistry
    uint32 public constant MIN_PART_PPM = 50_000;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IDatasetRegistry private immutable DATASETS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IDatasetNFT private immutable NFT;

    modifier onlyOwner(uint256 modelId) {
        _requireOwner(modelId);
        _;
    }

    /// @param datasetRegistry Proxy of the DatasetRegistry; the same for every version of this implementation.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IDatasetRegistry datasetRegistry) {
        DATASETS = datasetRegistry;
        NFT = datasetRegistry.nft();
    }

    /// @notice Sets the authority and the first figures: 5 % treasury, 20 % stack; of the stack 50 % datasets, 30 % owner,
    /// 20 % parent.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
        _setFigures(
            Figures({
                treasuryPpm: 50_000,
                stackPpm: 200_000,
                datasetsPpm: 500_000,
                ownerPpm: 300_000,
                parentPpm: 200_000
            })
        );
    }

    /// @inheritdoc IModelRegistry
    function register(
        string calldata name,
        ModelKind kind,
        NewVersion calldata version
    ) external returns (uint256 modelId) {
        ModelRegistryStorage storage $ = _storage();
        modelId = ++$.totalModels;
        _claimName(modelId, name);
        Model storage model = $.models[modelId];
        model.owner = msg.sender;
        model.kind = kind;
        model.listed = true;
        model.registeredAt = Time.timestamp();
        emit ModelRegistered(modelId, msg.sender, name, kind);
        _addVersion(modelId, version);
    }

    /// @inheritdoc IModelRegistry
    function addVersion(
        uint256 modelId,
        NewVersion calldata newVersion
    ) external onlyOwner(modelId) returns (uint32 version) {
        return _addVersion(modelId, newVersion);
    }

    /// @inheritdoc IModelRegistry
    function reprice(
        uint256 modelId,
        uint32 source,
        address currency,
        Prices calldata prices
    ) external onlyOwner(modelId) returns (uint32 version) {
        uint32 build = _termsOf(modelId, source).source;
        ModelRegistryStorage storage $ = _storage();
        version = ++$.models[modelId].latestVersion;
        _fixTerms(modelId, version, build, currency, prices);
        emit VersionRepriced(modelId, version, build, currency, prices);
    }

    /// @inheritdoc IModelRegistry
    function offerOwnership(uint256 modelId, address to) external onlyOwner(modelId) {
        _storage().models[modelId].pendingOwner = to;
        emit OwnershipOffered(modelId, msg.sender, to);
    }

    /// @inheritdoc IModelRegistry
    function acceptOwnership(uint256 modelId) external {
        Model storage model = _known(modelId);
        if (msg.sender != model.pendingOwner) revert NotPendingOwner(modelId, msg.sender, model.pendingOwner);
        emit OwnershipTransferred(modelId, model.owner, msg.sender);
        model.owner = msg.sender;
        model.pendingOwner = address(0);
    }

    /// @inheritdoc IModelRegistry
    function transferNamespace(string calldata namespace, address to) external {
        if (to == address(0)) revert InvalidHolder(to);
        address holder = _storage().holderOfNamespace[keccak256(bytes(namespace))];
        if (msg.sender != holder) revert NotNamespaceHolder(namespace, msg.sender, holder);
        _holdNamespace(namespace, to);
    }

    /// @inheritdoc IModelRegistry
    function setListed(uint256 modelId, bool listed) external onlyOwner(modelId) {
        _storage().models[modelId].listed = listed;
        emit ListedSet(modelId, listed);
    }

    /// @inheritdoc IModelRegistry
    function delist(uint256 modelId, uint16 reason) external restricted {
        if (reason == 0) revert InvalidReason();
        _known(modelId).delistReason = reason;
        emit ModelDelisted(modelId, msg.sender, reason);
    }

    /// @inheritdoc IModelRegistry
    function reinstate(uint256 modelId) external restricted {
        Model storage model = _known(modelId);
        if (model.delistReason == 0) revert NotDelisted(modelId);
        model.delistReason = 0;
        emit ModelReinstated(modelId, msg.sender);
    }

    /// @inheritdoc IModelRegistry
    function setFigures(Figures calldata newFigures) external restricted {
        _setFigures(newFigures);
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(string calldata name) external view returns (uint256 modelId) {
        return _storage().idOfName[keccak256(bytes(name))];
    }

    /// @inheritdoc IModelRegistry
    function nameOf(uint256 modelId) external view returns (string memory name) {
        _known(modelId);
        return _storage().name[modelId];
    }

    /// @inheritdoc IModelRegistry
    function holderOfNamespace(string calldata namespace) external view returns (address holder) {
        return _storage().holderOfNamespace[keccak256(bytes(namespace))];
    }

    /// @inheritdoc IModelRegistry
    function modelOf(uint256 modelId) external view returns (Model memory) {
        return _known(modelId);
    }

    /// @inheritdoc IModelRegistry
    function ownerOf(uint256 modelId) external view returns (address owner) {
        return _known(modelId).owner;
    }

    /// @inheritdoc IModelRegistry
    function isOnOffer(uint256 modelId) external view returns (bool) {
        Model storage model = _known(modelId);
        return model.listed && model.delistReason == 0;
    }

    /// @inheritdoc IModelRegistry
    function latestVersionOf(uint256 modelId) external view returns (uint32 version) {
        return _known(modelId).latestVersion;
    }

    /// @inheritdoc IModelRegistry
    function versionOf(uint256 modelId, uint32 version) external view returns (Version memory) {
        Terms storage terms = _termsOf(modelId, version);
        Build storage build = _storage().builds[modelId][terms.source];
        return
            Version({
                uri: build.uri,
                weights: _weightsOf(build),
                parentId: build.parentId,
                parentVersion: build.parentVersion,
                modality: build.modality,
                taskCategory: build.taskCategory,
                currency: terms.currency,
                prices: terms.prices,
                source: terms.source,
                addedAt: terms.addedAt
            });
    }

    /// @inheritdoc IModelRegistry
    function datasetsOf(uint256 modelId, uint32 version) external view returns (DatasetUse[] memory) {
        return _buildOf(modelId, version).datasets.read();
    }

    /// @inheritdoc IModelRegistry
    function stackOf(uint256 modelId, uint32 version) external view returns (Stack memory) {
        Build storage build = _buildOf(modelId, version);
        return Stack({treasuryPpm: build.treasuryPpm, stackPpm: build.stackPpm, rows: build.rows.read(build.rowCount)});
    }

    /// @inheritdoc IModelRegistry
    function payeesOf(
        uint256 modelId,
        uint32 version
    ) external view returns (uint256 treasuryPpm, uint256 stackPpm, address[] memory accounts, uint256[] memory ppm) {
        Build storage build = _buildOf(modelId, version);
        treasuryPpm = build.treasuryPpm;
        stackPpm = build.stackPpm;
        Row[] memory rows = build.rows.read(build.rowCount);
        accounts = new address[](rows.length);
        ppm = new uint256[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            accounts[i] =
                rows[i].beneficiary == Beneficiary.ModelOwner
                    ? _storage().models[rows[i].id].owner
                    : NFT.ownerOf(rows[i].id);
            ppm[i] = rows[i].ppm;
        }
    }

    /// @inheritdoc IModelRegistry
    function feeOf(
        uint256 modelId,
        uint32 version,
        uint64 inputUnits,
        uint64 outputUnits
    ) external view returns (address currency, uint256 fee) {
        Terms memory terms = _termsOf(modelId, version);
        uint256 total = uint256(terms.prices.input) * inputUnits + uint256(terms.prices.output) * outputUnits;
        return (terms.currency, Math.ceilDiv(total, UNITS_PRICED));
    }

    /// @inheritdoc IModelRegistry
    function totalModels() external view returns (uint256) {
        return _storage().totalModels;
    }

    /// @inheritdoc IModelRegistry
    function figures() external view returns (Figures memory) {
        return _storage().figures;
    }

    /// @inheritdoc IModelRegistry
    function datasets() external view returns (IDatasetRegistry) {
        return DATASETS;
    }

    /// @dev Claims the name for ever, and its namespace if nobody holds it.
    function _claimName(uint256 modelId, string calldata name) private {
        (bool valid, string calldata namespace) = ModelName.parse(name);
        if (!valid) revert InvalidName(name);
        ModelRegistryStorage storage $ = _storage();
        bytes32 nameHash = keccak256(bytes(name));
        uint256 taken = $.idOfName[nameHash];
        if (taken != 0) revert NameTaken(name, taken);
        address holder = $.holderOfNamespace[keccak256(bytes(namespace))];
        if (holder == address(0)) _holdNamespace(namespace, msg.sender);
        else if (holder != msg.sender) revert NotNamespaceHolder(namespace, msg.sender, holder);
        $.idOfName[nameHash] = modelId;
        $.name[modelId] = name;
    }

    function _holdNamespace(string calldata namespace, address holder) private {
        _storage().holderOfNamespace[keccak256(bytes(namespace))] = holder;
        emit NamespaceHeld(namespace, holder);
    }

    /// @dev All that is called on the way is views of the registry and the router.
    function _addVersion(uint256 modelId, NewVersion calldata newVersion) private returns (uint32 version) {
        ModelRegistryStorage storage $ = _storage();
        Model storage model = $.models[modelId];
        ModelKind kind = model.kind;
        if (newVersion.taskCategory == 0) revert InvalidTaskCategory();
        _requireParent(kind, newVersion.parentId, newVersion.parentVersion);
        _requireDatasets(kind, newVersion.datasets);

        version = ++model.latestVersion;
        Build storage build = $.builds[modelId][version];
        build.modality = newVersion.modality;
        build.parentId = uint64(newVersion.parentId);
        build.parentVersion = newVersion.parentVersion;
        build.taskCategory = newVersion.taskCategory;
        build.uri = newVersion.uri;
        build.datasets.write(newVersion.datasets);
        _fixWeights(build, kind, newVersion.weights);
        _fixTerms(modelId, version, version, newVersion.currency, newVersion.prices);
        Stack memory stack = _stackFor(modelId, kind, newVersion);
        build.treasuryPpm = uint24(stack.treasuryPpm);
        build.stackPpm = uint24(stack.stackPpm);
        build.rowCount = uint8(stack.rows.length);
        build.rows.write(stack.rows);
        emit VersionAdded(modelId, version, newVersion.parentId, newVersion, stack);
    }

    function _fixWeights(Build storage build, ModelKind kind, IDatasetNFT.Content calldata weights) private {
        if (kind == ModelKind.Base && weights.cid.length == 0 && weights.manifestHash == 0) return;
        (bool valid, bytes1 codec, bytes32 digest) = Cid.unpack(weights.cid);
        if (!valid) revert InvalidCid(weights.cid);
        if (weights.manifestHash == 0) revert InvalidManifestHash();
        build.codec = codec;
        build.digest = digest;
        build.manifestHash = weights.manifestHash;
    }

    function _fixTerms(
        uint256 modelId,
        uint32 version,
        uint32 source,
        address currency,
        Prices calldata prices
    ) private {
        ModelRegistryStorage storage $ = _storage();
        address router = DATASETS.paymentRouter();
        if (router == address(0) || !IPaymentRouter(router).isCurrencyAccepted(currency)) {
            revert CurrencyNotAccepted(currency);
        }
        Modality modality = $.builds[modelId][source].modality;
        if (prices.output != 0 && !_metersOutput(modality)) revert OutputNotMetered(modality);
        $.terms[modelId][version] = Terms(prices, currency, Time.timestamp(), source);
    }

    function _setFigures(Figures memory f) private {
        if (f.treasuryPpm > MAX_TREASURY_PPM) revert FeePartTooHigh(f.treasuryPpm, MAX_TREASURY_PPM);
        if (f.stackPpm > MAX_STACK_PPM) revert FeePartTooHigh(f.stackPpm, MAX_STACK_PPM);
        uint256 least = Math.min(f.datasetsPpm, Math.min(f.ownerPpm, f.parentPpm));
        if (least < MIN_PART_PPM) revert StackPartTooLow(least, MIN_PART_PPM);
        uint256 sum = uint256(f.datasetsPpm) + f.ownerPpm + f.parentPpm;
        if (sum != Attribution.PPM) revert StackPartsSum(sum);
        _storage().figures = f;
        emit FiguresSet(f);
    }

    function _stackFor(
        uint256 modelId,
        ModelKind kind,
        NewVersion calldata newVersion
    ) private view returns (Stack memory stack) {
        Figures memory current = _storage().figures;
        stack.treasuryPpm = current.treasuryPpm;
        if (kind == ModelKind.Base) return stack;
        stack.stackPpm = current.stackPpm;
        stack.rows = Attribution.flatten(modelId, newVersion.datasets, _parentRows(kind, newVersion), current);
    }

    function _parentRows(ModelKind kind, NewVersion calldata child) private view returns (Row[] memory rows) {
        if (kind != ModelKind.Derived) return rows;
        Build storage parent = _buildOf(child.parentId, child.parentVersion);
        return parent.rows.read(parent.rowCount);
    }

    /// @dev A parent that its owner withdrew can be named all the same: what was trained from it owes it its part.
    function _requireParent(ModelKind kind, uint256 parentId, uint32 parentVersion) private view {
        if ((kind == ModelKind.Derived) != (parentId != 0)) revert ParentMismatch(kind, parentId);
        if (parentId == 0 && parentVersion == 0) return;
        _termsOf(parentId, parentVersion);
        uint16 reason = _storage().models[parentId].delistReason;
        if (reason != 0) revert ParentDelisted(parentId, reason);
    }

    function _requireDatasets(ModelKind kind, DatasetUse[] calldata uses) private view {
        if (kind == ModelKind.Base && uses.length != 0) revert BaseModelHasNoDatasets();
        uint256 previous = 0;
        for (uint256 i = 0; i < uses.length; ++i) {
            uint256 datasetId = uses[i].datasetId;
            uint16 weight = uses[i].weight;
            if (datasetId <= previous) revert DatasetsNotAscending(previous, datasetId);
            if (weight == 0 || weight > MAX_WEIGHT) revert InvalidWeight(datasetId, weight);
            if (!DATASETS.canDownload(datasetId, msg.sender)) revert NoAccessToDataset(datasetId, msg.sender);
            previous = datasetId;
        }
    }

    function _requireOwner(uint256 modelId) private view {
        address owner = _known(modelId).owner;
        if (msg.sender != owner) revert NotOwner(modelId, msg.sender, owner);
    }

    function _known(uint256 modelId) private view returns (Model storage model) {
        model = _storage().models[modelId];
        if (model.owner == address(0)) revert ModelUnknown(modelId);
    }

    /// @dev A version exists once it has terms.
    function _termsOf(uint256 modelId, uint32 version) private view returns (Terms storage terms) {
        terms = _storage().terms[modelId][version];
        if (terms.source == 0) revert VersionUnknown(modelId, version);
    }

    function _buildOf(uint256 modelId, uint32 version) private view returns (Build storage) {
        return _storage().builds[modelId][_termsOf(modelId, version).source];
    }

    /// @dev Empty where nobody published them.
    function _weightsOf(Build storage build) private view returns (IDatasetNFT.Content memory weights) {
        if (build.manifestHash == 0) return weights;
        return IDatasetNFT.Content(Cid.pack(build.codec, build.digest), build.manifestHash);
    }

    function _metersOutput(Modality modality) private pure returns (bool) {
        return modality == Modality.Chat || modality == Modality.Images || modality == Modality.Rerank;
    }

    function _storage() private pure returns (ModelRegistryStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
