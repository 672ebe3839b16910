// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRandomBeacon} from "../interfaces/IRandomBeacon.sol";
import {Bn254} from "./Bn254.sol";

/// @title DrandBeacon
/// @notice Rounds of a drand network of scheme "bls-bn254-unchained-on-g1" (drand's evmnet), verified on chain. A round's
/// message is keccak256 of its number as 8 bytes, its signature is a point of G1 under the group's key, its randomness
/// is sha256 of the signature, as drand publishes it. Without owner, pause or upgrade; see {IRandomBeacon}.
contract DrandBeacon is IRandomBeacon {
    /// @notice What separates these signatures from all others (RFC 9380).
    bytes public constant DST = "BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_NUL_";

    uint256 private immutable KEY_X_IM;
    uint256 private immutable KEY_X_RE;
    uint256 private immutable KEY_Y_IM;
    uint256 private immutable KEY_Y_RE;

    /// @notice When round 1 was published.
    uint64 public immutable GENESIS;

    /// @notice Seconds from one round to the next.
    uint64 public immutable PERIOD;

    /// @inheritdoc IRandomBeacon
    mapping(uint64 round => bytes32) public randomnessOf;

    /// @notice A network needs a genesis and a period.
    error InvalidNetwork(uint64 genesis, uint64 period);

    /// @param key Public key of the group: four words as drand serves them, imaginary parts first.
    /// @param genesis When round 1 was published.
    /// @param period Seconds between rounds.
    constructor(Bn254.G2 memory key, uint64 genesis, uint64 period) {
        if (genesis == 0 || period == 0) revert InvalidNetwork(genesis, period);
        KEY_X_IM = key.xIm;
        KEY_X_RE = key.xRe;
        KEY_Y_IM = key.yIm;
        KEY_Y_RE = key.yRe;
        GENESIS = genesis;
        PERIOD = period;
        // The precompile refuses a key that is no point of the group; (1, 2) generates G1.
        Bn254.isSignature(Bn254.G1(1, 2), 0, DST, key);
    }

    /// @inheritdoc IRandomBeacon
    function deliver(uint64 round, bytes calldata proof) external returns (bytes32 randomness) {
        randomness = randomnessOf[round];
        if (randomness != 0) return randomness;
        // solhint-disable-next-line not-rely-on-time
        if (round == 0 || block.timestamp < timeOf(round)) revert RoundNotPublished(round);
        if (!verify(round, proof)) revert InvalidRound(round);
        randomness = sha256(proof);
        randomnessOf[round] = randomness;
        emit RoundDelivered(round, randomness);
    }

    /// @inheritdoc IRandomBeacon
    function roundAfter(uint64 time) external view returns (uint64 round) {
        return time < GENESIS ? 1 : (time - GENESIS) / PERIOD + 2;
    }

    /// @notice Whether `signature` is the group's of this round. With too little gas it reverts, and never says `false`.
    function verify(uint64 round, bytes calldata signature) public view returns (bool) {
        if (signature.length != 64) return false;
        Bn254.G1 memory point = abi.decode(signature, (Bn254.G1));
        if (!Bn254.isOnCurve(point)) return false;
        bytes32 message = keccak256(abi.encodePacked(round));
        return Bn254.isSignature(point, message, DST, Bn254.G2(KEY_X_IM, KEY_X_RE, KEY_Y_IM, KEY_Y_RE));
    }

    /// @inheritdoc IRandomBeacon
    function timeOf(uint64 round) public view returns (uint64 time) {
        return GENESIS + (round - 1) * PERIOD;
    }
}
