"""drand's evmnet: published facts of the network, and its signature scheme in Python on py_ecc's curve.

The hash to G1 follows RFC 9380 by its definitions (sections 5.2, 5.3.1, 6.6.1), not by the straight-line form that the
contract uses.
"""

import sys
from dataclasses import dataclass

from eth_utils import keccak

# py_ecc raises the limit for good, and then JSON of a hostile depth overflows the stack of whoever decodes it.
_limit = sys.getrecursionlimit()
from py_ecc.fields import optimized_bn128_FQ as FQ  # noqa: E402
from py_ecc.optimized_bn128.optimized_curve import G2, add, b, field_modulus, is_on_curve, multiply, normalize  # noqa: E402

sys.setrecursionlimit(_limit)

P = field_modulus
DST = b"BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_NUL_"
Z = 1


@dataclass(frozen=True)
class Network:
    """Public key in four words as served (imaginary parts first), genesis and period in seconds."""

    key: tuple[int, int, int, int]
    genesis: int
    period: int


def words(text: str) -> tuple[int, ...]:
    return tuple(int(text[at : at + 64], 16) for at in range(0, len(text), 64))


# Chain 04f1e9062b8a81f848fded9c12306733282b2727ecced50032187751166ec8c3, as its info endpoint tells.
EVMNET = Network(
    words(
        "07e1d1d335df83fa98462005690372c643340060d205306a9aa8106b6bd0b382"
        "0557ec32c2ad488e4d4f6008f89a346f18492092ccc0d594610de2732c8b808f"
        "0095685ae3a85ba243747b1b2f426049010f6b73a0cf1d389351d5aaaa1047f6"
        "297d3a4f9749b33eb2d904c9d9ebf17224150ddd7abd7567a9bec6c74480ee0b"
    ),  # type: ignore[arg-type]
    1_727_521_075,
    3,
)

# Published rounds: signature, randomness, and the hashes on the way that implementations publish.
ROUNDS = {
    1: (
        "11f812d738a36b2210dc88c2d635ad8039588205f42445d6de09e6530165c346"
        "2a23aca348c84badcf8df5321ac24577b7963d5b0d780bc4626baedb45cde373",
        "781b75698adc3af62cfa55db83cf0c73ae54e1ac8c0d4c3a2224126b65369ec5",
    ),
    9_337_227: (
        "01d65d6128f4b2df3d08de85543d8efe06b0281d0770246ae3672e8ddd3efda0"
        "269373123458f0b5c0073eeed1c816a06809e127421513e34ee07df6987910b3",
        "a1e645cd6193837f626716851f5c42ad4bf63ad75193b2cae40f88c08c8f3bd8",
    ),
}
FIELD_ELEMENTS = {
    1: (
        0x1B163E041C11B8DDB908E7B705C98CA4F393243BF3664BF5934A3680D3A5BFC6,
        0x0B2F337436437AEF114E4F8383AC665C24FE4D3F88B3C53D494AD4104B9D15EB,
    ),
    9_337_227: (
        0x109EAD626603CE780C14BE70861676828E42948357C960D53E4250CB47246064,
        0x1DA61BA0E660AE1D421C04D6AA2A5D69B24A1A1D380D01B464BDF315B080E781,
    ),
}
HASHES = {
    1: (
        0x073D3D00A1C3CA588DB79D44202E44B2F45995DDD39E705717C9EDFCB79E4371,
        0x173E31A5208EA2594CBCB23B5AFB3DD930719A4D1A3F877839BB8BDEB3C15084,
    ),
    9_337_227: (
        0x1626082C3DD0751BDAAF8C3E709B5DD7CDEDF45D4E81A5AA3E270F1E78924B32,
        0x2BF29AB3AF54DFE3C053AD4EFA93DB05D3586368463E9D7334C7BA61F6F4E955,
    ),
}


def message(round_: int) -> bytes:
    return keccak(round_.to_bytes(8))


def expand(msg: bytes, dst: bytes, length: int) -> bytes:
    """expand_message_xmd with Keccak-256, whose blocks are 136 bytes."""
    prime = dst + bytes([len(dst)])
    first = keccak(bytes(136) + msg + length.to_bytes(2) + b"\0" + prime)
    blocks = [keccak(first + b"\x01" + prime)]
    while 32 * len(blocks) < length:
        mixed = bytes(x ^ y for x, y in zip(first, blocks[-1], strict=True))
        blocks.append(keccak(mixed + bytes([len(blocks) + 1]) + prime))
    return b"".join(blocks)[:length]


def hash_to_field(msg: bytes, dst: bytes = DST) -> tuple[int, int]:
    data = expand(msg, dst, 96)
    return int.from_bytes(data[:48]) % P, int.from_bytes(data[48:]) % P


def g(x: int) -> int:
    return (x**3 + 3) % P


def is_square(value: int) -> bool:
    return value % P == 0 or pow(value, (P - 1) // 2, P) == 1


def inverse(value: int) -> int:
    return pow(value, P - 2, P)


def map_to_curve(u: int) -> tuple[int, int]:
    """The map of Shallue and van de Woestijne, by its formulas."""
    tv1 = u * u * g(Z) % P
    tv2 = (1 + tv1) % P
    tv1 = (1 - tv1) % P
    tv3 = inverse(tv1 * tv2)
    tv4 = pow(-g(Z) * 3 * Z**2 % P, (P + 1) // 4, P)
    if tv4 % 2:
        tv4 = P - tv4
    tv5 = u * tv1 * tv3 * tv4 % P
    tv6 = -4 * g(Z) * inverse(3 * Z**2) % P
    half = -Z * inverse(2) % P
    candidates = ((half - tv5) % P, (half + tv5) % P, (Z + tv6 * (tv2 * tv2 * tv3) ** 2) % P)
    x = next(x for x in candidates if is_square(g(x)))
    y = pow(g(x), (P + 1) // 4, P)
    return x, y if y % 2 == u % 2 else (P - y) % P


def hash_to_g1(msg: bytes, dst: bytes = DST) -> tuple[int, int]:
    points = [(FQ(x), FQ(y), FQ(1)) for x, y in map(map_to_curve, hash_to_field(msg, dst))]
    assert all(is_on_curve(point, b) for point in points)
    x, y = normalize(add(*points))
    return int(x), int(y)


class TestNetwork:
    """A network of one whose secret the test knows."""

    __test__ = False

    def __init__(self, secret: int, genesis: int, period: int) -> None:
        self._secret = secret
        x, y = normalize(multiply(G2, secret))
        (x_re, x_im), (y_re, y_im) = (map(int, x.coeffs), map(int, y.coeffs))
        self.network = Network((x_im, x_re, y_im, y_re), genesis, period)

    def sign(self, round_: int) -> bytes:
        x, y = hash_to_g1(message(round_))
        sx, sy = normalize(multiply((FQ(x), FQ(y), FQ(1)), self._secret))
        return int(sx).to_bytes(32) + int(sy).to_bytes(32)
