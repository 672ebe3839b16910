"""Through the real market: a proof at SmolLM2's widths slashes the operator and pays the challenger, in one call."""

from dataclasses import astuple

import pytest
from eth_abi import encode
from eth_utils import keccak

from cluster.testing.suite import Suite
from tests.contracts.market import bazaar
from tests.contracts.market.bazaar import BOND, REFEREED, REFUTED, SALT, Bazaar
from tests.contracts.trace import widths
from tests.contracts.trace.court import CLAIM_TYPE, CLOCK, PROVE_TIME, WINDOW, market_claim, proof


@pytest.mark.parametrize("name", ["linear_576", "linear_1536", "token"])
def test_a_wrong_inference_is_slashed(suite: Suite, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    draft, _ = widths.forged(name)
    monkeypatch.setattr(bazaar, "ROOTS", (draft.program, draft.model_root, bazaar.root("luts")))
    scene = Bazaar(suite)
    chain, market, owen, carl = scene.chain, scene.market, scene.owen, scene.carl
    verifier = chain.deploy("FaultVerifier", sender=scene.admin)
    figures = (suite.manager, (WINDOW, CLOCK, PROVE_TIME))
    module = chain.deploy_proxy("TraceModule", (market, verifier), figures, scene.admin)
    market.setModule(REFEREED, module, sender=scene.admin)
    claim, fault = widths.forged(name, widths.claim(1, owen, market))
    told = market_claim(claim, owen)
    result = (told["outputRoot"], claim.trace_root, bytes(32))
    job = scene.committed(inputRoot=told["inputRoot"], result=result)
    aux = encode([CLAIM_TYPE], [astuple(claim)])
    market.revealResult(job, result, SALT, aux, "ipfs://trace", sender=owen)
    content = proof(claim, fault)
    scene.commit(job.to_bytes(32, "big"), keccak(content))
    chain.mine()
    market.challenge(job, content, SALT, sender=carl)
    assert scene.state(job) == REFUTED
    assert scene.reward(carl) == BOND // 2
