// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title One step of an inference, recomputed from what stands under a claim's roots
/// @notice docs/proof-of-compute.md has all formats and formulas. Integers are big-endian; Qn means value × 2^n.
interface IFaultVerifier {
    /// @notice What a fault is called; in section 6's order.
    enum Kind {
        Pad,
        Embed,
        Normq,
        Linear,
        Rope,
        Score,
        Max,
        Attend,
        Divide,
        Peak,
        Quant,
        Add,
        Swiglu,
        ChunkMax,
        Top,
        Sum,
        Token,
        Stop,
        Salt
    }

    /// @notice An answer, and the trace that is said to lead to it.
    /// @param id Binds chain, market, job and operator; part of each trace leaf.
    /// @param modelRoot Root of the weights.
    /// @param program Shape of the model, one word.
    /// @param inputRoot Root of the prompt's tokens.
    /// @param outputRoot Root of the completion's tokens.
    /// @param traceRoot Root of the trace.
    /// @param seed Of sampling.
    /// @param saltHash keccak256 of the secret that salts are derived from.
    /// @param promptTokens How many tokens the prompt has.
    /// @param completionTokens How many tokens the completion has.
    /// @param maxTokens How many it may have at most.
    /// @param beta Inverse temperature, Q16; 0 is greedy.
    struct TraceClaim {
        bytes32 id;
        bytes32 modelRoot;
        bytes32 program;
        bytes32 inputRoot;
        bytes32 outputRoot;
        bytes32 traceRoot;
        bytes32 seed;
        bytes32 saltHash;
        uint32 promptTokens;
        uint32 completionTokens;
        uint32 maxTokens;
        uint32 beta;
    }

    /// @notice A leaf, or all leaves of a row, and what leads from there to its root.
    /// @param salt Of the leaf; ignored for weights.
    /// @param data Of the leaf, or of all leaves of the row.
    /// @param path Siblings from the bottom up.
    struct Opening {
        bytes16 salt;
        bytes data;
        bytes32[] path;
    }

    /// @notice A wrong value. The places of all openings but the first follow from it.
    /// @param kind Of the op, or of what else is wrong.
    /// @param op Number of the op of the accused leaf; 2^32 − 1 for the completion's tokens.
    /// @param row Of the accused leaf.
    /// @param chunk Of the accused leaf.
    /// @param element Which value of the leaf is wrong, where the kind has one.
    /// @param openings The accused leaf, then what the step reads.
    struct Fault {
        Kind kind;
        uint32 op;
        uint32 row;
        uint32 chunk;
        uint32 element;
        Opening[] openings;
    }

    /// @notice The accused value is the right one.
    error NoFault();

    /// @notice There are fewer openings than this kind reads.
    /// @param index Its number.
    /// @param count How many there are.
    error MissingOpening(uint256 index, uint256 count);

    /// @notice The op is of another kind.
    /// @param op The op.
    /// @param kind The kind.
    error WrongKind(uint256 op, Kind kind);

    /// @notice The program has no such op.
    /// @param op The op.
    error NoSuchOp(uint256 op);

    /// @notice Nothing is at that place; for `Pad`: something is.
    /// @param op The op.
    /// @param row The row.
    /// @param chunk The chunk.
    error WrongPlace(uint256 op, uint256 row, uint256 chunk);

    /// @notice The leaf has no such value.
    /// @param element The value.
    /// @param count How many there are.
    error NoSuchElement(uint256 element, uint256 count);

    /// @notice An opening's data has another length, in bytes.
    /// @param found What it is.
    /// @param expected What it must be.
    error WrongLength(uint256 found, uint256 expected);

    /// @notice An opening's path has another length, in words.
    /// @param found What it is.
    /// @param expected What it must be.
    error WrongPathLength(uint256 found, uint256 expected);

    /// @notice An opening's path leads elsewhere.
    /// @param found What it is.
    /// @param expected What it must be.
    error WrongRoot(bytes32 found, bytes32 expected);

    /// @notice Its hash is not the claim's.
    /// @param found What it is.
    /// @param expected What it must be.
    error WrongSecret(bytes32 found, bytes32 expected);

    /// @notice Returns if the fault is proved, else reverts. Whether the claim was made is not looked at, nor whether
    /// its shape is one that formulas cover: that is checked when a claim is made.
    /// @param claim Whose roots everything opened stands under.
    /// @param fault What is wrong with it.
    /// @return place Of the accused leaf: op · 2^64 + row · 2^32 + chunk.
    function requireFault(TraceClaim calldata claim, Fault calldata fault) external pure returns (uint256 place);
}
