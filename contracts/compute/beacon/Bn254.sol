// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BLS signatures on BN254, signature in G1
/// @notice Hash to G1 by RFC 9380 (expand_message_xmd with Keccak-256, map of Shallue and van de Woestijne for
/// y² = x³ + 3 with Z = 1, whose cofactor is 1), and the pairing check, by the precompiles 0x05, 0x06 and 0x08.
/// A precompile that does not answer is an error, never a `false`: what it answers does not depend on the gas supplied.
library Bn254 {
    /// @dev Affine; both 0 for infinity.
    struct G1 {
        uint256 x;
        uint256 y;
    }

    /// @dev Coordinates as EIP-197 has them: the imaginary part first.
    struct G2 {
        uint256 xIm;
        uint256 xRe;
        uint256 yIm;
        uint256 yRe;
    }

    /// @dev Order of the field.
    uint256 internal constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    uint256 private constant P_MINUS_2 = P - 2;
    uint256 private constant QUARTER = (P + 1) / 4;
    uint256 private constant TWO_TO_192 = 1 << 192;

    /// @dev Constants of the map: −Z/2, √(−12) (the even root), −16/3; g(Z) is 4.
    uint256 private constant C1 = 4;
    uint256 private constant C2 = 0x183227397098d014dc2822db40c0ac2ecbc0b548b438e5469e10460b6c3e7ea3;
    uint256 private constant C3 = 0x00000000000000016789af3a83522eb353c98fc6b36d713d5d8d1cc5dffffffa;
    uint256 private constant C4 = 0x10216f7ba065e00de81ac1e7808072c9dd2b2385cd7b438469602eb24829a9bd;
    uint256 private constant B = 3;

    /// @dev −1 times the generator of G2.
    uint256 private constant G2_X_IM = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 private constant G2_X_RE = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 private constant MINUS_G2_Y_IM = P - 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
    uint256 private constant MINUS_G2_Y_RE = P - 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;

    /// @notice A precompile did not answer: too little gas, or a point that is none.
    error PrecompileFailed(uint256 precompile);

    /// @notice Whether `signature` is of `message` by the key: e(signature, G2) = e(H(message), key). `signature` must be
    /// on the curve, `key` in the group; else this reverts.
    function isSignature(
        G1 memory signature,
        bytes32 message,
        bytes memory dst,
        G2 memory key
    ) internal view returns (bool) {
        G1 memory hash = hashToG1(message, dst);
        bytes memory input = abi.encode(
            [signature.x, signature.y, G2_X_IM, G2_X_RE, MINUS_G2_Y_IM, MINUS_G2_Y_RE],
            [hash.x, hash.y, key.xIm, key.xRe, key.yIm, key.yRe]
        );
        return _word(0x08, input) == 1;
    }

    /// @notice A point of G1 whose discrete logarithm nobody knows.
    function hashToG1(bytes32 message, bytes memory dst) internal view returns (G1 memory) {
        (uint256 u0, uint256 u1) = hashToField(message, dst);
        (uint256 x0, uint256 y0) = mapToG1(u0);
        (uint256 x1, uint256 y1) = mapToG1(u1);
        (bool success, bytes memory sum) = address(0x06).staticcall(abi.encode(x0, y0, x1, y1));
        if (!success || sum.length != 64) revert PrecompileFailed(0x06);
        return abi.decode(sum, (G1));
    }

    /// @notice map_to_curve of RFC 9380, appendix F.1.
    function mapToG1(uint256 u) internal view returns (uint256 x, uint256 y) {
        uint256 tv1 = mulmod(mulmod(u, u, P), C1, P);
        uint256 tv2 = addmod(1, tv1, P);
        tv1 = addmod(1, P - tv1, P);
        uint256 tv3 = _modexp(mulmod(tv1, tv2, P), P_MINUS_2);
        uint256 tv4 = mulmod(mulmod(u, tv1, P), mulmod(tv3, C3, P), P);
        bool isSquare;
        x = addmod(C2, P - tv4, P);
        (isSquare, y) = _yOf(x);
        if (!isSquare) {
            x = addmod(C2, tv4, P);
            (isSquare, y) = _yOf(x);
        }
        if (!isSquare) {
            x = mulmod(mulmod(tv2, tv2, P), tv3, P);
            x = addmod(mulmod(mulmod(x, x, P), C4, P), 1, P);
            (, y) = _yOf(x);
        }
        if (u & 1 != y & 1) y = P - y;
    }

    /// @notice hash_to_field of RFC 9380 with count 2 and L 48: 96 bytes by expand_message_xmd.
    function hashToField(bytes32 message, bytes memory dst) internal pure returns (uint256 u0, uint256 u1) {
        bytes memory suffix = abi.encodePacked(dst, uint8(dst.length));
        // A block of Keccak-256 is 136 bytes; the length asked for is 96.
        bytes32 b0 = keccak256(abi.encodePacked(new bytes(136), message, uint16(96), uint8(0), suffix));
        bytes32 b1 = keccak256(abi.encodePacked(b0, uint8(1), suffix));
        bytes32 b2 = keccak256(abi.encodePacked(b0 ^ b1, uint8(2), suffix));
        bytes32 b3 = keccak256(abi.encodePacked(b0 ^ b2, uint8(3), suffix));
        u0 = _reduce(uint256(b1) >> 64, ((uint256(b1) << 192) >> 64) | (uint256(b2) >> 128));
        u1 = _reduce(((uint256(b2) << 128) >> 64) | (uint256(b3) >> 192), (uint256(b3) << 64) >> 64);
    }

    /// @notice Whether a point is on the curve, its coordinates reduced, and not infinity.
    function isOnCurve(G1 memory point) internal pure returns (bool) {
        if (point.x >= P || point.y >= P) return false;
        return mulmod(point.y, point.y, P) == _cubic(point.x);
    }

    /// @dev A root of x³ + 3, if there is one. P is 3 modulo 4.
    function _yOf(uint256 x) private view returns (bool isSquare, uint256 y) {
        uint256 square = _cubic(x);
        y = _modexp(square, QUARTER);
        isSquare = mulmod(y, y, P) == square;
    }

    function _modexp(uint256 base, uint256 exponent) private view returns (uint256) {
        return _word(0x05, abi.encode(32, 32, 32, base, exponent, P));
    }

    function _word(uint160 precompile, bytes memory input) private view returns (uint256) {
        (bool success, bytes memory output) = address(precompile).staticcall(input);
        if (!success || output.length != 32) revert PrecompileFailed(precompile);
        return abi.decode(output, (uint256));
    }

    function _cubic(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), B, P);
    }

    /// @dev 48 bytes, given as twice 24, modulo P.
    function _reduce(uint256 high, uint256 low) private pure returns (uint256) {
        return addmod(mulmod(high, TWO_TO_192, P), low, P);
    }
}
