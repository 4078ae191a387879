"""An engine that knows text alone: what works above it, and how a system that needs more is refused."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ontarget.checkpoints.context import ContextWindow
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import Prompt, text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Decoding, Prior, Sampling
from ontarget.translation.engines.protocol import Capability, check_capabilities, needed
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import LanguageText, Request, Rerank, System
from ontarget.translation.translate import n_best, translate

GREEDY = Decoding(1, 20)
PLAIN = System("plain", PromptTemplate.load("plain"), decoding=GREEDY)
TEXT = LanguageText({Language("fr"): ["un chien"]})


class Remote:
    """Stands for a model behind an API: without a tokenizer, and as many hypotheses as it can do."""

    name = "remote"
    context = ContextWindow(None, ends=False)

    def __init__(self, *capabilities: Capability) -> None:
        self.capabilities = frozenset(capabilities)
        self.calls = 0

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding, *, count: int = 1, **options: object):
        self.calls += 1
        source = [text_of(prompt).strip().split("\n")[-1] for prompt in prompts]
        target = ["en" if "to English" in text_of(prompt) else "fr" for prompt in prompts]
        return [
            [Hypothesis(f"{code}{rank}({text})", "stop", 0.0, 1) for rank in range(count)]
            for text, code in zip(source, target, strict=True)
        ]


def texts(system: System, engine: Remote) -> list[str]:
    requests = [Request(text, Direction.parse("de-fr")) for text in ("Hund", " ", "Katze")]
    return [hypothesis.text for hypothesis in translate(system, engine, requests)]


def test_plain_translation_and_a_pivot_need_no_capability() -> None:
    assert not needed(PLAIN)
    assert texts(PLAIN, Remote()) == ["fr0(Hund)", "", "fr0(Katze)"]
    pivot = replace(PLAIN, pivot=Language("en"))
    assert texts(pivot, Remote()) == ["fr0(en0(Hund))", "", "fr0(en0(Katze))"]


def test_reranking_and_retries_need_n_best_lists_alone() -> None:
    def second(found: Sequence[str], directions: Sequence[Direction]) -> list[bool]:
        return [text.startswith("fr1(H") or "en" in text for text in found]

    system = replace(PLAIN, rerank=Rerank(second, Language("en")), decoding=Decoding(2, 20))
    engine = Remote(Capability.N_BEST, Capability.BEAM_SEARCH)
    assert texts(system, engine) == ["fr1(Hund)", "", "fr0(en0(Katze))"]


@pytest.mark.parametrize(
    ("change", "feature", "capability"),
    [
        ({"contrast": Contrast()}, "contrastive decoding", "score adjustment"),
        ({"prior": Prior(), "text": TEXT}, "a language prior", "score adjustment"),
        ({"boosting": Boosting(), "text": TEXT}, "boosting", "score adjustment"),
        ({"anti_lm": AntiLanguageModel()}, "Anti-LM decoding", "score adjustment"),
        ({"rerank": Rerank(lambda *_: [])}, "re-ranking", "n-best lists"),
        ({"decoding": Decoding(4, 20)}, "a beam of 4", "beam search"),
        ({"decoding": Decoding(1, 20, no_repeat_ngram_size=3)}, "no_repeat_ngram_size", "no-repeat n-grams"),
    ],
)
def test_a_system_that_needs_more_is_refused_before_anything_is_generated(
    change: dict[str, object], feature: str, capability: str
) -> None:
    system, engine = replace(PLAIN, id="mine", **change), Remote()
    with pytest.raises(UserError) as error:
        texts(system, engine)
    assert str(error.value) == (
        f"the system 'mine' uses {feature}, but the engine 'remote' does not support {capability}; "
        + (
            "set num_beams to 1"
            if feature == "a beam of 4"
            else f"use another engine, or a system without {feature}"
        )
    )
    assert not engine.calls
    check_capabilities(system, Remote(Capability(capability)))


def test_several_hypotheses_need_n_best_lists() -> None:
    requests = [Request("Hund", Direction.parse("de-fr"))]
    with pytest.raises(UserError, match=r"uses the 3 best hypotheses, but the engine 'remote'"):
        n_best(PLAIN, Remote(), requests, 3)
    assert len(n_best(PLAIN, Remote(Capability.N_BEST), requests, 3)[0]) == 3


def test_sampling_needs_an_engine_that_samples_and_no_beam_search() -> None:
    sampled = replace(PLAIN, decoding=Decoding(4, 20, sampling=Sampling()))
    with pytest.raises(UserError, match=r"'plain' uses sampling, but the engine 'remote' does not"):
        texts(sampled, Remote(Capability.BEAM_SEARCH))
    assert texts(sampled, Remote(Capability.SAMPLING)) == texts(PLAIN, Remote())


def test_an_engine_that_knows_text_alone_loads_no_model_library() -> None:
    code = "import sys, ontarget.translation.translate; print({'torch', 'transformers'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout == "set()\n"
