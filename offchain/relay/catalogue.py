"""What `/v1/models` shows."""

from typing import Any

from offchain.relay.config import RelayConfig


def catalogue(config: RelayConfig) -> dict[str, dict[str, Any]]:
    """Model id or alias → OpenAI's model object, with price, context and providers added."""
    found: dict[str, dict[str, Any]] = {}
    for model in config.models:
        entry = {
            "id": model.id,
            "object": "model",
            "created": model.created,
            "owned_by": model.owned_by,
            "description": model.description,
            "modality": "text",
            "task": "chat-completion",
            "context_length": model.context,
            "max_output_tokens": model.max_output,
            "default_output_tokens": model.default_output,
            "pricing": {
                "unit": "microdollars per million tokens",
                "input": model.input_price,
                "output": model.output_price,
            },
            "providers": [p.name for p in config.providers if model.id in p.models],
            "aliases": model.aliases,
        }
        for name in (model.id, *model.aliases):
            found[name] = entry
    return found
