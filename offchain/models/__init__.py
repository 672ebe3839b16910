"""A local, real chat model behind OpenAI's API. Needs the extra `models`."""
