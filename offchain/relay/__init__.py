"""The paid gateway: OpenAI's API in front of any provider, paid by x402."""
