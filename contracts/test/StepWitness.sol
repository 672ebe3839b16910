// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFaultVerifier} from "../compute/interfaces/IFaultVerifier.sol";
import {Steps} from "../compute/trace/Steps.sol";
import {Trees} from "../compute/trace/Trees.sol";

/// @title StepWitness
/// @notice Formulas of proof steps on many vectors in one call, for tests that compare them with the Python reference.
contract StepWitness {
    /// @notice Recomputes `vectors.length / stride` vectors of one kind.
    /// @param kind Of the formula.
    /// @param stride Bytes a vector.
    /// @param n Values that the formula sums over, where that varies.
    /// @param vectors One after another; what a vector consists of stands with each kind below.
    /// @return results One a vector.
    function recompute(
        IFaultVerifier.Kind kind,
        uint256 stride,
        uint256 n,
        bytes calldata vectors
    ) external pure returns (int256[] memory results) {
        uint256 count = vectors.length / stride;
        results = new int256[](count);
        for (uint256 i = 0; i < count; ++i) {
            results[i] = _one(kind, vectors[i * stride:(i + 1) * stride], n);
        }
    }

    /// @notice The chunk and the place in it that draws fall into: a vector is a draw of 8 bytes, a TOP value of 8, beta of
    /// 4, `n` sums of 8, `m` logits of 4.
    function drawn(
        uint256 n,
        uint256 m,
        bytes calldata vectors
    ) external pure returns (uint256[] memory chunks, uint256[] memory places) {
        uint256 stride = 20 + 8 * n + 4 * m;
        uint256 count = vectors.length / stride;
        chunks = new uint256[](count);
        places = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes calldata v = vectors[i * stride:(i + 1) * stride];
            int256 within;
            (chunks[i], within) = Steps.drawnChunk(v[20:20 + 8 * n], uint64(bytes8(v)));
            places[i] = Steps.drawnIndex(v[20 + 8 * n:], Steps.valueAt(v[8:], 8, 0), uint32(bytes4(v[16:])), within);
        }
    }

    /// @notice Salts and draws, see `Trees`.
    function salted(bytes32 secret, uint256 op, uint256 row) external pure returns (bytes16 salt, uint64 draw) {
        return (Trees.saltOf(secret, op, row), Trees.draw(secret, row));
    }

    function _one(IFaultVerifier.Kind kind, bytes calldata v, uint256 n) private pure returns (int256) {
        // Weight row of n, place.
        if (kind == IFaultVerifier.Kind.Embed) return Steps.embed(v[:5 + n], uint8(v[5 + n]));
        // Epsilon; row, x and weights of n: whether the row is another.
        if (kind == IFaultVerifier.Kind.Normq) return _normq(v, n);
        // Row of n, weight row of n, fraction bits.
        if (kind == IFaultVerifier.Kind.Linear) {
            return Steps.linear(v[:1 + 2 * n], v[1 + 2 * n:6 + 3 * n], uint8(v[6 + 3 * n]));
        }
        // a, b; cosine, sine; which.
        if (kind == IFaultVerifier.Kind.Rope) return _rope(v);
        // 64 values each.
        if (kind == IFaultVerifier.Kind.Score) return Steps.score(v[:256], v[256:]);
        // n values.
        if (kind == IFaultVerifier.Kind.Max) return Steps.maxOf(v, 4);
        // n scores; maximum; sum before; n values, or none.
        if (kind == IFaultVerifier.Kind.Attend) {
            return Steps.attend(v[:4 * n], Steps.valueAt(v, 4, n), v[4 * n + 12:], Steps.valueAt(v[4 * n + 4:], 8, 0));
        }
        return _small(kind, v, n);
    }

    function _small(IFaultVerifier.Kind kind, bytes calldata v, uint256 n) private pure returns (int256) {
        // Sum, weight.
        if (kind == IFaultVerifier.Kind.Divide) return Steps.divide(Steps.valueAt(v, 8, 0), Steps.valueAt(v, 8, 1));
        // n values.
        if (kind == IFaultVerifier.Kind.Peak) return Steps.sat32(int256(Steps.maxAbs(v)));
        // Peak, value: shift in the upper half, code in the lower.
        if (kind == IFaultVerifier.Kind.Quant) {
            uint256 shift = Steps.shiftOf(uint256(Steps.valueAt(v, 8, 0)));
            return int256(shift << 128) + Steps.code(Steps.valueAt(v, 8, 1), shift);
        }
        return _logits(kind, v, n);
    }

    function _logits(IFaultVerifier.Kind kind, bytes calldata v, uint256 n) private pure returns (int256) {
        // Both addends.
        if (kind == IFaultVerifier.Kind.Add) return Steps.sat32(Steps.valueAt(v, 4, 0) + Steps.valueAt(v, 4, 1));
        // Gate, up.
        if (kind == IFaultVerifier.Kind.Swiglu) return Steps.swiglu(Steps.valueAt(v, 4, 0), Steps.valueAt(v, 4, 1));
        // Index of the first; n logits.
        if (kind == IFaultVerifier.Kind.ChunkMax) return Steps.chunkMax(v[4:], uint32(bytes4(v)));
        // n values.
        if (kind == IFaultVerifier.Kind.Top) return Steps.maxOf(v, 8);
        // TOP value, beta; n logits.
        if (kind == IFaultVerifier.Kind.Sum) {
            return Steps.chunkSum(v[12:12 + 4 * n], Steps.valueAt(v, 8, 0), uint32(bytes4(v[8:])));
        }
        // TOP value.
        if (kind == IFaultVerifier.Kind.Token) return Steps.greedy(Steps.valueAt(v, 8, 0));
        revert IFaultVerifier.WrongKind(0, kind);
    }

    function _normq(bytes calldata v, uint256 n) private pure returns (int256) {
        uint256 x = 5 + 2 * n;
        bool differs = Steps.normqDiffers(v[4:x], v[x:x + 4 * n], v[x + 4 * n:], uint32(bytes4(v)));
        return differs ? int256(1) : int256(0);
    }

    function _rope(bytes calldata v) private pure returns (int256) {
        int256 cosine = Steps.valueAt(v, 2, 4);
        int256 sine = Steps.valueAt(v, 2, 5);
        return Steps.rope(Steps.valueAt(v, 4, 0), Steps.valueAt(v, 4, 1), cosine, sine, v[12] != 0);
    }
}
