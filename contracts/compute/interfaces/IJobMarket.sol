// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeModels} from "./IComputeModels.sol";
import {IEscrow} from "./IEscrow.sol";
import {IProofModule} from "./IProofModule.sol";

/// @title Jobs whose results can be proven wrong, and receipts that are claims
/// @notice A requester escrows a price; an operator locks a bond of its stake, fixes its result hidden, reveals it, and is
/// paid once nobody proved it wrong. A signed receipt of an ordinary answer is a claim too: challenged, its operator has
/// to reveal the trace in time, and from there all goes as with a job.
///
/// `Open → Accepted → Committed → Revealed → (Challenged) → Final | Refuted`, `Cancelled` and `Expired` on the way;
/// a receipt begins as `Called`. Each job ends in exactly one of the last four, with one payout:
/// - `Final`: the claim stood; the price goes to InferenceSettlement's till of model, version and operator.
/// - `Refuted`: the claim was disproved (or the operator did not answer for its receipt): its lock is slashed, half to
///   the challenger, half burnt; the price goes back.
/// - `Cancelled`: taken back while open, or no verdict could be had: the price goes back, the lock ends.
/// - `Expired`: a deadline before the reveal was missed: the price goes back, the lock ends.
///
/// Only facts slash: a module's `Invalid`, or silence when a receipt is challenged. Amounts of CP are in wei, prices in the
/// smallest unit of their currency, times in unix seconds. Somebody may act up to and with the second of a deadline;
/// from the next second on its time-out can be claimed. Ids begin at 1.
interface IJobMarket is IEscrow {
    /// @notice Where a job is in its life.
    enum State {
        None,
        Open,
        Accepted,
        Committed,
        Called,
        Revealed,
        Challenged,
        Final,
        Refuted,
        Cancelled,
        Expired
    }

    /// @notice What a requester asks for.
    /// @param modelId In the ModelRegistry, on offer.
    /// @param version With roots in ComputeModels.
    /// @param tier How the result is verified: 0 zk, 1 refereed, 2 committee, 3 attested.
    /// @param acceptBy Last second to accept, at most `MAX_ACCEPT_TIME` ahead.
    /// @param computeTime Seconds from acceptance to the commitment.
    /// @param operator Who shall do it; zero for anybody.
    /// @param currency Accepted by the PaymentRouter.
    /// @param price Escrowed now. May be 0.
    /// @param bond CP that the operator has to lock, at least `minBond`.
    /// @param inputRoot Commitment to the input, sampling parameters and seed included.
    /// @param dataRef Where the operator finds the input.
    struct Order {
        uint64 modelId;
        uint32 version;
        uint8 tier;
        uint48 acceptBy;
        uint32 computeTime;
        address operator;
        address currency;
        uint96 price;
        uint96 bond;
        bytes32 inputRoot;
        string dataRef;
    }

    /// @notice What an operator says came out.
    /// @param outputRoot Commitment to the output, not 0.
    /// @param traceRoot Root of the trace; 0 for a tier that needs none.
    /// @param opRootsHash keccak256 of the op roots, 32 bytes each in order; 0 for a tier that needs none.
    struct Result {
        bytes32 outputRoot;
        bytes32 traceRoot;
        bytes32 opRootsHash;
    }

    /// @notice What an operator signs (EIP-712, domain "Cluster JobMarket", "1", chain, this contract) with each answer
    /// that it serves. Only signatures of the operator's own key count, not those of a contract, which could take them back.
    /// @param operator Who served.
    /// @param modelCommitment keccak256(abi.encode(roots)), see ComputeModels.
    /// @param inputRoot Commitment to the input, sampling parameters and seed included.
    /// @param outputRoot Commitment to the output.
    /// @param requestId The relay's name for the request.
    /// @param tokensIn Tokens of the request.
    /// @param tokensOut Tokens of the answer.
    /// @param currency In which it was priced.
    /// @param price What it cost.
    /// @param time When it was served. A client takes no receipt whose time is not now.
    struct Receipt {
        address operator;
        bytes32 modelCommitment;
        bytes32 inputRoot;
        bytes32 outputRoot;
        bytes32 requestId;
        uint32 tokensIn;
        uint32 tokensOut;
        address currency;
        uint128 price;
        uint48 time;
    }

    /// @notice A job, or a receipt that was challenged (`modelId` 0).
    /// @param requester Who escrowed `price`; of a receipt: who challenged it, with `price` CP as bond.
    /// @param state Where it is in its life.
    /// @param tier As ordered; 1 for a receipt.
    /// @param computeTime As ordered; of a receipt: for how long from `committedAt` it can be refuted at least.
    /// @param deadline Of the next step of this state; since the reveal the end of the window.
    /// @param operator Who was named, or accepted.
    /// @param lockId Its lock in OperatorStaking.
    /// @param committedAt When the result was fixed.
    /// @param module Which decides.
    /// @param modelId In the ModelRegistry; 0 for a receipt.
    /// @param version Of the model.
    /// @param currency Of the price.
    /// @param price Escrowed.
    /// @param bond CP that are locked, or have to be.
    /// @param agent 1 + id of the operator's agent in the IdentityRegistry; 0 for none.
    /// @param inputRoot Commitment to the input.
    /// @param commitment The hidden commitment; of a receipt not answered for: its subject; since the reveal:
    /// keccak256(abi.encode(claim)).
    struct Job {
        address requester;
        State state;
        uint8 tier;
        uint32 computeTime;
        uint48 deadline;
        address operator;
        uint48 lockId;
        uint48 committedAt;
        address module;
        uint64 modelId;
        uint32 version;
        address currency;
        uint96 price;
        uint96 bond;
        uint64 agent;
        bytes32 inputRoot;
        bytes32 commitment;
    }

    /// @notice A challenger's bond.
    /// @param module To whose dispute it belongs.
    /// @param amount CP; 0 if there is none.
    struct Bond {
        address module;
        uint96 amount;
    }

    /// @notice Figures that governance sets, for what is posted from then on.
    /// @param minBond Least bond of a job, CP; not 0.
    /// @param challengeBond What a lost dispute, or challenging a receipt that stands, costs, CP; 0 < b ≤
    /// `MAX_CHALLENGER_BOND`.
    /// @param receiptSlash What is locked, and lost, for a wrong receipt, CP; at least 4 × `challengeBond`.
    /// @param revealTime Seconds from commitment to reveal, 1 minute to 1 day.
    /// @param answerTime Seconds to answer for a receipt, 10 minutes to 3 days.
    /// @param receiptLifetime Seconds for which a receipt can be challenged, 1 hour to 13 days: less than stake thaws.
    struct Parameters {
        uint96 minBond;
        uint96 challengeBond;
        uint96 receiptSlash;
        uint32 revealTime;
        uint32 answerTime;
        uint32 receiptLifetime;
    }

    /// @notice A job was posted and its price escrowed.
    event JobCreated(
        uint256 indexed jobId,
        address indexed requester,
        uint256 indexed modelId,
        Job job,
        string dataRef
    );

    /// @notice An operator took a job; it has to commit by `deadline`.
    event JobAccepted(uint256 indexed jobId, address indexed operator, uint64 agent, uint256 lockId, uint256 deadline);

    /// @notice An operator fixed its result, hidden; it has to reveal by `deadline`.
    event ResultCommitted(uint256 indexed jobId, bytes32 commitment, uint256 deadline);

    /// @notice An operator revealed what it claims. Op roots and the like stand in the call's `aux`.
    event ResultRevealed(uint256 indexed jobId, IProofModule.Claim claim, uint256 windowEnd, string dataRef);

    /// @notice A receipt was challenged; its operator has to answer by `deadline`.
    event ReceiptChallenged(
        uint256 indexed jobId,
        address indexed operator,
        address indexed challenger,
        Job job,
        Receipt receipt
    );

    /// @notice Somebody will come back with what only they know now.
    event ChallengeCommitted(bytes32 indexed commitment, address indexed challenger);

    /// @notice A challenger opened a dispute and posted a bond, in CP.
    event DisputeOpened(uint256 indexed jobId, address indexed challenger, address module, uint256 bond);

    /// @notice A challenger's bond was released: `returned` to it, or `toOperator` and `burnt`.
    event BondReleased(
        uint256 indexed jobId,
        address indexed challenger,
        uint256 returned,
        uint256 toOperator,
        uint256 burnt
    );

    /// @notice A disputed claim went on to the refereed trace.
    event Escalated(uint256 indexed jobId, address module, uint256 windowEnd);

    /// @notice A job ended. `challenger` refuted it, or is zero.
    event JobEnded(uint256 indexed jobId, State indexed state, address indexed challenger);

    /// @notice The price could not be sent to its till; `retryPayout` sends it on later.
    event PayoutDeferred(uint256 indexed jobId, uint256 amount);

    /// @notice The price went to its till.
    event PaidToTill(uint256 indexed jobId, uint256 amount);

    /// @notice Which module decides a tier's jobs from now on; zero: no new jobs.
    event ModuleSet(uint8 indexed tier, address module);

    /// @notice The figures were set.
    event ParametersSet(Parameters parameters);

    /// @notice The job is not in a state in which this can be done.
    error WrongState(uint256 jobId, State state);

    /// @notice The last second for this has passed.
    error TooLate(uint256 jobId, uint256 deadline);

    /// @notice The deadline has not passed.
    error TooEarly(uint256 jobId, uint256 deadline);

    /// @notice Only the job's operator may do this.
    error NotJobOperator(uint256 jobId, address caller, address operator);

    /// @notice Only the job's requester may do this.
    error NotRequester(uint256 jobId, address caller, address requester);

    /// @notice PaymentRouter does not accept this currency.
    error CurrencyNotAccepted(address currency);

    /// @notice The model is not on offer.
    error ModelNotOnOffer(uint256 modelId);

    /// @notice Nobody fixed what this version computes.
    error NoRoots(uint256 modelId, uint256 version);

    /// @notice No module decides this tier.
    error NoModule(uint256 tier);

    /// @notice A commitment or root is missing.
    error MissingRoot();

    /// @notice What is revealed is not what was committed to.
    error CommitmentMismatch(uint256 jobId, bytes32 expected, bytes32 found);

    /// @notice A challenger has to commit in an earlier block to what it comes with.
    error NotCommitted(bytes32 commitment);

    /// @notice The verdict stands already; `settle` executes it.
    error AlreadyDecided(uint256 jobId, IProofModule.Status verdict);

    /// @notice The verdict is not there yet.
    error StillPending(uint256 jobId);

    /// @notice The claim waits for somebody to hand it on to the refereed trace, until `deadline`.
    error AwaitsEscalation(uint256 jobId, uint256 deadline);

    /// @notice Only a disputed claim with a trace can be handed on.
    error NotEscalatable(uint256 jobId);

    /// @notice The operator did not sign this receipt.
    error InvalidReceipt(address operator, address signer);

    /// @notice These are not the roots that the receipt names.
    error ModelMismatch(bytes32 expected, bytes32 found);

    /// @notice The receipt was challenged before, under this id.
    error AlreadyChallenged(uint256 jobId);

    /// @notice There is no such bond.
    error NoBond(uint256 jobId, address challenger);

    /// @notice Nothing was put off.
    error NothingDeferred(uint256 jobId);

    /// @notice A module's tier is not the one it is set for.
    error TierMismatch(uint256 expected, uint256 found);

    /// @notice A time, a bond or a figure is outside its bounds.
    error OutOfBounds(uint256 value, uint256 min, uint256 max);

    // solhint-disable ordering

    /// @notice Longest time from posting to acceptance, in seconds.
    function MAX_ACCEPT_TIME() external view returns (uint256);

    /// @notice Longest time from acceptance to commitment, in seconds.
    function MAX_COMPUTE_TIME() external view returns (uint256);

    /// @notice Longest window that a module may ask for, in seconds.
    function MAX_WINDOW() external view returns (uint256);

    /// @notice For how long after the window a module may be undecided, in seconds; then all is refunded.
    function MAX_DISPUTE_TIME() external view returns (uint256);

    /// @notice For how long after the window a disputed claim waits to be handed on, in seconds.
    function ESCALATION_TIME() external view returns (uint256);

    /// @notice Highest bond of a challenger, in wei of CP.
    function MAX_CHALLENGER_BOND() external view returns (uint256);

    /// @notice Posts a job. Pulls the price from the caller, who has approved this contract, or takes it from the call.
    function createJob(Order calldata order) external payable returns (uint256 jobId);

    /// @notice Takes back a job that nobody accepted. Requester only. Never paused.
    function cancelJob(uint256 jobId) external;

    /// @notice Takes a job and locks its bond. An operator with enough stake only: the named one, if there is one.
    /// @param agent 1 + id of the agent that is to have the outcome, if its owner wants it (see JobOutcomes); 0 for none.
    function acceptJob(uint256 jobId, uint64 agent) external;

    /// @notice Fixes the result without showing it: `resultCommitment`. Operator only.
    function commitResult(uint256 jobId, bytes32 commitment) external;

    /// @notice Shows the result and opens the window. Operator only.
    /// @param salt Of the commitment.
    /// @param aux What the module needs (see IProofModule.onClaim).
    /// @param dataRef Where verifiers find output and trace.
    function revealResult(
        uint256 jobId,
        Result calldata result,
        bytes32 salt,
        bytes calldata aux,
        string calldata dataRef
    ) external;

    /// @notice Fixes what the caller will challenge with, so that nobody who sees it then can claim it as theirs. The first
    /// time counts.
    /// @param commitment `challengeCommitment`.
    function commitChallenge(bytes32 commitment) external;

    /// @notice Challenges a claim with a proof. One that decides refutes the job in this call: the stake is slashed, the
    /// caller has its half. It must have been committed to in an earlier block. One that opens a dispute costs a bond of
    /// `challengeBond` CP, pulled from the caller, until the dispute has ended.
    /// @param salt Of the commitment; anything if the proof opens a dispute.
    function challenge(uint256 jobId, bytes calldata proof, bytes32 salt) external;

    /// @notice Challenges a signed receipt, once, with a bond of `challengeBond` CP pulled from the caller. Locks
    /// up to `receiptSlash` of the operator's stake, thawing stake included. Committed to in an earlier block, by the
    /// receipt's digest. Never paused. The operator keeps the inputs of what it signed for as long as receipts live.
    /// @param roots Which the receipt's model commitment stands for.
    function challengeReceipt(
        Receipt calldata receipt,
        bytes calldata signature,
        IComputeModels.Roots calldata roots,
        bytes32 salt
    ) external returns (uint256 jobId);

    /// @notice Answers for a receipt: the operator shows the trace behind it, by which anybody can refute it until
    /// the window ends, which is not before the receipt could not be challenged any more: challenging oneself gains nothing.
    /// @param roots As challenged.
    /// @param result Its `outputRoot` is the receipt's.
    function answerReceipt(
        uint256 jobId,
        IComputeModels.Roots calldata roots,
        Result calldata result,
        bytes calldata aux,
        string calldata dataRef
    ) external;

    /// @notice Hands a disputed claim on to the refereed trace. Anyone, until `ESCALATION_TIME` after the window.
    /// @param result As revealed.
    /// @param aux The op roots.
    function escalate(uint256 jobId, Result calldata result, bytes calldata aux) external;

    /// @notice Executes the verdict. Anyone. A module that has none `MAX_DISPUTE_TIME` after the window has none.
    function settle(uint256 jobId) external;

    /// @notice Ends a job whose next step is overdue: refunds it, or slashes an operator that does not answer for its
    /// receipt. Anyone.
    function claimTimeout(uint256 jobId) external;

    /// @notice Returns or takes a challenger's bond once its dispute has ended. What is taken goes half to the operator, for
    /// its trouble, and half is burnt, so that challenging oneself is not free. Anyone.
    function releaseBond(uint256 jobId, address challenger) external;

    /// @notice Sends a price on that could not be sent at first. Anyone.
    function retryPayout(uint256 jobId) external;

    /// @notice A job; all zero if there is none.
    function jobOf(uint256 jobId) external view returns (Job memory);

    /// @notice How many jobs and challenged receipts there ever were.
    function totalJobs() external view returns (uint256);

    /// @notice A challenger's bond.
    function bondOf(uint256 jobId, address challenger) external view returns (Bond memory);

    /// @notice Price that could not be sent to its till yet.
    function deferredOf(uint256 jobId) external view returns (uint256);

    /// @notice Id under which a receipt was challenged, by its digest; 0 if it was not.
    function challengeOf(bytes32 digest) external view returns (uint256 jobId);

    /// @notice Block in which a challenge was committed to; 0 if it was not.
    function committedIn(bytes32 commitment) external view returns (uint256 blockNumber);

    /// @notice Module of a tier; zero for none.
    function moduleOf(uint8 tier) external view returns (IProofModule);

    /// @notice The figures.
    function parameters() external view returns (Parameters memory);

    /// @notice keccak256(abi.encode(chain id, this, jobId, operator, result, salt)).
    function resultCommitment(
        uint256 jobId,
        address operator,
        Result calldata result,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice keccak256(abi.encode(chain id, this, challenger, subject, content, salt)).
    /// @param subject The job's id, or the receipt's digest.
    /// @param content keccak256 of the proof; 0 for a receipt.
    function challengeCommitment(
        address challenger,
        bytes32 subject,
        bytes32 content,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice EIP-712 digest of a receipt.
    function receiptDigest(Receipt calldata receipt) external view returns (bytes32);

    /// @notice Sets a tier's module for new jobs, and for claims that are handed on. Restricted, delayed.
    function setModule(uint8 tier, IProofModule module) external;

    /// @notice Sets the figures. Restricted, delayed.
    function setParameters(Parameters calldata newParameters) external;

    /// @notice Stops new jobs. Restricted, immediate. All that is on its way goes on.
    function pause() external;

    /// @notice Undoes `pause`. Restricted.
    function unpause() external;
}
