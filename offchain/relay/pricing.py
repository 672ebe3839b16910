"""What a request costs: fixed before it is served, from the request alone.

    price = ⌈(prompt tokens × input price + output tokens × output price) / 1,000,000⌉, at least 1
    micro-dollar

with the prompt's tokens estimated from above and the output's as many as the request allows. The same request
always costs the same, so the retry that carries the payment meets the terms it was given. One micro-dollar is
one unit of USDC.
"""

from offchain.relay.config import LimitsConfig, ModelConfig
from offchain.relay.errors import ApiError
from offchain.relay.request import ChatRequest

MILLION = 1_000_000
TOKENS_A_MESSAGE = 8
TOKENS_A_PROMPT = 16
"""What chat templates add around each message, and around all of them."""


def prompt_tokens(request: ChatRequest, limits: LimitsConfig) -> int:
    """Estimate from above, in tokens."""
    text = -(-request.prompt_bytes // limits.bytes_per_token)
    return text + TOKENS_A_MESSAGE * request.messages + TOKENS_A_PROMPT


def price(request: ChatRequest, model: ModelConfig, limits: LimitsConfig) -> int:
    """Micro-dollars. Raises `ApiError` if more is asked for than is sold."""
    if request.max_output is not None and request.max_output > model.max_output:
        raise ApiError(
            "max_tokens_too_large",
            f"max_tokens is {request.max_output}, {model.id} sells at most {model.max_output}",
            param="max_tokens",
        )
    prompt = prompt_tokens(request, limits)
    output = request.output_tokens(model)
    if prompt + output // request.choices > model.context:
        # The estimate is from above, so this may refuse what would have fit; the other way a payment would be
        # lost.
        raise ApiError(
            "context_length_exceeded",
            f"the prompt (up to {prompt} tokens) and {output // request.choices} tokens of answer exceed "
            f"{model.context} tokens, the context of {model.id}",
            param="messages",
        )
    total = prompt * model.input_price + output * model.output_price
    return max(1, -(-total // MILLION))
