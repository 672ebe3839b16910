"""Tokens as the provider counted them, or our own rough count where it did not."""

import msgspec


class Usage(msgspec.Struct):
    """`usage` of an answer."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


def usage_of(usage: Usage | None, prompt_estimate: int, output_estimate: int) -> tuple[int, int, str]:
    """Tokens in and out, and who counted them: `provider` or `relay`. Negative counts are not believed."""
    if usage is not None and usage.prompt_tokens >= 0 and usage.completion_tokens >= 0:
        return usage.prompt_tokens, usage.completion_tokens, "provider"
    return prompt_estimate, output_estimate, "relay"
