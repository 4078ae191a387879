from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.conftest import OfIds, best, make_model
from transformers import (
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from ontarget.checkpoints.context import ContextWindow
from ontarget.errors import UserError
from ontarget.hardware import multiplies_bf16
from ontarget.prompts.encode import encode_prompt
from ontarget.prompts.segment import Segment
from ontarget.settings.decoding import Contrast, Decoding, Sampling
from ontarget.translation.contrast import Contrasted
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.hypothesis import Hypothesis


class Saying(LlamaForCausalLM):
    """Answers every prompt by the same tokens, whatever comes before; the last one for ever."""

    def __init__(self, model: LlamaForCausalLM, tokens: list[int], prompt: int) -> None:
        super().__init__(model.config)
        self.tokens, self.prompt = tokens, prompt

    def forward(self, input_ids, position_ids, **kwargs):
        output = super().forward(input_ids=input_ids, position_ids=position_ids, **kwargs)
        place = (position_ids[:, -output.logits.shape[1] :] + 1 - self.prompt).clamp(0, len(self.tokens) - 1)
        said = torch.tensor(self.tokens)[place]
        output.logits = torch.full_like(output.logits, -9.0).scatter(2, said[:, :, None], 9.0)
        return output


def says(
    model, tokenizer: PreTrainedTokenizerFast, tokens: list[int], prompt: list[int]
) -> TransformersEngine:
    return OfIds(Saying(model, tokens, len(prompt)).eval(), tokenizer)


def literal(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False).input_ids


PROMPT = [0, 40, 41]


def test_answers_come_in_the_order_of_the_prompts(engine: TransformersEngine, prompts) -> None:
    alone = [best(engine, [prompt], Decoding(4, 16))[0] for prompt in prompts]
    assert len({answer.text for answer in alone}) > len(prompts) // 2
    together = best(engine, prompts, Decoding(4, 16))
    assert [answer.text for answer in together] == [answer.text for answer in alone]


def test_texts_beyond_a_context_that_stretches_are_warned_of(
    engine: TransformersEngine, prompts, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = best(engine, prompts, Decoding(1, 4))
    assert not caplog.records
    second, *_, longest = sorted(map(len, prompts))[-2:]
    assert second < longest
    monkeypatch.setattr(engine, "context", ContextWindow(second, ends=False))
    assert best(engine, prompts, Decoding(1, 4)) == expected
    (record,) = caplog.records
    assert f"1 of {len(prompts)} texts are, with their prompts, longer" in record.getMessage()
    assert f"the model's {second} tokens" in record.getMessage()


def test_what_does_not_fit_is_left_out_and_all_else_is_answered_as_far_as_it_goes(
    engine: TransformersEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = engine.generate(prompts, Decoding(3, 12), count=3)
    limit = sorted(map(len, prompts))[-3]
    monkeypatch.setattr(engine, "context", ContextWindow(limit, ends=True))
    told: list[tuple[int, int]] = []
    answers = engine.generate(prompts, Decoding(3, 12), count=3, progress=lambda *done: told.append(done))
    assert told[-1] == (len(prompts), len(prompts))
    for prompt, found, of_plain in zip(prompts, answers, plain, strict=True):
        if len(prompt) >= limit:
            assert found == [Hypothesis("", "too-long", 0.0, 0, len(prompt))]
        elif len(prompt) + 12 <= limit:
            assert found == of_plain
        else:
            assert max(answer.tokens for answer in found) <= limit - len(prompt)
    refused = [prompt for prompt in prompts if len(prompt) >= limit]
    assert 1 < len(refused) < len(prompts)
    assert best(engine, refused, Decoding()) == [found[0] for found in answers if found[0].too_long]


@pytest.mark.parametrize("beam", [1, 3])
def test_a_table_of_positions_is_used_up_to_its_end(tokenizer, beam: int) -> None:
    """Each row as `generate` has it with `max_length`, whatever else is in its batch."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=16,
        n_layer=2,
        n_head=2,
        n_positions=24,
        initializer_range=0.4,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = GPT2LMHeadModel(config).eval()
    prompts = [[0, *range(30, 30 + n)] for n in (1, 4, 9, 13, 17, 21, 22, 23, 24, 40)]
    answers = best(OfIds(model, tokenizer), prompts, Decoding(beam, 20))
    settings = {"num_beams": beam, "do_sample": False, "pad_token_id": 2, "eos_token_id": 1}
    for prompt, answer in zip(prompts, answers, strict=True):
        if len(prompt) >= 24:
            assert answer.too_long
            continue
        config = GenerationConfig(max_length=min(len(prompt) + 20, 24), **settings)
        theirs = model.generate(torch.tensor([prompt]), generation_config=config)[0, len(prompt) :]
        assert answer.tokens == len(theirs)
        assert answer.text == " ".join(tokenizer.decode(theirs, skip_special_tokens=True).split())
        assert answer.finish_reason == ("stop" if theirs[-1] == 1 else "length")
    assert [answer.tokens for answer in answers][-4:] == [1, 0, 0, 0]


def test_the_longest_of_the_prompts_read_together_decides(
    engine: TransformersEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "context", ContextWindow(20, ends=True))
    beside = [[([0] * 12, 0.5)], [([0] * 20, 0.5)], [([0] * 19, 0.5)]]
    contrasted = Contrasted(beside, Contrast(plausibility=0.0, first_tokens=1))
    answers = best(engine, [[0, 5]] * 3, Decoding(1, 10), (), [contrasted])
    assert [answer.prompt_tokens for answer in answers] == [12, 20, 19]
    assert [answer.too_long for answer in answers] == [False, True, False]
    assert answers[0].tokens <= 8
    assert answers[2].tokens == 1


def test_samples_depend_on_the_text_and_the_seed_alone(engine: TransformersEngine, prompts) -> None:
    decoding = Decoding(4, 12, sampling=Sampling(temperature=1.0))
    found = engine.generate(prompts, decoding, count=3)
    assert all(1 <= len(of_one) <= 3 for of_one in found)
    assert any(len(of_one) == 3 for of_one in found)
    again = engine.generate(prompts[::-1], decoding, count=3)[::-1]
    texts = [[one.text for one in of_one] for of_one in found]
    assert [[one.text for one in of_one] for of_one in again] == texts
    other = replace(decoding, sampling=Sampling(temperature=1.0, seed=1))
    assert [[one.text for one in of_one] for of_one in engine.generate(prompts, other, count=3)] != texts


def test_no_prompts_no_answers(engine: TransformersEngine) -> None:
    assert best(engine, [], Decoding()) == []


def test_a_chat_ends_its_turns_with_its_own_token(model, tokenizer: PreTrainedTokenizerFast) -> None:
    """Here <pad> stands for it: no end token for tokenizer and generation settings."""
    said = literal(tokenizer, "Katze")
    engine = says(model, tokenizer, [*said, tokenizer.pad_token_id, 99], PROMPT)
    (endless,) = best(engine, [PROMPT], Decoding(1, 20))
    assert endless.finish_reason == "length"
    (answer,) = best(engine, [PROMPT], Decoding(1, 20), end="<pad>\n")
    assert (answer.text, answer.finish_reason, answer.tokens) == ("Katze", "stop", len(said) + 1)
    assert best(engine, [PROMPT], Decoding(1, 20), end="no token at all") == [endless]


def test_an_answer_ends_at_the_end_token(model, tokenizer) -> None:
    said = literal(tokenizer, "Un homme")
    (answer,) = best(says(model, tokenizer, [*said, 1, 99], PROMPT), [PROMPT], Decoding(4, 50))
    assert (answer.text, answer.finish_reason, answer.tokens) == ("Un homme", "stop", len(said) + 1)
    assert answer.log_probability == pytest.approx(0, abs=1e-3)


def test_an_answer_that_does_not_end_is_cut(model, tokenizer) -> None:
    (answer,) = best(says(model, tokenizer, literal(tokenizer, "x"), PROMPT), [PROMPT], Decoding(4, 7))
    assert (answer.text, answer.finish_reason, answer.tokens) == ("x" * 7, "length", 7)


@pytest.mark.parametrize("beam", [1, 4])
def test_a_stop_sequence_ends_an_answer_early(model, tokenizer, beam: int) -> None:
    said = literal(tokenizer, " Un homme\n### Response: und weiter")
    engine = says(model, tokenizer, said, PROMPT)
    (answer,) = best(engine, [PROMPT], Decoding(beam, 400), ("\n### Input:", "\n### Response:"))
    assert (answer.text, answer.finish_reason) == ("Un homme", "stop")
    assert answer.tokens < len(said)


def test_the_first_of_several_stop_sequences_counts(model, tokenizer) -> None:
    engine = says(model, tokenizer, literal(tokenizer, "a\nb###"), PROMPT)
    assert best(engine, [PROMPT], Decoding(1, 9), ("###", "\n"))[0].text == "a"


def test_a_stop_sequence_in_the_prompt_stops_nothing(model, tokenizer) -> None:
    prompt = encode_prompt(tokenizer, (Segment("### Response:</s>", False), Segment("\n", True)))
    assert 1 not in prompt
    (answer,) = best(
        says(model, tokenizer, [*literal(tokenizer, "Chat"), 1], prompt),
        [prompt],
        Decoding(4, 50),
        ("### Response:", "\n"),
    )
    assert answer.text == "Chat"


def test_text_that_looks_like_a_control_token_is_not_cut(model, tokenizer) -> None:
    spelt = [id for char in "</s> fin" for id in encode_prompt(tokenizer, (Segment(char, False),))[1:]]
    assert 1 not in spelt
    (answer,) = best(says(model, tokenizer, [*spelt, 1], PROMPT), [PROMPT], Decoding(4, 50))
    assert answer.text == "</s> fin"


@pytest.mark.parametrize("written", ["un\ndeux", "un \r\n deux", "\nun\n\ndeux\n", "un\u2028deux"])
def test_line_breaks_become_a_space_and_are_never_just_deleted(model, tokenizer, written: str) -> None:
    engine = says(model, tokenizer, [*literal(tokenizer, written), 1], PROMPT)
    assert best(engine, [PROMPT], Decoding(2, 50))[0].text == "un deux"


def test_the_checkpoints_way_of_sampling_does_not_leak_in(model, tokenizer, prompts) -> None:
    plain = best(OfIds(model, tokenizer), prompts, Decoding(2, 12))
    kept = model.generation_config
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=3.0,
        top_k=2,
        repetition_penalty=9.0,
        max_new_tokens=3,
        num_beams=7,
        eos_token_id=1,
    )
    try:
        assert best(OfIds(model, tokenizer), prompts, Decoding(2, 12)) == plain
    finally:
        model.generation_config = kept


def test_all_end_tokens_of_the_checkpoint_count(model, tokenizer) -> None:
    engine = says(model, tokenizer, [*literal(tokenizer, "Chat"), 3, 99], PROMPT)
    engine.model.generation_config = GenerationConfig(eos_token_id=[1, 3])
    assert best(OfIds(engine.model, tokenizer), [PROMPT], Decoding(4, 9))[0].text == "Chat"


def test_a_tokenizer_without_pad_or_end_token(model, tokenizer, prompts) -> None:
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, bos_token="<s>")
    kept = model.generation_config
    model.generation_config = GenerationConfig()
    try:
        answers = best(OfIds(model, bare), prompts, Decoding(2, 5))
    finally:
        model.generation_config = kept
    assert {answer.finish_reason for answer in answers} == {"length"}
    assert len(bare) == len(tokenizer)


@pytest.fixture
def directory(model, tokenizer, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "models" / "ontarget"
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def test_a_model_on_disk(directory: Path, engine: TransformersEngine, prompts) -> None:
    loaded = OfIds.load(str(directory))
    assert loaded.model.dtype == torch.float32
    pairs = zip(best(loaded, prompts, Decoding(2, 9)), best(engine, prompts, Decoding(2, 9)), strict=True)
    assert all(ours.text == theirs.text for ours, theirs in pairs)
    supported = multiplies_bf16() or torch.cuda.is_available()
    expected = torch.bfloat16 if supported else torch.float32
    assert OfIds.load(directory, precision="bf16").model.dtype == expected


@pytest.mark.parametrize("kind", [str, Path])
def test_a_missing_directory(directory: Path, kind: type) -> None:
    with pytest.raises(
        UserError, match=r"there is no model directory '.*ontarge'; did you mean 'ontarget'\?"
    ):
        OfIds.load(kind(directory.with_name("ontarge")))
    with pytest.raises(UserError, match=r"'.*nowhere' does not exist either"):
        OfIds.load(kind(directory / "nowhere" / "x"))


def test_a_misspelt_bare_name_is_a_directory_and_not_looked_for_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my-model").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="'my-modle'; did you mean 'my-model'") as error:
        OfIds.load("my-modle")
    assert "hub" not in str(error.value).lower()


def test_the_n_best_of_each_prompt_whatever_is_asked_with_it(engine, prompts) -> None:
    decoding = Decoding(3, 12)
    together = engine.generate(prompts, decoding, count=3)
    assert [answers[0] for answers in together] == best(engine, prompts, decoding)
    for prompt, answers in zip(prompts, together, strict=True):
        [alone] = engine.generate([prompt], decoding, count=3)
        assert [answer.text for answer in answers] == [answer.text for answer in alone]
        assert 1 < len(answers) <= 3
        values = [answer.log_probability / answer.tokens for answer in answers]
        assert values == sorted(values, reverse=True)


def test_a_token_without_an_embedding_is_refused_before_anything_is_translated(
    engine: TransformersEngine, tokenizer: PreTrainedTokenizerFast
) -> None:
    done: list[int] = []
    beyond = len(tokenizer)
    with pytest.raises(UserError, match=rf"\(id {beyond}\), but the model has {beyond} embeddings"):
        best(engine, [PROMPT, [0, beyond]], Decoding(1, 4), progress=lambda n, _: done.append(n))
    assert not done


@pytest.mark.parametrize("beam", [1, 3])
def test_scores_that_are_not_numbers_are_said(tokenizer: PreTrainedTokenizerFast, beam: int) -> None:
    broken = make_model(len(tokenizer))
    broken.model.layers[1].mlp.up_proj.weight.data[3, 3] = float("nan")
    with pytest.raises(UserError, match=r"the scores of the model '.*' are not numbers \(NaN\)"):
        best(OfIds(broken, tokenizer), [PROMPT, PROMPT[:2]], Decoding(beam, 4))


@pytest.mark.parametrize("end", [-1, 10_000])
def test_an_end_token_that_the_model_does_not_score_ends_nothing(model, tokenizer, end: int) -> None:
    usual, ends = OfIds(model, tokenizer), [tokenizer.eos_token_id, end]
    model = make_model(len(tokenizer))
    model.generation_config = GenerationConfig(eos_token_id=ends)
    contrasted = [Contrasted([[([0, 44], 0.5)]], Contrast(plausibility=0.0))]
    for adjusters in ([], contrasted):
        answers = [
            best(engine, [PROMPT], Decoding(2, 8), adjusters=adjusters)
            for engine in (usual, OfIds(model, tokenizer))
        ]
        assert answers[0] == answers[1]
