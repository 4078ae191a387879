"""A LLaMA of random weights and a byte-level tokenizer, both made here."""

from collections.abc import Sequence

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

pytest.importorskip("transformers", reason="needs the extra `train`")

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ontarget.prompts.segment import Prompt
from ontarget.settings.decoding import Decoding
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.engines.protocol import Progress
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.hypothesis import Hypothesis

LINES = [
    "Translate the following sentences from German to French.",
    "Ein Mann fährt Rad. Un homme fait du vélo.",
    "Zwei Hunde laufen im Schnee. Deux chiens courent dans la neige.",
    "### Instruction: ### Input: ### Response:",
] * 5


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE of 400 pieces: any text encodes, and BOS goes first, as in LLaMA-3."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<pad>", "<|im_start|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(LINES, trainer)
    bpe.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        clean_up_tokenization_spaces=False,
    )


def make_model(vocabulary: int, seed: int = 0) -> LlamaForCausalLM:
    """Random, but sure of itself, and ready to stop now and then, so that searches differ and end."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.25,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        model.lm_head.weight[1] *= 2.0  # the end token's logit has twice the spread of any other
    return model


@pytest.fixture(scope="session")
def model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    return make_model(len(tokenizer))


class OfIds(TransformersEngine):
    """An engine whose prompts may be token ids already."""

    def encode(self, prompt: Prompt | list[int]) -> list[int]:
        return prompt if isinstance(prompt, list) else super().encode(prompt)


def best(
    engine: TransformersEngine,
    prompts: Sequence[list[int]],
    decoding: Decoding,
    stop: Sequence[str] = (),
    adjusters: Sequence[Adjuster] = (),
    end: str = "",
    progress: Progress | None = None,
) -> list[Hypothesis]:
    """The best hypothesis of each prompt."""
    found = engine.generate(
        prompts,
        decoding,
        stop=stop,
        adjusters=adjusters,
        end=end,
        progress=progress,  # type: ignore[arg-type]
    )
    return [hypothesis for (hypothesis,) in found]


@pytest.fixture(scope="session")
def engine(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> TransformersEngine:
    return OfIds(model, tokenizer)


@pytest.fixture(scope="session")
def prompts(tokenizer: PreTrainedTokenizerFast) -> list[list[int]]:
    """Of many lengths, with a common beginning and without."""
    texts = [f"Translate{' Hunde' * n} im Schnee{'.' * (n % 3)}" for n in range(8)]
    return [tokenizer(text).input_ids for text in [*texts, "Rad", "x", "Ein Mann", "Zwei Hunde laufen"]]
