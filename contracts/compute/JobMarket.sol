// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IModelRegistry} from "../models/interfaces/IModelRegistry.sol";
import {IInferenceSettlement} from "../payments/interfaces/IInferenceSettlement.sol";
import {IPaymentRouter} from "../payments/interfaces/IPaymentRouter.sol";
import {IComputeModels} from "./interfaces/IComputeModels.sol";
import {IJobMarket} from "./interfaces/IJobMarket.sol";
import {IOperatorStaking} from "./interfaces/IOperatorStaking.sol";
import {IProofModule} from "./interfaces/IProofModule.sol";
import {Escrow} from "./market/Escrow.sol";

// Some structs come to memory: from calldata the contract would be too large.
// solhint-disable gas-calldata-parameters

/// @title JobMarket
/// @notice Jobs and receipts, and what becomes of their money and bonds. See {IJobMarket} and docs/contracts/JobMarket.md.
contract JobMarket is IJobMarket, Escrow, PausableUpgradeable {
    using SafeCast for uint256;

    /// @custom:storage-location erc7201:cluster.storage.JobMarket
    struct JobMarketStorage {
        uint256 totalJobs;
        Parameters parameters;
        mapping(uint8 tier => IProofModule) modules;
        mapping(uint256 jobId => Job) jobs;
        mapping(uint256 jobId => mapping(address challenger => Bond)) bonds;
        mapping(uint256 jobId => uint256 amount) deferred;
        mapping(bytes32 digest => uint256 jobId) challenged;
        mapping(bytes32 commitment => uint256 blockNumber) committedIn;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.JobMarket")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x78f9902f481ac4fd6958149ebead69aa425953695ac33d4d8f09e2c5cf327300;

    // solhint-disable gas-small-strings
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant DOMAIN_NAME = keccak256("Cluster JobMarket");
    bytes32 private constant DOMAIN_VERSION = keccak256("1");
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(address operator,bytes32 modelCommitment,bytes32 inputRoot,bytes32 outputRoot,bytes32 requestId,"
        "uint32 tokensIn,uint32 tokensOut,address currency,uint128 price,uint48 time)"
    );
    // solhint-enable gas-small-strings

    /// @inheritdoc IJobMarket
    uint256 public constant MAX_ACCEPT_TIME = 30 days;
    /// @inheritdoc IJobMarket
    uint256 public constant MAX_COMPUTE_TIME = 7 days;
    /// @inheritdoc IJobMarket
    uint256 public constant MAX_WINDOW = 30 days;
    /// @inheritdoc IJobMarket
    uint256 public constant MAX_DISPUTE_TIME = 14 days;
    /// @inheritdoc IJobMarket
    uint256 public constant ESCALATION_TIME = 3 days;
    /// @inheritdoc IJobMarket
    uint256 public constant MAX_CHALLENGER_BOND = 10_000 ether;

    /// @dev The tier that decides receipts and what other tiers can't.
    uint8 private constant REFEREED = 1;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IOperatorStaking private immutable STAKING;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 private immutable CP;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    address private immutable BURN_ADDRESS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInferenceSettlement private immutable SETTLEMENT;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IComputeModels private immutable COMPUTE_MODELS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IModelRegistry private immutable MODELS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IPaymentRouter private immutable ROUTER;

    /// @param staking Whose stake backs the claims.
    /// @param settlement Where the prices of jobs that stood end.
    /// @param computeModels What models compute.
    /// @param router Whose accepted currencies are those of prices.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(
        IOperatorStaking staking,
        IInferenceSettlement settlement,
        IComputeModels computeModels,
        IPaymentRouter router
    ) {
        STAKING = staking;
        CP = staking.token();
        BURN_ADDRESS = staking.BURN_ADDRESS();
        SETTLEMENT = settlement;
        COMPUTE_MODELS = computeModels;
        MODELS = computeModels.models();
        ROUTER = router;
    }

    /// @notice Sets authority and figures.
    /// @param authority The AccessManager.
    /// @param initialParameters The first figures.
    function initialize(address authority, Parameters memory initialParameters) external initializer {
        __AccessManaged_init(authority);
        __Pausable_init();
        _setParameters(initialParameters);
    }

    /// @inheritdoc IJobMarket
    function createJob(Order calldata order) external payable nonReentrant whenNotPaused returns (uint256 jobId) {
        Job memory job;
        job.requester = msg.sender;
        job.state = State.Open;
        job.tier = order.tier;
        job.computeTime = order.computeTime;
        job.deadline = order.acceptBy;
        job.operator = order.operator;
        job.module = address(_moduleFor(order.tier));
        job.modelId = order.modelId;
        job.version = order.version;
        job.currency = order.currency;
        job.price = order.price;
        job.bond = order.bond;
        job.inputRoot = order.inputRoot;
        _requireOrder(job);
        jobId = _store(job);
        emit JobCreated(jobId, msg.sender, order.modelId, job, order.dataRef);
        _takeIn(order.currency, order.price);
    }

    /// @inheritdoc IJobMarket
    function cancelJob(uint256 jobId) external nonReentrant {
        Job storage job = _in(jobId, State.Open);
        if (msg.sender != job.requester) revert NotRequester(jobId, msg.sender, job.requester);
        _refund(jobId, job, State.Cancelled);
    }

    /// @inheritdoc IJobMarket
    function acceptJob(uint256 jobId, uint64 agent) external nonReentrant {
        Job storage job = _inTime(jobId, State.Open);
        address named = job.operator;
        if (named != address(0)) _requireOperator(jobId, named);
        uint256 lockId = STAKING.lock(msg.sender, job.bond);
        uint48 deadline = Time.timestamp() + job.computeTime;
        job.state = State.Accepted;
        job.operator = msg.sender;
        job.lockId = lockId.toUint48();
        job.deadline = deadline;
        job.agent = agent;
        emit JobAccepted(jobId, msg.sender, agent, lockId, deadline);
    }

    /// @inheritdoc IJobMarket
    function commitResult(uint256 jobId, bytes32 commitment) external {
        Job storage job = _inTime(jobId, State.Accepted);
        _requireOperator(jobId, job.operator);
        if (commitment == 0) revert MissingRoot();
        uint48 deadline = Time.timestamp() + _storage().parameters.revealTime;
        job.state = State.Committed;
        job.committedAt = Time.timestamp();
        job.deadline = deadline;
        job.commitment = commitment;
        emit ResultCommitted(jobId, commitment, deadline);
    }

    /// @inheritdoc IJobMarket
    function revealResult(
        uint256 jobId,
        Result calldata result,
        bytes32 salt,
        bytes calldata aux,
        string calldata dataRef
    ) external nonReentrant {
        Job storage job = _inTime(jobId, State.Committed);
        _requireOperator(jobId, job.operator);
        _requireMatch(jobId, job.commitment, resultCommitment(jobId, msg.sender, result, salt));
        _reveal(jobId, job, _claimOfJob(job, result), aux, dataRef);
    }

    /// @inheritdoc IJobMarket
    function commitChallenge(bytes32 commitment) external {
        mapping(bytes32 => uint256) storage committed = _storage().committedIn;
        if (committed[commitment] != 0) return;
        committed[commitment] = block.number;
        emit ChallengeCommitted(commitment, msg.sender);
    }

    /// @inheritdoc IJobMarket
    function challenge(uint256 jobId, bytes calldata proof, bytes32 salt) external nonReentrant {
        Job storage job = _revealed(jobId);
        if (Time.timestamp() > job.deadline) revert TooLate(jobId, job.deadline);
        IProofModule module = IProofModule(job.module);
        (IProofModule.Status verdict, ) = module.status(jobId);
        if (verdict != IProofModule.Status.Pending) revert AlreadyDecided(jobId, verdict);
        module.submit(jobId, msg.sender, proof);
        (verdict, ) = module.status(jobId);
        if (verdict == IProofModule.Status.Invalid) {
            _requireCommitted(challengeCommitment(msg.sender, bytes32(jobId), keccak256(proof), salt));
            _refute(jobId, job, msg.sender);
        } else {
            _openDispute(jobId, job, address(module));
        }
    }

    /// @inheritdoc IJobMarket
    function challengeReceipt(
        Receipt calldata receipt,
        bytes calldata signature,
        IComputeModels.Roots memory roots,
        bytes32 salt
    ) external nonReentrant returns (uint256 jobId) {
        bytes32 digest = receiptDigest(receipt);
        _requireReceipt(receipt, digest, signature, roots);
        _requireCommitted(challengeCommitment(msg.sender, digest, 0, salt));
        Job memory job = _called(receipt, keccak256(abi.encode(roots, receipt.outputRoot)));
        jobId = _store(job);
        _storage().challenged[digest] = jobId;
        emit ReceiptChallenged(jobId, receipt.operator, msg.sender, job, receipt);
        _takeBond(job.price);
    }

    /// @inheritdoc IJobMarket
    function answerReceipt(
        uint256 jobId,
        IComputeModels.Roots memory roots,
        Result calldata result,
        bytes calldata aux,
        string calldata dataRef
    ) external nonReentrant {
        Job storage job = _inTime(jobId, State.Called);
        _requireOperator(jobId, job.operator);
        _requireMatch(jobId, job.commitment, keccak256(abi.encode(roots, result.outputRoot)));
        _reveal(jobId, job, _claimOf(job, roots, result, job.committedAt + job.computeTime), aux, dataRef);
    }

    /// @inheritdoc IJobMarket
    function escalate(uint256 jobId, Result calldata result, bytes calldata aux) external nonReentrant {
        Job storage job = _revealed(jobId);
        (IProofModule.Status verdict, ) = IProofModule(job.module).status(jobId);
        if (verdict != IProofModule.Status.Disputed || result.traceRoot == 0) revert NotEscalatable(jobId);
        uint256 deadline = job.deadline + ESCALATION_TIME;
        if (Time.timestamp() > deadline) revert TooLate(jobId, deadline);
        IProofModule.Claim memory claim = _claimOfJob(job, result);
        _requireMatch(jobId, job.commitment, keccak256(abi.encode(claim)));
        IProofModule module = _moduleFor(REFEREED);
        job.module = address(module);
        uint256 windowEnd = _openWindow(jobId, job, module, claim, aux);
        emit Escalated(jobId, address(module), windowEnd);
    }

    /// @inheritdoc IJobMarket
    function settle(uint256 jobId) external nonReentrant {
        Job storage job = _revealed(jobId);
        (IProofModule.Status verdict, address challenger) = IProofModule(job.module).status(jobId);
        if (verdict == IProofModule.Status.Valid) return _finish(jobId, job);
        if (verdict == IProofModule.Status.Invalid) return _refute(jobId, job, challenger);
        if (verdict == IProofModule.Status.Pending) {
            if (Time.timestamp() <= job.deadline + MAX_DISPUTE_TIME) revert StillPending(jobId);
        } else if (verdict == IProofModule.Status.Disputed) {
            uint256 deadline = job.deadline + ESCALATION_TIME;
            if (Time.timestamp() <= deadline) revert AwaitsEscalation(jobId, deadline);
        }
        _refund(jobId, job, State.Cancelled);
    }

    /// @inheritdoc IJobMarket
    function claimTimeout(uint256 jobId) external nonReentrant {
        Job storage job = _storage().jobs[jobId];
        State state = job.state;
        if (state == State.None || state > State.Called) revert WrongState(jobId, state);
        if (Time.timestamp() <= job.deadline) revert TooEarly(jobId, job.deadline);
        if (state == State.Called) _refute(jobId, job, job.requester);
        else _refund(jobId, job, State.Expired);
    }

    /// @inheritdoc IJobMarket
    function releaseBond(uint256 jobId, address challenger) external nonReentrant {
        JobMarketStorage storage $ = _storage();
        Bond memory bond = $.bonds[jobId][challenger];
        if (bond.amount == 0) revert NoBond(jobId, challenger);
        IProofModule.Status outcome = IProofModule(bond.module).disputeOf(jobId, challenger);
        // A job that ended without a verdict leaves disputes that nobody can be said to have lost.
        if (outcome == IProofModule.Status.Pending && $.jobs[jobId].state < State.Final) revert StillPending(jobId);
        delete $.bonds[jobId][challenger];
        _releaseBond(jobId, challenger, bond.amount, outcome == IProofModule.Status.Valid);
    }

    /// @inheritdoc IJobMarket
    function retryPayout(uint256 jobId) external nonReentrant {
        JobMarketStorage storage $ = _storage();
        uint256 amount = $.deferred[jobId];
        if (amount == 0) revert NothingDeferred(jobId);
        $.deferred[jobId] = 0;
        Job storage job = $.jobs[jobId];
        _writeOff(job.currency, amount);
        emit PaidToTill(jobId, amount);
        _send(job.currency, _tillOf(job), amount);
    }

    /// @inheritdoc IJobMarket
    function setModule(uint8 tier, IProofModule module) external restricted {
        if (address(module) != address(0) && module.tier() != tier) revert TierMismatch(tier, module.tier());
        _storage().modules[tier] = module;
        emit ModuleSet(tier, address(module));
    }

    /// @inheritdoc IJobMarket
    function setParameters(Parameters memory newParameters) external restricted {
        _setParameters(newParameters);
    }

    /// @inheritdoc IJobMarket
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IJobMarket
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IJobMarket
    function jobOf(uint256 jobId) external view returns (Job memory) {
        return _storage().jobs[jobId];
    }

    /// @inheritdoc IJobMarket
    function totalJobs() external view returns (uint256) {
        return _storage().totalJobs;
    }

    /// @inheritdoc IJobMarket
    function bondOf(uint256 jobId, address challenger) external view returns (Bond memory) {
        return _storage().bonds[jobId][challenger];
    }

    /// @inheritdoc IJobMarket
    function deferredOf(uint256 jobId) external view returns (uint256) {
        return _storage().deferred[jobId];
    }

    /// @inheritdoc IJobMarket
    function challengeOf(bytes32 digest) external view returns (uint256 jobId) {
        return _storage().challenged[digest];
    }

    /// @inheritdoc IJobMarket
    function committedIn(bytes32 commitment) external view returns (uint256 blockNumber) {
        return _storage().committedIn[commitment];
    }

    /// @inheritdoc IJobMarket
    function moduleOf(uint8 tier) external view returns (IProofModule) {
        return _storage().modules[tier];
    }

    /// @inheritdoc IJobMarket
    function parameters() external view returns (Parameters memory) {
        return _storage().parameters;
    }

    /// @inheritdoc IJobMarket
    function resultCommitment(
        uint256 jobId,
        address operator,
        Result calldata result,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), jobId, operator, result, salt));
    }

    /// @inheritdoc IJobMarket
    function challengeCommitment(
        address challenger,
        bytes32 subject,
        bytes32 content,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), challenger, subject, content, salt));
    }

    /// @inheritdoc IJobMarket
    function receiptDigest(Receipt calldata receipt) public view returns (bytes32) {
        return
            MessageHashUtils.toTypedDataHash(
                keccak256(abi.encode(DOMAIN_TYPEHASH, DOMAIN_NAME, DOMAIN_VERSION, block.chainid, address(this))),
                keccak256(abi.encode(RECEIPT_TYPEHASH, receipt))
            );
    }

    function _store(Job memory job) private returns (uint256 jobId) {
        jobId = ++_storage().totalJobs;
        _storage().jobs[jobId] = job;
    }

    /// @dev Locks what a receipt's operator may lose.
    function _called(Receipt calldata receipt, bytes32 subject) private returns (Job memory job) {
        Parameters memory p = _storage().parameters;
        (uint256 lockId, uint256 locked) = STAKING.lockDisputed(receipt.operator, p.receiptSlash);
        job.requester = msg.sender;
        job.state = State.Called;
        job.tier = REFEREED;
        job.computeTime = p.receiptLifetime;
        job.deadline = Time.timestamp() + p.answerTime;
        job.operator = receipt.operator;
        job.lockId = lockId.toUint48();
        job.committedAt = receipt.time;
        job.module = address(_moduleFor(REFEREED));
        job.currency = address(CP);
        job.price = p.challengeBond;
        job.bond = locked.toUint96();
        job.inputRoot = receipt.inputRoot;
        job.commitment = subject;
    }

    function _reveal(
        uint256 jobId,
        Job storage job,
        IProofModule.Claim memory claim,
        bytes calldata aux,
        string calldata dataRef
    ) private {
        if (claim.outputRoot == 0) revert MissingRoot();
        job.state = State.Revealed;
        job.commitment = keccak256(abi.encode(claim));
        uint256 windowEnd = _openWindow(jobId, job, IProofModule(job.module), claim, aux);
        emit ResultRevealed(jobId, claim, windowEnd, dataRef);
    }

    /// @dev The module is the governance's choice, but what it says is bounded here: a lock has to end some day.
    function _openWindow(
        uint256 jobId,
        Job storage job,
        IProofModule module,
        IProofModule.Claim memory claim,
        bytes calldata aux
    ) private returns (uint48 windowEnd) {
        uint48 time = Time.timestamp();
        uint256 end = module.onClaim(jobId, claim, aux);
        _requireWithin(end, time, time + MAX_WINDOW);
        windowEnd = uint48(end);
        job.deadline = windowEnd;
    }

    function _openDispute(uint256 jobId, Job storage job, address module) private {
        JobMarketStorage storage $ = _storage();
        if ($.bonds[jobId][msg.sender].amount != 0) revert StillPending(jobId);
        uint96 amount = $.parameters.challengeBond;
        $.bonds[jobId][msg.sender] = Bond(module, amount);
        job.state = State.Challenged;
        emit DisputeOpened(jobId, msg.sender, module, amount);
        _takeBond(amount);
    }

    /// @dev The claim stood.
    function _finish(uint256 jobId, Job storage job) private {
        job.state = State.Final;
        emit JobEnded(jobId, State.Final, address(0));
        STAKING.unlock(job.operator, job.lockId);
        if (job.modelId == 0) _releaseBond(jobId, job.requester, job.price, true);
        else _payPrice(jobId, job);
    }

    /// @dev The claim was disproved, or not answered for.
    function _refute(uint256 jobId, Job storage job, address challenger) private {
        job.state = State.Refuted;
        emit JobEnded(jobId, State.Refuted, challenger);
        STAKING.slash(job.operator, job.lockId, job.bond, challenger);
        _giveBack(jobId, job);
    }

    /// @dev There is nothing to pay or to slash for.
    function _refund(uint256 jobId, Job storage job, State state) private {
        job.state = state;
        emit JobEnded(jobId, state, address(0));
        if (job.lockId != 0) STAKING.unlock(job.operator, job.lockId);
        _giveBack(jobId, job);
    }

    function _giveBack(uint256 jobId, Job storage job) private {
        if (job.modelId == 0) _releaseBond(jobId, job.requester, job.price, false);
        else _payOut(job.currency, job.requester, job.price);
    }

    /// @dev A till takes everything; only a token can fail. Whoever settles can choose the gas such that it does: then the
    /// price stays here for the same till.
    function _payPrice(uint256 jobId, Job storage job) private {
        if (_trySend(job.currency, _tillOf(job), job.price)) {
            _writeOff(job.currency, job.price);
            emit PaidToTill(jobId, job.price);
        } else {
            _storage().deferred[jobId] = job.price;
            emit PayoutDeferred(jobId, job.price);
        }
    }

    function _takeBond(uint256 amount) private {
        _takeIn(address(CP), amount);
    }

    function _releaseBond(uint256 jobId, address challenger, uint256 amount, bool lost) private {
        uint256 toOperator = lost ? amount / 2 : 0;
        uint256 burnt = lost ? amount - toOperator : 0;
        uint256 returned = amount - toOperator - burnt;
        emit BondReleased(jobId, challenger, returned, toOperator, burnt);
        _payOut(address(CP), challenger, returned);
        _payOut(address(CP), _storage().jobs[jobId].operator, toOperator);
        _payOut(address(CP), BURN_ADDRESS, burnt);
    }

    function _setParameters(Parameters memory p) private {
        _requireWithin(p.minBond, 1, type(uint96).max);
        _requireWithin(p.challengeBond, 1, MAX_CHALLENGER_BOND);
        _requireWithin(p.receiptSlash, 4 * uint256(p.challengeBond), type(uint96).max);
        _requireWithin(p.revealTime, 1 minutes, 1 days);
        _requireWithin(p.answerTime, 10 minutes, 3 days);
        // Less than the 14 days for which stake thaws: what stood behind a receipt is still there to be slashed.
        _requireWithin(p.receiptLifetime, 1 hours, 13 days);
        _storage().parameters = p;
        emit ParametersSet(p);
    }

    function _requireOrder(Job memory order) private view {
        if (!ROUTER.isCurrencyAccepted(order.currency)) revert CurrencyNotAccepted(order.currency);
        if (!MODELS.isOnOffer(order.modelId)) revert ModelNotOnOffer(order.modelId);
        if (!COMPUTE_MODELS.hasRoots(order.modelId, order.version)) revert NoRoots(order.modelId, order.version);
        if (order.inputRoot == 0) revert MissingRoot();
        uint256 time = Time.timestamp();
        _requireWithin(order.deadline, time, time + MAX_ACCEPT_TIME);
        _requireWithin(order.computeTime, 1, MAX_COMPUTE_TIME);
        _requireWithin(order.bond, _storage().parameters.minBond, type(uint96).max);
    }

    function _requireReceipt(
        Receipt calldata receipt,
        bytes32 digest,
        bytes calldata signature,
        IComputeModels.Roots memory roots
    ) private view {
        JobMarketStorage storage $ = _storage();
        uint256 time = Time.timestamp();
        uint256 lifetime = $.parameters.receiptLifetime;
        _requireWithin(receipt.time, time - lifetime, time);
        (address signer, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (signer == address(0) || signer != receipt.operator) revert InvalidReceipt(receipt.operator, signer);
        bytes32 commitment = keccak256(abi.encode(roots));
        if (commitment != receipt.modelCommitment) revert ModelMismatch(receipt.modelCommitment, commitment);
        if ($.challenged[digest] != 0) revert AlreadyChallenged($.challenged[digest]);
    }

    function _requireCommitted(bytes32 commitment) private view {
        uint256 committed = _storage().committedIn[commitment];
        if (committed == 0 || committed >= block.number) revert NotCommitted(commitment);
    }

    function _requireOperator(uint256 jobId, address operator) private view {
        if (msg.sender != operator) revert NotJobOperator(jobId, msg.sender, operator);
    }

    function _moduleFor(uint8 tier) private view returns (IProofModule module) {
        module = _storage().modules[tier];
        if (address(module) == address(0)) revert NoModule(tier);
    }

    function _in(uint256 jobId, State state) private view returns (Job storage job) {
        job = _storage().jobs[jobId];
        if (job.state != state) revert WrongState(jobId, job.state);
    }

    function _inTime(uint256 jobId, State state) private view returns (Job storage job) {
        job = _in(jobId, state);
        if (Time.timestamp() > job.deadline) revert TooLate(jobId, job.deadline);
    }

    function _revealed(uint256 jobId) private view returns (Job storage job) {
        job = _storage().jobs[jobId];
        if (job.state != State.Revealed && job.state != State.Challenged) revert WrongState(jobId, job.state);
    }

    function _tillOf(Job storage job) private view returns (address) {
        return SETTLEMENT.tillOf(job.modelId, job.version, job.operator);
    }

    function _claimOfJob(Job storage job, Result calldata result) private view returns (IProofModule.Claim memory) {
        return _claimOf(job, COMPUTE_MODELS.rootsOf(job.modelId, job.version), result, 0);
    }

    function _claimOf(
        Job storage job,
        IComputeModels.Roots memory roots,
        Result calldata result,
        uint64 openUntil
    ) private view returns (IProofModule.Claim memory) {
        return
            IProofModule.Claim({
                operator: job.operator,
                programRoot: roots.programRoot,
                modelRoot: roots.modelRoot,
                lutRoot: roots.lutRoot,
                inputRoot: job.inputRoot,
                outputRoot: result.outputRoot,
                traceRoot: result.traceRoot,
                opRootsHash: result.opRootsHash,
                committedAt: job.committedAt,
                openUntil: openUntil
            });
    }

    function _requireMatch(uint256 jobId, bytes32 expected, bytes32 found) private pure {
        if (found != expected) revert CommitmentMismatch(jobId, expected, found);
    }

    function _requireWithin(uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert OutOfBounds(value, min, max);
    }

    function _storage() private pure returns (JobMarketStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
