// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

/// @title The formulas of single steps
/// @notice docs/proof-of-compute.md, section 5; offchain/compute/steps.py says the same in Python. All of them are total:
/// whatever values of their types leaves hold, nothing overflows 256 bits, hence `unchecked` throughout.
library Steps {
    int256 private constant MAX_32 = 2 ** 31 - 1;
    int256 private constant MAX_24 = 2 ** 23 - 1;
    int256 private constant CODE = 8191;

    /// @dev log2(e), Q16; beyond `FAR` e^-y is not told apart, Q16.
    uint256 private constant LOG2_E = 94_548;
    uint256 private constant FAR = 40 << 16;

    /// @dev Keeps every second of 16 lanes of 16 bits, with the lowest.
    uint256 private constant EVERY_SECOND = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;

    /// @dev Value `i` of big-endian signed integers of `size` bytes.
    function valueAt(bytes calldata data, uint256 size, uint256 i) internal pure returns (int256 value) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            value := sar(sub(256, shl(3, size)), calldataload(add(data.offset, mul(size, i))))
        }
    }

    /// @dev The largest of all values, of which there is one at least.
    function maxOf(bytes calldata data, uint256 size) internal pure returns (int256 most) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let bits := sub(256, shl(3, size))
            most := not(shr(1, not(0)))
            let end := add(data.offset, data.length)
            for {
                let at := data.offset
            } lt(at, end) {
                at := add(at, size)
            } {
                let value := sar(bits, calldataload(at))
                if sgt(value, most) {
                    most := value
                }
            }
        }
    }

    /// @dev The largest magnitude of all values, 32 bits each.
    function maxAbs(bytes calldata data) internal pure returns (uint256 most) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let end := add(data.offset, data.length)
            for {
                let at := data.offset
            } lt(at, end) {
                at := add(at, 4)
            } {
                let value := sar(224, calldataload(at))
                let sign := sar(255, value)
                value := sub(xor(value, sign), sign)
                if gt(value, most) {
                    most := value
                }
            }
        }
    }

    function sat32(int256 value) internal pure returns (int256) {
        return clamp(value, MAX_32);
    }

    function clamp(int256 value, int256 bound) internal pure returns (int256) {
        unchecked {
            if (value > bound) return bound;
            return value < -bound ? -bound : value;
        }
    }

    function rounded(int256 value, uint256 shift) internal pure returns (int256) {
        unchecked {
            return (value + ((int256(1) << shift) >> 1)) >> shift;
        }
    }

    /// @dev e^-y, Q30, of y in Q16.
    function exp(uint256 y) internal pure returns (uint256) {
        unchecked {
            uint256 u = ((y < FAR ? y : FAR) * LOG2_E) >> 16;
            uint256 f = u & 65_535;
            uint256 inner = 257_114_721 - ((f * (57_148_382 - ((f * 7_335_691) >> 16))) >> 16);
            return (2 ** 30 - ((f * (744_171_342 - ((f * inner) >> 16))) >> 16)) >> (u >> 16);
        }
    }

    /// @dev A product with a weight row's multiplier m · 2^-s, to the fraction bits wanted.
    function scale(int256 value, uint256 m, int256 shift) internal pure returns (int256) {
        unchecked {
            uint256 bits = shift < 1 ? 1 : Math.min(uint256(shift), 62);
            return sat32(rounded(value * int256(m), bits));
        }
    }

    /// @dev Shift of a row whose largest magnitude is `peak`.
    function shiftOf(uint256 peak) internal pure returns (uint256) {
        unchecked {
            return peak < 2 ** 13 ? 0 : Math.log2(peak) - 12;
        }
    }

    /// @dev A value, quantised.
    function code(int256 value, uint256 shift) internal pure returns (int256) {
        return clamp(rounded(value, shift), CODE);
    }

    /// @dev Σ q[i]·w[i] over `count` values, a multiple of 16: q from `q` on, 16 bits each; w from `w` on, 8 bits each.
    /// Sixteen products cost two multiplications: with the offset values u = q + 2^15, v = w + 2^7 as digits of base 2^32,
    /// one of them in reverse order, the highest digit of a product is Σ uv of eight. The offsets are taken out at the end.
    function dot(uint256 q, uint256 w, uint256 count) internal pure returns (int256 sum) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let pairs := EVERY_SECOND
            let uv := 0
            let us := 0
            let vs := 0
            for {
                let end := add(w, count)
            } lt(w, end) {
                w := add(w, 16)
                q := add(q, 32)
            } {
                let u := xor(calldataload(q), 0x8000800080008000800080008000800080008000800080008000800080008000)
                let v := shr(
                    128,
                    xor(calldataload(w), 0x8080808080808080808080808080808000000000000000000000000000000000)
                )
                // 16 bytes, first one highest, become lanes of 16 bits, first one lowest: halves swap and move apart.
                v := or(shr(64, v), shl(128, and(v, 0xffffffffffffffff)))
                v := or(
                    and(shr(32, v), 0x00000000ffffffff000000000000000000000000ffffffff),
                    shl(64, and(v, 0x00000000ffffffff000000000000000000000000ffffffff))
                )
                v := or(
                    and(shr(16, v), 0x0000ffff000000000000ffff000000000000ffff000000000000ffff),
                    shl(32, and(v, 0x0000ffff000000000000ffff000000000000ffff000000000000ffff))
                )
                let v0 := and(shr(8, v), 0x000000ff000000ff000000ff000000ff000000ff000000ff000000ff000000ff)
                let v1 := and(v, 0x000000ff000000ff000000ff000000ff000000ff000000ff000000ff000000ff)
                let u0 := and(shr(16, u), pairs)
                let u1 := and(u, pairs)
                uv := add(uv, shr(224, add(mul(u0, v0), mul(u1, v1))))
                us := add(us, add(u0, u1))
                vs := add(vs, add(v0, v1))
            }
            let ones := 0x0000000100000001000000010000000100000001000000010000000100000001
            us := shr(224, mul(us, ones))
            vs := shr(224, mul(vs, ones))
            sum := add(sub(sub(uv, shl(7, us)), shl(15, vs)), shl(22, count))
        }
    }

    /// @dev Of an activation row and a weight row.
    function linear(bytes calldata row, bytes calldata weights, uint256 out) internal pure returns (int256) {
        unchecked {
            uint256 q;
            uint256 w;
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                q := add(row.offset, 1)
                w := add(weights.offset, 5)
            }
            int256 sum = dot(q, w, weights.length - 5);
            int256 shift = int256(uint256(uint8(weights[4]))) + 16 - int256(out) - int256(uint256(uint8(row[0])));
            return scale(sum, uint32(bytes4(weights)), shift);
        }
    }

    /// @dev Column `i` of a weight row, Q14.
    function embed(bytes calldata weights, uint256 i) internal pure returns (int256) {
        unchecked {
            int256 shift = int256(uint256(uint8(weights[4]))) - 14;
            return scale(valueAt(weights[5:], 1, i), uint32(bytes4(weights)), shift);
        }
    }

    /// @dev One of a pair, turned: the second if `odd`.
    function rope(int256 a, int256 b, int256 c, int256 s, bool odd) internal pure returns (int256) {
        unchecked {
            int256 turned = odd ? a * s + b * c : a * c - b * s;
            return clamp((turned + 2 ** 17) >> 18, MAX_24);
        }
    }

    /// @dev Of 64 values each, 32 bits.
    function score(bytes calldata q, bytes calldata k) internal pure returns (int256) {
        unchecked {
            int256 sum = 0;
            for (uint256 i = 0; i < 64; ++i) sum += valueAt(q, 4, i) * valueAt(k, 4, i);
            return sat32(sum >> 11);
        }
    }

    /// @dev Weighted sum over the scores' positions, and what came before; of ones if `values` is empty.
    function attend(
        bytes calldata scores,
        int256 top,
        bytes calldata values,
        int256 sum
    ) internal pure returns (int256) {
        unchecked {
            uint256 count = scores.length / 4;
            if (values.length == 0) {
                for (uint256 i = 0; i < count; ++i) sum += _attention(scores, top, i);
            } else {
                for (uint256 i = 0; i < count; ++i) sum += _attention(scores, top, i) * valueAt(values, 4, i);
            }
            return sum;
        }
    }

    function divide(int256 total, int256 weight) internal pure returns (int256) {
        unchecked {
            return weight > 0 ? sat32(total / weight) : int256(0);
        }
    }

    function swiglu(int256 g, int256 u) internal pure returns (int256) {
        unchecked {
            uint256 y = exp(SignedMath.abs(g));
            uint256 sigmoid = (g < 0 ? y << 16 : 2 ** 46) / (2 ** 30 + y);
            return sat32((((g * int256(sigmoid)) >> 16) * u + 2 ** 15) >> 16);
        }
    }

    /// @dev `first` is the vocabulary index of the first of the logits.
    function chunkMax(bytes calldata logits, uint256 first) internal pure returns (int256 most) {
        unchecked {
            most = type(int256).min;
            uint256 count = logits.length / 4;
            for (uint256 i = 0; i < count; ++i) {
                most = SignedMath.max(most, valueAt(logits, 4, i) * 65_536 + 65_535 - int256(first + i));
            }
        }
    }

    /// @dev What a logit is drawn with, Q30; `top` is the TOP value.
    function weightOf(int256 logit, int256 top, uint256 beta) internal pure returns (int256) {
        unchecked {
            int256 y = (top >> 16) - logit;
            return int256(exp(y < 0 ? 0 : (uint256(y) * beta) >> 16));
        }
    }

    function chunkSum(bytes calldata logits, int256 top, uint256 beta) internal pure returns (int256 sum) {
        unchecked {
            uint256 count = logits.length / 4;
            for (uint256 i = 0; i < count; ++i) sum += weightOf(valueAt(logits, 4, i), top, beta);
        }
    }

    function greedy(int256 top) internal pure returns (int256) {
        unchecked {
            return 65_535 - (top & 65_535);
        }
    }

    /// @dev The chunk that a draw of 64 bits falls into, and how far into it, of the SUM row.
    function drawnChunk(bytes calldata sums, uint256 draw) internal pure returns (uint256 chunk, int256 within) {
        unchecked {
            uint256 last = sums.length / 8 - 1;
            int256 total = 0;
            for (uint256 i = 0; i <= last; ++i) total += valueAt(sums, 8, i);
            within = (int256(draw) * total) >> 64;
            for (; chunk < last; ++chunk) {
                int256 sum = valueAt(sums, 8, chunk);
                if (sum > within) break;
                within -= sum;
            }
        }
    }

    /// @dev The place within the chunk.
    function drawnIndex(
        bytes calldata logits,
        int256 top,
        uint256 beta,
        int256 within
    ) internal pure returns (uint256 i) {
        unchecked {
            uint256 last = logits.length / 4 - 1;
            for (; i < last; ++i) {
                within -= weightOf(valueAt(logits, 4, i), top, beta);
                if (within < 0) break;
            }
        }
    }

    /// @dev Whether a row is not the one that RMSNorm makes of x, 32 bits a value, and norm weights, 16 bits.
    function normqDiffers(
        bytes calldata row,
        bytes calldata x,
        bytes calldata weights,
        uint256 eps
    ) internal pure returns (bool) {
        (uint256 y, uint256 most) = _normed(x, weights, eps);
        return _rowDiffers(row, y, shiftOf(most));
    }

    /// @dev How much a position counts, Q20.
    function _attention(bytes calldata scores, int256 top, uint256 i) private pure returns (int256) {
        unchecked {
            int256 y = top - valueAt(scores, 4, i);
            return int256(exp(y < 0 ? 0 : uint256(y)) >> 10);
        }
    }

    /// @dev Whether a row is not the quantised one of the words that stand in memory from `y` on, a multiple of four of
    /// them, all of which are less than 2^(13 + shift): rounded they are at most 2^13, and cut down to one less.
    function _rowDiffers(bytes calldata row, uint256 y, uint256 shift) private pure returns (bool differs) {
        if (uint8(row[0]) != shift) return true;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let half := shr(1, shl(shift, 1))
            let end := add(row.offset, row.length)
            for {
                let at := add(row.offset, 1)
            } lt(at, end) {
                at := add(at, 8)
            } {
                let four := calldataload(at)
                let code_ := sar(shift, add(mload(y), half))
                code_ := sub(add(code_, eq(code_, not(8191))), eq(code_, 8192))
                differs := or(differs, xor(code_, sar(240, four)))
                code_ := sar(shift, add(mload(add(y, 32)), half))
                code_ := sub(add(code_, eq(code_, not(8191))), eq(code_, 8192))
                differs := or(differs, xor(code_, sar(240, shl(16, four))))
                code_ := sar(shift, add(mload(add(y, 64)), half))
                code_ := sub(add(code_, eq(code_, not(8191))), eq(code_, 8192))
                differs := or(differs, xor(code_, sar(240, shl(32, four))))
                code_ := sar(shift, add(mload(add(y, 96)), half))
                code_ := sub(add(code_, eq(code_, not(8191))), eq(code_, 8192))
                differs := or(differs, xor(code_, sar(240, shl(48, four))))
                y := add(y, 128)
            }
            differs := iszero(iszero(differs))
        }
    }

    /// @dev Where in memory the normed values stand, a word each, and a number as long in bits as their largest magnitude;
    /// of a multiple of four values.
    function _normed(
        bytes calldata x,
        bytes calldata weights,
        uint256 eps
    ) private pure returns (uint256 y, uint256 most) {
        uint256 s = _magnitudes(x);
        s = s < 2 ** 24 ? 0 : Math.log2(s) - 23;
        uint256 inverse = 2 ** 50 / _root(x, s, eps);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            y := mload(0x40)
            mstore(0x40, add(y, shl(3, x.length)))
            s := add(224, s)
            let to := y
            let w := weights.offset
            let end := add(w, weights.length)
            for {
                let at := x.offset
            } lt(w, end) {
                at := add(at, 16)
            } {
                let xs := calldataload(at)
                let ws := calldataload(w)
                let value := sar(28, mul(sar(s, xs), inverse))
                value := sar(12, add(mul(value, sar(240, ws)), 2048))
                mstore(to, value)
                most := or(most, sub(xor(value, sar(255, value)), sar(255, value)))
                value := sar(28, mul(sar(s, shl(32, xs)), inverse))
                value := sar(12, add(mul(value, sar(240, shl(16, ws))), 2048))
                mstore(add(to, 32), value)
                most := or(most, sub(xor(value, sar(255, value)), sar(255, value)))
                value := sar(28, mul(sar(s, shl(64, xs)), inverse))
                value := sar(12, add(mul(value, sar(240, shl(32, ws))), 2048))
                mstore(add(to, 64), value)
                most := or(most, sub(xor(value, sar(255, value)), sar(255, value)))
                value := sar(28, mul(sar(s, shl(96, xs)), inverse))
                value := sar(12, add(mul(value, sar(240, shl(48, ws))), 2048))
                mstore(add(to, 96), value)
                most := or(most, sub(xor(value, sar(255, value)), sar(255, value)))
                to := add(to, 128)
                w := add(w, 8)
            }
        }
    }

    /// @dev A number as long in bits as the largest magnitude of a multiple of eight values, 32 bits each: eight lanes at
    /// once, each xored with its sign and that added, which can't leave the lane.
    function _magnitudes(bytes calldata x) private pure returns (uint256 all) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let end := add(x.offset, x.length)
            let ones := 0x0000000100000001000000010000000100000001000000010000000100000001
            for {
                let at := x.offset
            } lt(at, end) {
                at := add(at, 32)
            } {
                let lanes := calldataload(at)
                let signs := and(shr(31, lanes), ones)
                all := or(all, add(xor(lanes, mul(signs, 0xffffffff)), signs))
            }
            all := or(all, shr(128, all))
            all := or(all, shr(64, all))
            all := and(or(all, shr(32, all)), 0xffffffff)
        }
    }

    /// @dev Root of the mean square of x >> s with epsilon, 6 fraction bits more than x has; of a multiple of eight values.
    function _root(bytes calldata x, uint256 s, uint256 eps) private pure returns (uint256) {
        uint256 count = x.length / 4;
        uint256 sum = (eps * count) >> (2 * s);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            s := add(224, s)
            let end := add(x.offset, x.length)
            for {
                let at := x.offset
            } lt(at, end) {
                at := add(at, 32)
            } {
                let eight := calldataload(at)
                let z := sar(s, eight)
                sum := add(sum, mul(z, z))
                z := sar(s, shl(32, eight))
                sum := add(sum, mul(z, z))
                z := sar(s, shl(64, eight))
                sum := add(sum, mul(z, z))
                z := sar(s, shl(96, eight))
                sum := add(sum, mul(z, z))
                z := sar(s, shl(128, eight))
                sum := add(sum, mul(z, z))
                z := sar(s, shl(160, eight))
                sum := add(sum, mul(z, z))
                z := sar(s, shl(192, eight))
                sum := add(sum, mul(z, z))
                z := sar(s, shl(224, eight))
                sum := add(sum, mul(z, z))
            }
        }
        return Math.max(1, Math.sqrt((sum / count) << 12));
    }
}
