// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Cid
/// @notice Binary CIDs with a sha2-256 digest, packed into a digest and a codec
/// @dev CIDv1 (multiformats/cid): 0x01, codec, 0x12 (sha2-256), 0x20 (32 bytes), digest.
library Cid {
    bytes1 private constant CID_V1 = 0x01;
    bytes1 private constant SHA2_256 = 0x12;
    bytes1 private constant DIGEST_LENGTH = 0x20;
    bytes1 private constant RAW = 0x55;
    bytes1 private constant DAG_PB = 0x70;

    /// @notice Takes a CID apart.
    /// @return valid Whether it is 36 bytes of the form above with codec raw or dag-pb.
    /// @return codec The codec byte.
    /// @return digest The sha2-256 digest.
    function unpack(bytes calldata cid) internal pure returns (bool valid, bytes1 codec, bytes32 digest) {
        if (cid.length != 36) return (false, 0, 0);
        codec = cid[1];
        valid = cid[0] == CID_V1 && (codec == RAW || codec == DAG_PB) && cid[2] == SHA2_256 && cid[3] == DIGEST_LENGTH;
        digest = bytes32(cid[4:36]);
    }

    /// @notice Puts a CID together again.
    function pack(bytes1 codec, bytes32 digest) internal pure returns (bytes memory) {
        return abi.encodePacked(CID_V1, codec, SHA2_256, DIGEST_LENGTH, digest);
    }
}
