"""x402 payments of scheme `exact` on EVM chains: verified, then settled through one hot key.

Used in the relay's process, or on its own as an HTTP service. x402: https://github.com/coinbase/x402
"""
