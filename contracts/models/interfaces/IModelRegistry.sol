// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetNFT} from "../../data/interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "../../data/interfaces/IDatasetRegistry.sol";

/// @title Models, their versions, prices, and who earns from each call of them
/// @notice Of each inference fee the treasury takes a part, the version's attribution stack a part, the operator the
/// rest. A version never changes once it is registered: not its weights, not its price, not its stack. Ids start at 1
/// and are never reused; so do the versions of a model. Shares are in parts per million (ppm).
interface IModelRegistry {
    /// @notice Base: served by operators, its owner earns nothing and it has no stack. Hosted: somebody's weights.
    /// Derived: trained from a version of another model (or an earlier version of itself), whose stack earns too.
    enum ModelKind {
        Base,
        Hosted,
        Derived
    }

    /// @notice What a model does, and so what is counted on its input and its output:
    ///
    /// | modality      | input unit       | output unit     |
    /// |---------------|------------------|-----------------|
    /// | Chat          | token            | token           |
    /// | Embeddings    | token            | not metered     |
    /// | Images        | token of prompt  | image           |
    /// | Speech        | character        | not metered     |
    /// | Transcription | second of audio  | not metered     |
    /// | Rerank        | document         | search          |
    enum Modality {
        Chat,
        Embeddings,
        Images,
        Speech,
        Transcription,
        Rerank
    }

    /// @notice Whom a row of a stack pays: whoever owns a model, or holds the token of a dataset, when it is paid.
    enum Beneficiary {
        ModelOwner,
        DatasetHolder
    }

    /// @notice Prices of a million units of the modality's meters, whatever the unit, so that one formula serves all
    /// and a second of audio can cost less than one unit of the currency.
    /// @param input For 1,000,000 input units, in the currency's smallest unit (USDC: micro-dollars).
    /// @param output For 1,000,000 output units; 0 where output is not metered.
    struct Prices {
        uint128 input;
        uint128 output;
    }

    /// @notice A dataset that a version was trained on.
    /// @param datasetId Id in the DatasetRegistry.
    /// @param weight Its weight among the datasets of the version, 1 to 1,000.
    struct DatasetUse {
        uint256 datasetId;
        uint16 weight;
    }

    /// @notice All that a new version consists of.
    /// @param uri Metadata URI.
    /// @param weights Commitment to the weights: root CID and sha-256 of the manifest. A base model may have none
    /// (both empty), for weights that nobody published.
    /// @param datasets Datasets used, in strictly ascending order of ids. None for a base model.
    /// @param parentId The model it was derived from; 0 unless the model is `Derived`.
    /// @param taskCategory Task category in ASCII, left-aligned, zero-padded ("text-generation").
    /// @param prices Price schedule.
    /// @param currency Whose smallest unit the prices are in: a token's address, or the zero address for the chain's
    /// native coin; accepted by the PaymentRouter.
    /// @param parentVersion The parent's version; 0 unless the model is `Derived`.
    /// @param modality What it does.
    struct NewVersion {
        string uri;
        IDatasetNFT.Content weights;
        DatasetUse[] datasets;
        uint256 parentId;
        bytes32 taskCategory;
        Prices prices;
        address currency;
        uint32 parentVersion;
        Modality modality;
    }

    /// @notice What the registry holds about a model.
    /// @param owner Who adds versions and earns the owner's part.
    /// @param kind Base, hosted or derived; never changes.
    /// @param listed Whether the owner offers it.
    /// @param delistReason Moderator's reason code, 0 if not delisted.
    /// @param latestVersion Number of the latest version, from 1.
    /// @param pendingOwner Whom the owner offered the model to, or zero.
    /// @param registeredAt Unix seconds.
    struct Model {
        address owner;
        ModelKind kind;
        bool listed;
        uint16 delistReason;
        uint32 latestVersion;
        address pendingOwner;
        uint48 registeredAt;
    }

    /// @notice What was fixed with a version; its datasets and stack are told by `datasetsOf` and `stackOf`.
    /// @param uri Metadata URI.
    /// @param weights Commitment to the weights; empty for weights that nobody published.
    /// @param parentId The model it was derived from; 0 for none.
    /// @param taskCategory Task category in ASCII, left-aligned, zero-padded.
    /// @param prices Price schedule.
    /// @param currency Whose smallest unit the prices are in.
    /// @param parentVersion The parent's version; 0 for none.
    /// @param modality What it does.
    /// @param source The version whose weights, provenance and stack it has: itself, unless it came by `reprice`.
    /// @param addedAt Unix seconds.
    struct Version {
        string uri;
        IDatasetNFT.Content weights;
        uint256 parentId;
        bytes32 taskCategory;
        Prices prices;
        address currency;
        uint32 parentVersion;
        Modality modality;
        uint32 source;
        uint48 addedAt;
    }

    /// @notice One row of a stack.
    /// @param beneficiary Whom `id` names.
    /// @param id Model id or dataset id.
    /// @param ppm Share of the stack's part of a fee.
    struct Row {
        Beneficiary beneficiary;
        uint256 id;
        uint32 ppm;
    }

    /// @notice How a fee is shared. What neither treasury nor stack takes is the operator's.
    /// @param treasuryPpm Of the fee.
    /// @param stackPpm Of the fee; 0 for a base model, which has no rows.
    /// @param rows At most 16, no beneficiary twice, none of 0 ppm, 1,000,000 ppm in all.
    struct Stack {
        uint32 treasuryPpm;
        uint32 stackPpm;
        Row[] rows;
    }

    /// @notice The figures that new stacks are made with.
    /// @param treasuryPpm Treasury's part of a fee.
    /// @param stackPpm Stack's part of a fee.
    /// @param datasetsPpm Datasets' part of a stack, shared by weight.
    /// @param ownerPpm Model owner's part of a stack.
    /// @param parentPpm Part of a stack that the parent's stack shares.
    struct Figures {
        uint32 treasuryPpm;
        uint32 stackPpm;
        uint32 datasetsPpm;
        uint32 ownerPpm;
        uint32 parentPpm;
    }

    /// @notice A model was registered under a name. Its first version follows in `VersionAdded`.
    /// @param modelId The model.
    /// @param owner Who owns it.
    /// @param name The name.
    /// @param kind Base, hosted or derived.
    event ModelRegistered(uint256 indexed modelId, address indexed owner, string name, ModelKind kind);

    /// @notice The part of names before "/" belongs to an account: by its first model, or by transfer.
    /// @param namespace The part of names before "/".
    /// @param holder Who holds it.
    event NamespaceHeld(string namespace, address indexed holder);

    /// @notice A version was added with weights, provenance and a stack of its own; for ever.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    /// @param parentId The parent; 0 for none.
    /// @param content What the version consists of.
    /// @param stack How its fees are shared.
    event VersionAdded(
        uint256 indexed modelId,
        uint32 indexed version,
        uint256 indexed parentId,
        NewVersion content,
        Stack stack
    );

    /// @notice A version was added that has the weights, provenance and stack of `source`, at another price; for ever.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    /// @param source The earlier version.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param prices The price schedule.
    event VersionRepriced(
        uint256 indexed modelId,
        uint32 indexed version,
        uint32 source,
        address currency,
        Prices prices
    );

    /// @notice The owner offered the model to somebody; zero takes an offer back.
    /// @param modelId The model.
    /// @param owner Who owns it.
    /// @param pendingOwner Whom it was offered to; zero for nobody.
    event OwnershipOffered(uint256 indexed modelId, address indexed owner, address indexed pendingOwner);

    /// @notice A model changed hands. From now on the new owner is paid, also for what was earned and not yet swept.
    /// @param modelId The model.
    /// @param previousOwner Who owned it.
    /// @param owner Who owns it.
    event OwnershipTransferred(uint256 indexed modelId, address indexed previousOwner, address indexed owner);

    /// @notice The owner offered or withdrew a model.
    /// @param modelId The model.
    /// @param listed Whether the owner offers it.
    event ListedSet(uint256 indexed modelId, bool listed);

    /// @notice A moderator took a model off the market.
    /// @param modelId The model.
    /// @param moderator Who did it.
    /// @param reason Reason code.
    event ModelDelisted(uint256 indexed modelId, address indexed moderator, uint16 reason);

    /// @notice A moderator put a model back.
    /// @param modelId The model.
    /// @param moderator Who did it.
    event ModelReinstated(uint256 indexed modelId, address indexed moderator);

    /// @notice The figures for new stacks were set.
    /// @param figures The figures.
    event FiguresSet(Figures figures);

    /// @notice A name is two parts joined by "/", each of 1 to 64 characters of a-z, 0-9, "-", "_" and ".", with a letter
    /// or digit at both ends.
    /// @param name The name.
    error InvalidName(string name);

    /// @notice The name was claimed by a model before.
    /// @param name The name.
    /// @param modelId The model that has it.
    error NameTaken(string name, uint256 modelId);

    /// @notice Only the holder of the part before "/" may register under it, or give it away.
    /// @param namespace The part of names before "/".
    /// @param caller Who tried.
    /// @param holder Who holds it.
    error NotNamespaceHolder(string namespace, address caller, address holder);

    /// @notice No model has this id.
    /// @param modelId The model.
    error ModelUnknown(uint256 modelId);

    /// @notice The model has no such version.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    error VersionUnknown(uint256 modelId, uint256 version);

    /// @notice Only the model's owner may do this.
    /// @param modelId The model.
    /// @param caller Who tried.
    /// @param owner Who owns it.
    error NotOwner(uint256 modelId, address caller, address owner);

    /// @notice Only the account that the model was offered to may accept it.
    /// @param modelId The model.
    /// @param caller Who tried.
    /// @param pendingOwner Whom it was offered to; zero for nobody.
    error NotPendingOwner(uint256 modelId, address caller, address pendingOwner);

    /// @notice A namespace can't go to this address.
    /// @param holder The address given.
    error InvalidHolder(address holder);

    /// @notice `cid` is not a 36-byte CIDv1 of codec raw or dag-pb with a sha2-256 multihash.
    /// @param cid The CID given.
    error InvalidCid(bytes cid);

    /// @notice The manifest hash must not be zero.
    error InvalidManifestHash();

    /// @notice The task category must not be empty.
    error InvalidTaskCategory();

    /// @notice Output is not metered in this modality, so it has no price.
    /// @param modality The modality given.
    error OutputNotMetered(Modality modality);

    /// @notice The PaymentRouter does not accept this currency.
    /// @param currency Token address, or the zero address for the native coin.
    error CurrencyNotAccepted(address currency);

    /// @notice A derived model needs a parent, and no other kind has one.
    /// @param kind Base, hosted or derived.
    /// @param parentId The parent; 0 for none.
    error ParentMismatch(ModelKind kind, uint256 parentId);

    /// @notice A moderator delisted the parent for `reason`.
    /// @param parentId The parent; 0 for none.
    /// @param reason Reason code.
    error ParentDelisted(uint256 parentId, uint16 reason);

    /// @notice A base model has no stack that datasets could earn from.
    error BaseModelHasNoDatasets();

    /// @notice Datasets are named in strictly ascending order of ids.
    /// @param previousId The dataset before it.
    /// @param datasetId The dataset.
    error DatasetsNotAscending(uint256 previousId, uint256 datasetId);

    /// @notice A weight is 1 to 1,000.
    /// @param datasetId The dataset.
    /// @param weight The weight given.
    error InvalidWeight(uint256 datasetId, uint256 weight);

    /// @notice The registrant may not download a dataset that they say they trained on.
    /// @param datasetId The dataset.
    /// @param registrant Who registers the version.
    error NoAccessToDataset(uint256 datasetId, address registrant);

    /// @notice The flattened stack needs more rows than there are.
    /// @param needed How many rows it needs.
    /// @param maxRows How many there are.
    error TooManyRows(uint256 needed, uint256 maxRows);

    /// @notice A reason code must not be zero.
    error InvalidReason();

    /// @notice The model is not delisted.
    /// @param modelId The model.
    error NotDelisted(uint256 modelId);

    /// @notice Treasury or stack would take more of a fee than they may; in ppm.
    /// @param ppm Millionths.
    /// @param maxPpm The most it may be.
    error FeePartTooHigh(uint256 ppm, uint256 maxPpm);

    /// @notice A part of the stack would be smaller than it may be; in ppm.
    /// @param ppm Millionths.
    /// @param minPpm The least it may be.
    error StackPartTooLow(uint256 ppm, uint256 minPpm);

    /// @notice The three parts of a stack must be 1,000,000 ppm together.
    /// @param ppm Millionths.
    error StackPartsSum(uint256 ppm);

    /// @notice Registers a model with its first version; the caller owns it. The first model under `namespace/` makes the
    /// caller its holder.
    ///
    /// The stack: the datasets' part by weight, the owner's part, and the parent's part shared as the parent's stack
    /// is. A part that nobody is entitled to (no datasets; no parent, or one without a stack) is the owner's.
    /// Beneficiaries that come up twice become one row. Rows stand in the order owner, datasets, parent's rows, and are
    /// rounded by their running sum, so that each is less than 1 ppm from its exact share of the parts above and
    /// nothing is left over; a row that comes to 0 ppm is dropped.
    /// @param name `namespace/name`, unique for ever.
    /// @param kind Never changes.
    /// @param version The first version. The caller must be able to download each of its datasets; its parent must not
    /// be delisted by a moderator.
    /// @return modelId The new model's id.
    function register(
        string calldata name,
        ModelKind kind,
        NewVersion calldata version
    ) external returns (uint256 modelId);

    /// @notice Adds a version, under the same conditions and with a stack by the figures of now. Owner only.
    /// @param modelId The model.
    /// @param newVersion What the version consists of.
    /// @return version Number of the new version.
    function addVersion(uint256 modelId, NewVersion calldata newVersion) external returns (uint32 version);

    /// @notice Adds a version that is an earlier one at another price: same weights, same provenance, same stack. Owner
    /// only.
    /// @param modelId The model.
    /// @param source The earlier version.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param prices The price schedule.
    /// @return version Number of the new version.
    function reprice(
        uint256 modelId,
        uint32 source,
        address currency,
        Prices calldata prices
    ) external returns (uint32 version);

    /// @notice Offers the model to `to`, who becomes owner by accepting; zero takes the offer back. Owner only.
    /// @param modelId The model.
    /// @param to Whom; zero for nobody.
    function offerOwnership(uint256 modelId, address to) external;

    /// @notice Accepts a model that was offered to the caller.
    /// @param modelId The model.
    function acceptOwnership(uint256 modelId) external;

    /// @notice Gives the part of names before "/" to another account, models excepted. Holder only.
    /// @param namespace The part of names before "/".
    /// @param to Who gets it.
    function transferNamespace(string calldata namespace, address to) external;

    /// @notice Offers or withdraws a model. Stacks that stand on it earn on. Owner only.
    /// @param modelId The model.
    /// @param listed Whether the owner offers it.
    function setListed(uint256 modelId, bool listed) external;

    /// @notice Takes a model off the market with a reason code. What was earned is paid. Moderators only.
    /// @param modelId The model.
    /// @param reason Reason code, not 0.
    function delist(uint256 modelId, uint16 reason) external;

    /// @notice Undoes `delist`. Moderators only.
    /// @param modelId The model.
    function reinstate(uint256 modelId) external;

    /// @notice Sets the figures for new stacks; stacks that are registered never change. Restricted, delayed.
    /// @param newFigures The figures.
    function setFigures(Figures calldata newFigures) external;

    /// @notice Most rows of a stack.
    /// @return The number of rows.
    function MAX_ROWS() external view returns (uint256);

    /// @notice Highest weight of a dataset.
    /// @return The weight.
    function MAX_WEIGHT() external view returns (uint16);

    /// @notice Most that the treasury may ever take of a fee, in ppm.
    /// @return Millionths.
    function MAX_TREASURY_PPM() external view returns (uint32);

    /// @notice Most that a stack may ever take of a fee, in ppm.
    /// @return Millionths.
    function MAX_STACK_PPM() external view returns (uint32);

    /// @notice Least that each of the three parts of a stack may be, in ppm.
    /// @return Millionths.
    function MIN_PART_PPM() external view returns (uint32);

    /// @notice Id of a name, 0 if nobody claimed it.
    /// @param name The name.
    /// @return modelId The id.
    function modelIdOf(string calldata name) external view returns (uint256 modelId);

    /// @notice Name of an id.
    /// @param modelId The model.
    /// @return name The name.
    function nameOf(uint256 modelId) external view returns (string memory name);

    /// @notice Who holds the part of names before "/"; zero if nobody does.
    /// @param namespace The part of names before "/".
    /// @return holder The account.
    function holderOfNamespace(string calldata namespace) external view returns (address holder);

    /// @notice Owner, kind, listing, latest version.
    /// @param modelId The model.
    /// @return What the registry holds.
    function modelOf(uint256 modelId) external view returns (Model memory);

    /// @notice Who owns a model: the account that a row naming it pays.
    /// @param modelId The model.
    /// @return owner The account.
    function ownerOf(uint256 modelId) external view returns (address owner);

    /// @notice Whether a model is on offer: listed by its owner and not delisted by a moderator.
    /// @param modelId The model.
    /// @return Whether it is.
    function isOnOffer(uint256 modelId) external view returns (bool);

    /// @notice Latest version of a model: what a relay sells.
    /// @param modelId The model.
    /// @return version Its number, from 1.
    function latestVersionOf(uint256 modelId) external view returns (uint32 version);

    /// @notice What was fixed with a version.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    /// @return What was fixed.
    function versionOf(uint256 modelId, uint32 version) external view returns (Version memory);

    /// @notice Datasets that a version was trained on, with their weights.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    /// @return Datasets and weights.
    function datasetsOf(uint256 modelId, uint32 version) external view returns (DatasetUse[] memory);

    /// @notice How fees of a version are shared. Never changes.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    /// @return The stack.
    function stackOf(uint256 modelId, uint32 version) external view returns (Stack memory);

    /// @notice As `stackOf`, with each row's beneficiary as the account that is to be paid now: what a settlement asks
    /// for. An account that stands behind several rows comes up several times.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    /// @return treasuryPpm Of the fee.
    /// @return stackPpm Of the fee.
    /// @return accounts One a row.
    /// @return ppm Share of each in the stack's part, 1,000,000 in all; both empty if `stackPpm` is 0.
    function payeesOf(
        uint256 modelId,
        uint32 version
    ) external view returns (uint256 treasuryPpm, uint256 stackPpm, address[] memory accounts, uint256[] memory ppm);

    /// @notice What a call costs: (input × price + output × price) / 1,000,000, rounded up once.
    /// @param modelId The model.
    /// @param version Number of the version, from 1.
    /// @param inputUnits Units of the modality's input.
    /// @param outputUnits Units of the modality's output.
    /// @return currency In whose smallest unit the fee is.
    /// @return fee The price of the call.
    function feeOf(
        uint256 modelId,
        uint32 version,
        uint64 inputUnits,
        uint64 outputUnits
    ) external view returns (address currency, uint256 fee);

    /// @notice How many models were ever registered; the latest id.
    /// @return The number of models.
    function totalModels() external view returns (uint256);

    /// @notice The figures that a stack would be made with now.
    /// @return The figures.
    function figures() external view returns (Figures memory);

    /// @notice The registry whose datasets stacks refer to, and whose router's currencies are accepted.
    /// @return Its address.
    function datasets() external view returns (IDatasetRegistry);
}
