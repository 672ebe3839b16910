// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title How one tier of verification decides whether a claim about a computation is right
/// @notice The JobMarket holds money, bonds and deadlines; a module only says what is true. A job is a claim that the
/// market handed over: of an operator that revealed its result, or of one that answered for a signed receipt. Its id
/// is the market's and is never used twice. Times are unix seconds; a deadline's own second is the last in which one
/// may act, and the first in which the deadline can be held against anybody is the next.
///
/// Only the market may call `onClaim` and `submit`. Moves of a game (`reveal16`, `pick`, `timeout`, …) and votes are
/// the module's own functions and are called on it.
interface IProofModule {
    /// @notice What is known of a claim.
    /// - `Pending`: the window is open, or a dispute is; also before there is a claim.
    /// - `Valid`: it stands. Never before the window has ended and every dispute has.
    /// - `Invalid`: a fact that the chain checked contradicts it. The only verdict that slashes.
    /// - `Inconclusive`: the module could not decide: everything is refunded, nobody is paid or slashed.
    /// - `Disputed`: somebody disagrees, and only a refereed trace (tier 1) can decide: the market hands the claim on to
    ///   it, or refunds as above.
    /// All but `Pending` are final.
    enum Status {
        Pending,
        Valid,
        Invalid,
        Inconclusive,
        Disputed
    }

    /// @notice A claim: operator says that the program, run with these weights and tables on this input, gave this
    /// output, and that this is its trace.
    /// @param operator Who claims, and is slashed.
    /// @param programRoot Root of the op descriptors.
    /// @param modelRoot Root of the weights.
    /// @param lutRoot Root of the look-up tables.
    /// @param inputRoot Commitment to the input, sampling parameters and seed included.
    /// @param outputRoot Commitment to the output.
    /// @param traceRoot Root of the trace; 0 for a tier that needs none.
    /// @param opRootsHash keccak256 of the op roots, 32 bytes each in order; 0 for a tier that needs none.
    /// @param committedAt When the result was fixed: the hidden commitment's time, or the receipt's.
    /// @param openUntil The window lasts at least to this second; 0 if that is the module's to say.
    struct Claim {
        address operator;
        bytes32 programRoot;
        bytes32 modelRoot;
        bytes32 lutRoot;
        bytes32 inputRoot;
        bytes32 outputRoot;
        bytes32 traceRoot;
        bytes32 opRootsHash;
        uint64 committedAt;
        uint64 openUntil;
    }

    /// @notice Only the JobMarket may call this.
    error NotMarket(address caller);

    // solhint-disable ordering

    /// @notice The tier's number: 0 zk, 1 refereed, 2 committee, 3 attested.
    function tier() external view returns (uint8);

    /// @notice Takes a claim. Reverts if it is malformed for this tier (that is then the operator's reveal that fails).
    /// @param jobId The market's id, never seen before.
    /// @param claim What is claimed. A module that keeps only its hash has it handed in again with a proof.
    /// @param aux What the tier needs beside it: op roots, 32 bytes each in order (1); a proof (0); a quote (3).
    /// @return windowEnd Last second in which `submit` is open. The module must have decided 14 days after it.
    function onClaim(uint256 jobId, Claim calldata claim, bytes calldata aux) external returns (uint64 windowEnd);

    /// @notice Takes what a challenger has to say. It either decides the claim at once (then `status` is `Invalid`
    /// with this challenger), or opens a dispute between this challenger and the operator, or reverts: it never returns
    /// without one or the other. A challenger opens one dispute a job at most; several challengers may have one each at
    /// the same time, and a proof is heard while disputes are open. The market has seen to it that the challenger
    /// committed to this very proof in an earlier block if it decides, and has paid a bond if it opens a dispute.
    /// @param challenger Who is paid if this, or the dispute it opens, refutes the claim.
    /// @param proof Encoded as the tier has it.
    function submit(uint256 jobId, address challenger, bytes calldata proof) external;

    /// @notice The verdict, by which the market pays or slashes. Never depends on the gas supplied. Time-outs count
    /// as soon as they could be claimed or when they are, as the module likes, but always in the same way.
    /// @return verdict See `Status`.
    /// @return challenger Who refuted the claim if it is `Invalid`, else zero.
    function status(uint256 jobId) external view returns (Status verdict, address challenger);

    /// @notice How a challenger's dispute about a job stands, by which the market returns or takes its bond: `Pending`
    /// while it is open or if there is none, `Valid` if it was lost (the claim stood), `Invalid` if it was won,
    /// `Inconclusive` if it ended otherwise (the claim was refuted by somebody else first, or nobody could be told to
    /// be wrong): the bond goes back.
    function disputeOf(uint256 jobId, address challenger) external view returns (Status outcome);
}
