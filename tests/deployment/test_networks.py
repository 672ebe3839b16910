"""`ape networks list` knows the chains that the configuration knows."""

import tomllib

from deployment import config


def test_every_configured_chain_is_a_network_of_ape() -> None:
    import ape

    known = {
        (ecosystem, network): ape.networks.get_ecosystem(ecosystem).get_network(network).chain_id
        for ecosystem, network in (
            ("cluster", "local"),
            ("cluster", "orbit"),
            ("base", "mainnet"),
            ("base", "sepolia"),
            ("arbitrum", "mainnet"),
            ("arbitrum", "sepolia"),
        )
    }
    assert known == {
        ("cluster", "local"): 31337,
        ("cluster", "orbit"): 25837,
        ("base", "mainnet"): 8453,
        ("base", "sepolia"): 84532,
        ("arbitrum", "mainnet"): 42161,
        ("arbitrum", "sepolia"): 421614,
    }
    configured = {int(chain_id) for chain_id in tomllib.loads(config.DEFAULT.read_text()) if chain_id.isdecimal()}
    assert configured == set(known.values()) | {1337}
