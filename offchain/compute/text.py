"""Text to tokens and back, by the vocabulary, merges and chat template in the GGUF."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from gguf import GGUFReader
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from tokenizers.decoders import DecodeStream

CONTROL = 3
"""Type of the tokens that stand for no text."""


class Text:
    """The tokenizer of one model."""

    def __init__(self, gguf: Path) -> None:
        fields = GGUFReader(gguf).fields
        names = fields["tokenizer.ggml.tokens"].contents()
        merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
        types = fields["tokenizer.ggml.token_type"].contents()
        tokenizer = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=merges))
        # What the GGUF calls `smollm`: digits one by one, then GPT-2's words.
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
        tokenizer.decoder = decoders.ByteLevel()
        special = [name for name, kind in zip(names, types, strict=True) if kind == CONTROL]
        tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in special])
        self._special = special
        self._tokenizer = tokenizer
        template = fields["tokenizer.chat_template"].contents()
        self._template = jinja2.Template(template, autoescape=False)

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text).ids)

    def encode_chat(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """A conversation that the model is to go on. What users write cannot stand for a control token."""
        clean = [{"role": each["role"], "content": self._without_controls(each["content"])} for each in messages]
        return self.encode(self._template.render(messages=clean, add_generation_prompt=True))

    def _without_controls(self, text: str) -> str:
        for name in self._special:
            text = text.replace(name, name[:1] + " " + name[1:])
        return text

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def pieces(self) -> "Pieces":
        return Pieces(self._tokenizer)


class Pieces:
    """Text as its tokens come: whole characters only."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)

    def take(self, token: int) -> str:
        return self._stream.step(self._tokenizer, token) or ""
