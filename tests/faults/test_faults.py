"""Faults of the published code that go across packages; docs/explanation/faults.md lists all tests."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from babel import Locale

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.pipeline.evaluation.score import score
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.prompts.wording import prompt_languages, wording
from ontarget.recipes.loading import load
from ontarget.samples.conflict import Conflict
from ontarget.samples.groups import language_aware_groups

LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
PLAIN = PromptTemplate.load("plain")
TRANSLATIONS = [
    Translation("Il gatto dorme.", "The cat sleeps.", SUPERVISED[1]),
    Translation("De kat slaapt in de tuin.", "A black cat is asleep.", SUPERVISED[3]),
]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    pytest.importorskip("torch", reason="needs the extra `train`")
    from ontarget.training.new_model import make_tokenizer

    return make_tokenizer([text for t in TRANSLATIONS for text in (t.source, t.target)] * 3, 300)


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    from ontarget.settings.model_shape import ModelShape
    from ontarget.training.new_model import make_model

    return make_model(
        ModelShape(vocabulary=300, hidden=16, layers=1, heads=2, intermediate=32), tokenizer, 256, 1
    )


class TestFault6:
    """Two full forwards, full-vocabulary temporaries for each conflicting token, batch size 1."""

    @pytest.fixture
    def micro_batches(self, tokenizer: Any) -> list[Any]:
        """One optimiser step of stage 2: two translations and their conflicting twins."""
        from ontarget.settings.tuning import Tuning
        from ontarget.training.data.batches import Steps
        from ontarget.training.data.encode import Encoder

        draw = language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, 1)
        tuning = Tuning(max_steps=1, global_batch_size=2, max_tokens_per_micro_batch=4096)
        return Steps(draw, Encoder(tokenizer, PLAIN.separator, 256, {}), tuning, 1.0, 1)[0]

    def test_fault_6_both_signs_share_a_forward(self, micro_batches: list[Any]) -> None:
        assert len(micro_batches) == 1
        weights = micro_batches[0]["weights"]
        assert sorted(bool((row < 0).any()) for row in weights) == [False, False, True, True]
        assert sorted(bool((row > 0).any()) for row in weights) == [False, False, True, True]

    def test_fault_6_one_forward_and_only_weighted_positions_reach_the_head(
        self, model: Any, micro_batches: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from transformers import TrainingArguments

        from ontarget.training.loss import head
        from ontarget.training.trainer import SignedTrainer

        arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[])
        trainer = SignedTrainer(model=model, args=arguments)
        trainer.head.examine(model, trainer.args.device)  # two tokens, once, before the first step
        forwards: list[tuple[int, ...]] = []
        reached: list[tuple[int, ...]] = []
        operation = head.linear_signed_loss
        monkeypatch.setattr(
            head,
            "linear_signed_loss",
            lambda hidden, *args: (reached.append(tuple(hidden.shape)), operation(hidden, *args))[1],
        )
        hook = model.model.register_forward_pre_hook(
            lambda _, args, kwargs: forwards.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
        )
        batch = micro_batches[0]
        try:
            loss = trainer.compute_loss(model, batch)
        finally:
            hook.remove()
        counted = int((batch["weights"] != 0).sum())
        assert forwards == [tuple(batch["input_ids"].shape)]
        assert reached == [(counted + -counted % 64, model.config.hidden_size)]  # to a multiple of 64
        assert counted < 0.5 * batch["input_ids"].numel()
        assert loss.isfinite()

    def test_fault_6_the_backward_pass_keeps_no_copy_of_the_vocabulary(self) -> None:
        torch = pytest.importorskip("torch", reason="needs the extra `train`")
        from ontarget.training.loss.log_odds import linear_log_odds, log_odds
        from ontarget.training.loss.objective import signed_loss

        hidden = torch.randn(600, 8, requires_grad=True)
        weight = torch.randn(32_000, 8, requires_grad=True)
        with saved_bytes() as kept:  # as training does it: not even the logits
            d = linear_log_odds(hidden, weight, torch.arange(600))
            signed_loss(d, torch.full((600,), -1 / 600)).backward()
        assert sum(kept.values()) < 1.1 * 4 * (hidden.numel() + weight.numel())

        tokens, vocabulary = 7, 1000
        logits = torch.randn(tokens, vocabulary, dtype=torch.bfloat16, requires_grad=True)
        labels, weights = torch.arange(tokens), torch.full((tokens,), -1.0 / tokens)
        with saved_bytes() as kept:
            signed_loss(log_odds(logits, labels), weights).backward()
        assert sum(kept.values()) < 1.1 * logits.numel() * logits.itemsize  # the logits themselves

        with saved_bytes() as kept:  # -log(clamp(1 - p)), as the published code has it
            p = logits.float().log_softmax(1).exp()
            (1 - p).clamp(min=1e-9).log().gather(1, labels[:, None]).mean().neg().backward()
        assert sum(kept.values()) > 4 * logits.numel() * logits.itemsize, "the toy does not show the fault"


@contextmanager
def saved_bytes() -> Iterator[dict[int, int]]:
    """Bytes of the tensors that are kept for the backward pass, each memory block once."""
    import torch

    blocks: dict[int, int] = {}
    alive = []

    def pack(tensor: Any) -> Any:
        alive.append(tensor)  # or its address would be used again
        blocks[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield blocks


@pytest.mark.parametrize("recipe", ["phrasebook-tiny", "multi30k-tiny", "diagnose"])
def test_fault_7_the_contrastive_row_is_searched_for_as_every_other(recipe: str) -> None:
    loaded = load(recipe)
    assert {system: loaded.decoding_of(system) for system in loaded.systems} == dict.fromkeys(
        loaded.systems, loaded.decoding
    )


def prompts_in(language: str) -> dict[Direction, str]:
    """Every direction's prompt in one language, of both templates."""
    sides = [Language(code) for code in prompt_languages() if code != "zh-Hant"]  # Chinese is named once
    directions = [Direction(*pair) for pair in permutations(sides, 2)]
    return {
        direction: "\n".join(
            text_of(PromptTemplate.load(name).render("", direction, prompt_language=Language(language)))
            for name in ("alpaca", "plain")
        )
        for direction in directions
    }


COUNTRIES = ("GB", "US", "IT", "NL", "RO", "DE", "FR", "CZ", "CN", "JP", "RU", "UA", "KR")
IN_LETTERS_OF_ITS_OWN = ("zh", "zh-Hant", "ja", "ko", "ru", "uk")  # Latin ones have no place there


@pytest.mark.parametrize("language", prompt_languages())
class TestFault8:
    """Prompts in the target language held a stray "B", nationals and countries, and wrong cases."""

    def test_fault_8_no_letter_stands_alone_where_none_should(self, language: str) -> None:
        for prompt in prompts_in(language).values():
            letters = r"[A-Za-z]" if language in IN_LETTERS_OF_ITS_OWN else r"(?<!\w)[A-Z](?!\w)"
            assert not re.search(letters, prompt)

    def test_fault_8_languages_are_named_and_not_countries(self, language: str) -> None:
        countries = Locale.parse(language, sep="-").territories
        named = {countries[code] for code in COUNTRIES}
        for prompt in prompts_in(language).values():
            if language in IN_LETTERS_OF_ITS_OWN:  # words are not parted: 日本語, never 日本
                assert not re.search(rf"(?:{'|'.join(named)})(?![語어语文])", prompt)
            else:
                assert not named & set(re.findall(r"[\w]+", prompt))


# From the grammars: which form of a language's name may follow each preposition.
GRAMMAR = {
    "en": r"(?:from|to) [A-Z][a-z]+",
    "it": r"(?:dall'|all')(?=[aeiou])[a-z]+[oe]|(?:dal|al) (?![aeiou])[a-z]+[oe]",
    "nl": r"(?:van|naar) het [A-Z][a-zëï]+(?:s|sch)",
    "ro": r"(?:din|în) [a-zâîă]+ă",
    "de": r"aus dem [A-Z][a-zäöü]+en|ins [A-Z][a-zäöü]+e",
    "fr": r"(?:de l'|vers l')(?=[aeiouéh])[a-zçéè]+|(?:du|vers le) (?![aeiouéh])[a-zçéè]+",
    "cs": r"(?:z|do) [a-zěščřžýáíéúůťďň]+iny",
    "ru": r"с [а-я]+ого|на [а-я]+ий",
    "uk": r"з [а-яіїє]+ої|на [а-яіїє]+у",
    "zh": r"从\w+[语文](?=翻译)|翻译成\w+[语文]",
    "zh-Hant": r"從\w+文(?=翻譯)|翻譯成\w+文",
    "ja": r"\w+?語から|\w+語に(?=翻訳)",
    "ko": r"[가-힣]+어에서|[가-힣]+어로(?= 번역)",
}


@pytest.mark.parametrize("language", prompt_languages())
def test_fault_8_the_names_of_languages_are_in_the_case_that_their_preposition_asks_for(
    language: str,
) -> None:
    for direction in prompts_in(language):
        words = wording(Language(language)).parts("plain", direction)["instruction"]
        named = rf"({GRAMMAR[language]})\s?({GRAMMAR[language]})"
        found = re.fullmatch(rf"(?:\w+ )?{named}(?:翻訳してください| 번역하세요)?[.。]", words)
        assert found, words


def test_fault_10_every_score_says_how_many_lines_and_which_settings_made_it() -> None:
    direction = Direction.parse("it-nl")
    references = {direction: ["De kat slaapt in de tuin.", "Morgen gaan we naar zee."]}
    answers = [
        {"text": text, "source": source, "finish_reason": "stop"}
        for text, source in (("", "Il gatto dorme."), ("The cat sleeps.", "Domani andiamo al mare."))
    ]
    rows = score({"mt": {direction: answers}}, references, {"zero-shot": [direction]}).rows
    assert {(row["system"], row["direction"], row["metric"]) for row in rows} == {
        (system, place, metric)
        for system, metrics in (
            ("mt", ("bleu", "bleu_on_target", "chrf", "otr", "otr_unsure", "otr_strict")),
            ("reference", ("otr", "otr_unsure")),
        )
        for place in ("it-nl", "avg")
        for metric in metrics
    }
    for row in rows:
        assert row["n"] == 2
        assert re.search(r"(?:lid|nrefs):.*\|version:", row["signature"]), row
