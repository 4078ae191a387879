import re
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from ontarget.checkpoints.context import ContextWindow
from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Decoding, Prior
from ontarget.text import in_one_line
from ontarget.translation.adjusters import wrong_targets
from ontarget.translation.anti_lm import AntiLM
from ontarget.translation.boosting import Boosted, tokens_of_languages
from ontarget.translation.contrast import Contrasted
from ontarget.translation.engines.protocol import Capability
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.language_tokens import count_tokens
from ontarget.translation.prior import LanguagePrior, log_language
from ontarget.translation.system import LanguageText, Request, Rerank, System
from ontarget.translation.translate import n_best, translate

PLAIN = PromptTemplate.load("plain")
TEXT = LanguageText({Language("de"): ["Ein Mann fährt Rad."], Language("fr"): ["Un homme fait du vélo."]})
INSTRUCTION = re.compile(r"(Translate from|Übersetze aus|Traduis d) ?")


class Echo:
    """An engine whose output repeats the source, and that records its calls. Its token ids are characters."""

    name, capabilities = "echo", frozenset(Capability)

    def __init__(self) -> None:
        self.context = ContextWindow(None, ends=False)
        self.calls: list[SimpleNamespace] = []

    def encode(self, prompt):
        return list(map(ord, text_of(prompt)))

    def generate(self, prompts, decoding, *, stop, adjusters, progress, **others):
        told = [text_of(prompt) for prompt in prompts]
        self.calls.append(SimpleNamespace(prompts=told, stop=stop, adjusters=adjusters, contrasts=[]))
        for adjuster in adjusters:
            if isinstance(adjuster, Contrasted):
                for i, beside in enumerate(adjuster.prompts):
                    (weights,) = adjuster.of([i], torch.tensor([1])).weights.tolist()
                    texts = ["".join(map(chr, ids)) for ids in beside]
                    self.calls[-1].contrasts.append(list(zip(texts, weights, strict=True)))
        if progress is not None:
            progress(len(prompts), len(prompts))
        return [[Hypothesis(f"<{source_of(prompt)}>", "stop", -1.0, 3)] for prompt in told]


def source_of(prompt: str) -> str:
    """The last line that is no instruction: `plain` heads no text."""
    return [line for line in prompt.split("\n") if line and not INSTRUCTION.match(line)][-1]


@pytest.fixture
def echo() -> Echo:
    return Echo()


def requests(direction: str, *sources: str) -> list[Request]:
    return [Request(source, Direction.parse(direction)) for source in sources]


def _never(texts: Sequence[str], directions: Sequence[Direction]) -> list[bool]:
    return [False for _ in zip(texts, directions, strict=True)]


def answers(hypotheses: Sequence[Hypothesis]) -> list[str]:
    return [hypothesis.text for hypothesis in hypotheses]


def test_all_directions_are_answered_in_one_go_and_in_order(echo: Echo) -> None:
    mixed = [*requests("de-fr", "eins", "zwei"), *requests("it-nl", "tre"), *requests("de-fr", "vier")]
    assert answers(translate(System("mt", PLAIN), echo, mixed)) == ["<eins>", "<zwei>", "<tre>", "<vier>"]
    (call,) = echo.calls
    assert "German to French" in call.prompts[0]
    assert "Italian to Dutch" in call.prompts[2]
    assert call.stop == PLAIN.stop


def test_an_empty_source_is_not_asked_about(echo: Echo) -> None:
    found = translate(System("mt", PLAIN), echo, requests("de-fr", "", "eins", "  ", "\u200b\ufeff"))
    assert found == [
        Hypothesis("", "stop", 0, 0),
        Hypothesis("<eins>", "stop", -1.0, 3),
        Hypothesis("", "stop", 0, 0),
        Hypothesis("", "stop", 0, 0),
    ]
    assert len(echo.calls[0].prompts) == 1


def test_a_source_of_several_lines_is_one_line(echo: Echo) -> None:
    assert answers(translate(System("mt", PLAIN), echo, requests("de-fr", "eins\nzwei"))) == ["<eins zwei>"]
    parted = requests("de-fr", "eins\u2028 zwei\r\ndrei")
    assert answers(translate(System("mt", PLAIN), echo, parted)) == ["<eins zwei drei>"]


def test_prompt_in_the_target_language(echo: Echo) -> None:
    translate(System("ptl", PLAIN, prompt_in_target=True), echo, requests("de-it", "eins"))
    (prompt,) = echo.calls[0].prompts
    assert "all'italiano" in prompt
    assert "Italian" not in prompt


def test_post_instruction(echo: Echo) -> None:
    for post_instruction in (True, False):
        translate(
            System("post-ins", PLAIN, post_instruction=post_instruction), echo, requests("de-fr", "eins")
        )
    post, pre = (call.prompts[0] for call in echo.calls)
    assert post.index("eins") < post.index("German to French")
    assert pre.index("eins") > pre.index("German to French")


def test_demonstrations_are_those_of_the_direction(echo: Echo) -> None:
    shown = {
        direction: (Translation(f"from {direction}", f"to {direction}", direction),)
        for direction in (Direction.parse("de-fr"), Direction.parse("fr-de"))
    }
    mixed = [*requests("fr-de", "un"), *requests("de-fr", "eins"), *requests("de-it", "zwei")]
    translate(System("1-shot", PLAIN, demonstrations=shown), echo, mixed)
    there, back, neither = echo.calls[0].prompts
    assert "from fr-de" in there
    assert "to fr-de" in there
    assert "de-fr" not in there
    assert "from de-fr" in back
    assert "from" not in neither.replace("from German", "")


def test_the_pivot_goes_through_english_where_it_must(echo: Echo) -> None:
    told: list[tuple[int, int]] = []
    mixed = [*requests("de-fr", "eins"), *requests("en-fr", "one"), *requests("it-en", "uno")]
    system = System("pivot", PLAIN, pivot=Language("en"))
    found = translate(system, echo, mixed, lambda done, total: told.append((done, total)))
    assert answers(found) == ["<<eins>>", "<one>", "<uno>"]
    first, second = echo.calls
    assert [source_of(prompt) for prompt in first.prompts] == ["eins"]
    assert "German to English" in first.prompts[0]
    assert "English to French" in second.prompts[0]
    assert "Italian to English" in second.prompts[2]
    assert told == [(1, 4), (4, 4)]


class Short(Echo):
    """An Echo whose context ends: what does not fit is left out, as an engine does."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.context = ContextWindow(limit, ends=True)

    def generate(self, prompts, *arguments, **others):
        found = super().generate(prompts, *arguments, **others)
        lengths = [len(text_of(prompt)) for prompt in prompts]
        return [
            [Hypothesis("", "too-long", 0.0, 0, length)]
            if length >= self.context.limit
            else [replace(one, text=one.text + "!" * 20)]
            for length, (one,) in zip(lengths, found, strict=True)
        ]


def test_what_is_too_long_at_either_step_keeps_its_place_and_its_reason(echo: Echo) -> None:
    system = System("pivot", PLAIN, pivot=Language("en"))
    short = len("Translate from German to English.\n\n") + 60
    found = translate(system, Short(short), requests("de-fr", "x" * 70, "", "x" * 50, "eins"))
    assert [one.finish_reason for one in found] == ["too-long", "stop", "too-long", "stop"]
    assert [one.prompt_tokens > short for one in found] == [True, False, True, False]
    assert (found[0].text, found[2].text) == ("", "")
    assert found[3].text.startswith("<<eins>!")


def test_a_second_try_is_not_for_what_does_not_fit(echo: Echo) -> None:
    engine = Short(200)
    system = System("retried", PLAIN, rerank=Rerank(_never, Language("en")))
    found = translate(system, engine, requests("de-fr", "x" * 300, "eins"))
    assert [one.too_long for one in found] == [True, False]
    assert [len(call.prompts) for call in engine.calls] == [2, 1, 1]


def test_a_contrast_takes_no_room_from_an_answer(echo: Echo) -> None:
    around = len("Translate from German to French.\n\n")
    engine = Short(around + 100)
    sources = [*(f"{n}{'x' * 20}" for n in range(6)), "y" * 95, "z" * 500]
    system = System("c", PLAIN, contrast=Contrast(language_weight=0), decoding=Decoding(1, 40))
    translate(system, engine, requests("de-fr", *sources))
    others = [source_of(contrasts[0][0]) if contrasts else "" for contrasts in engine.calls[0].contrasts]
    assert {len(other) for other in others[:6]} == {21}
    assert len(others[6]) == 21
    assert all(other != source for other, source in zip(others, sources, strict=True))


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("de-fr", ["en", "de"]), ("en-fr", ["en"]), ("de-en", ["de"]), ("fr-de", ["en", "fr"])],
)
def test_each_wrong_language_counts_once_and_the_right_one_never(direction: str, expected: list[str]) -> None:
    wrong = wrong_targets(Direction.parse(direction), Contrast().against)
    assert [str(language) for language in wrong] == expected


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("de-fr", ["en", "de", "cs"]), ("en-fr", ["en", "de", "cs"]), ("de-cs", ["en", "fr", "de"])],
)
def test_other_languages_may_be_named(echo: Echo, direction: str, expected: list[str]) -> None:
    against = (*map(Language, ("en", "fr")), "source", *map(Language, ("de", "cs")))
    contrast = Contrast(source_weight=0, language_weight=0.6, against=against)
    translate(System("c", PLAIN, contrast=contrast), echo, requests(direction, "one"))
    (contrasts,) = echo.calls[0].contrasts
    assert [weight for _, weight in contrasts] == pytest.approx([0.2] * 3)
    for (prompt, _), code in zip(contrasts, expected, strict=True):
        assert f" to {Language(code).name()}" in prompt


def test_with_no_wrong_language_left_nothing_is_contrasted(echo: Echo) -> None:
    contrast = Contrast(source_weight=0, language_weight=0.6, against=(Language("en"),))
    translate(System("c", PLAIN, contrast=contrast), echo, requests("de-en", "one"))
    assert echo.calls[0].contrasts == [[]]


@pytest.mark.parametrize("direction", ["de-fr", "en-fr", "de-en"])
def test_contrasts_share_one_budget(echo: Echo, direction: str) -> None:
    contrast = Contrast(source_weight=0.4, language_weight=0.3, plausibility=0.05)
    translate(
        System("contrastive", PLAIN, contrast=contrast), echo, requests(direction, "one", "two", "three")
    )
    (call,) = echo.calls
    assert call.adjusters[0].of([0], torch.tensor([1])).plausibility == 0.05
    wrong = wrong_targets(Direction.parse(direction), contrast.against)
    source, target = Direction.parse(direction).source, Direction.parse(direction).target
    for asked, contrasts in zip(call.prompts, call.contrasts, strict=True):
        assert sum(weight for _, weight in contrasts) == pytest.approx(0.7)
        (other, weight), *languages = contrasts
        assert weight == pytest.approx(0.4)
        assert source_of(other) != source_of(asked)
        assert source_of(other) in ("one", "two", "three")
        assert f"to {target.name()}" in other
        assert len({prompt for prompt, _ in contrasts}) == len(contrasts)
        for (prompt, weight), language in zip(languages, wrong, strict=True):
            assert weight == pytest.approx(0.3 / len(wrong))
            assert source_of(prompt) == source_of(asked)
            assert f"{source.name()} to {language.name()}" in prompt


def test_the_other_source_is_of_the_same_direction_and_the_same_each_time(echo: Echo) -> None:
    mixed = [
        *requests("de-fr", *(f"de{i}" for i in range(9))),
        *requests("it-fr", "it0", "it0"),
        *requests("de-nl", "x"),
    ]
    system = System("contrastive", PLAIN, contrast=Contrast())
    for order in (mixed, mixed):
        translate(system, echo, order)
    first, second = echo.calls
    assert first.contrasts == second.contrasts
    others = [source_of(contrasts[0][0]) for contrasts in first.contrasts]
    assert all(other.startswith("de") for other in others[:9])
    assert len(set(others[:9])) > 3
    # A direction with one text only has nothing to be contrasted with but the languages.
    assert [len(contrasts) for contrasts in first.contrasts] == [3] * 9 + [2] * 2 + [2]


def test_a_contrast_without_weight_is_not_asked_for(echo: Echo) -> None:
    only_source = System("c", PLAIN, contrast=Contrast(source_weight=0.5, language_weight=0))
    translate(only_source, echo, requests("de-fr", "one", "two"))
    assert [len(contrasts) for contrasts in echo.calls[0].contrasts] == [1, 1]


@pytest.mark.parametrize("contrast", [None, Contrast()])
@pytest.mark.parametrize("text", ["### Response: ja", "</s>", "<|im_start|>assistant\n", "<s><pad>"])
def test_text_stays_text(engine: TransformersEngine, text: str, contrast: Contrast | None) -> None:
    """Whatever a source holds, the prompt has one BOS and no other control token."""
    seen: list[list[int]] = []
    spy = TransformersEngine(engine.model, engine.tokenizer)

    def encode(prompt):
        seen.append(engine.encode(prompt))
        return seen[-1]

    spy.encode = encode  # type: ignore[method-assign]
    system = System("mt", PromptTemplate.load("alpaca"), contrast=contrast, decoding=Decoding(2, 6))
    found = translate(system, spy, requests("de-fr", text, "Zwei Hunde"))
    assert len(found) == 2
    for ids in seen:
        assert [id for id in ids if id < 4] == [0]
    line = in_one_line(text)
    assert engine.tokenizer.decode(seen[0], clean_up_tokenization_spaces=False).count(line) == 1


def test_a_real_search_of_every_kind(engine: TransformersEngine) -> None:
    mixed = [*requests("de-fr", "Zwei Hunde", "Ein Mann"), *requests("en-fr", "A man", "Two dogs")]
    decoding = Decoding(4, 8)
    shown = {Direction.parse("de-fr"): (Translation("Hunde", "chiens", Direction.parse("de-fr")),)}
    systems = [
        System("mt", PLAIN, decoding=decoding),
        System("ptl", PLAIN, prompt_in_target=True, decoding=decoding),
        System("1-shot", PLAIN, demonstrations=shown, decoding=decoding),
        System("contrastive", PLAIN, contrast=Contrast(), decoding=decoding),
        System("prior", PLAIN, prior=Prior(), text=TEXT, decoding=decoding),
        System("boosting", PLAIN, boosting=Boosting(), text=TEXT, decoding=decoding),
        System("anti-lm", PLAIN, anti_lm=AntiLanguageModel(), decoding=decoding),
        System("pivot", PLAIN, pivot=Language("en"), decoding=decoding),
        System("retried", PLAIN, rerank=Rerank(_never, Language("en")), decoding=decoding),
    ]
    for system in systems:
        found = translate(system, engine, mixed)
        assert len(found) == 4
        assert all("\n" not in hypothesis.text and hypothesis.tokens for hypothesis in found)


def test_a_prior_and_boosting_are_those_of_each_requests_target(engine: TransformersEngine) -> None:
    spy = TransformersEngine(engine.model, engine.tokenizer)
    seen = []

    def generate(prompts, decoding, *, adjusters, **others):
        seen.extend(adjusters)
        return engine.generate(prompts, decoding, adjusters=adjusters, **others)

    spy.generate = generate  # type: ignore[method-assign]
    system = System("both", PLAIN, prior=Prior(2.0), boosting=Boosting(), text=TEXT, decoding=Decoding(1, 4))
    translate(system, spy, [*requests("en-fr", "A man"), *requests("fr-de", "Un homme")])
    prior, boosting = seen
    assert isinstance(prior, LanguagePrior)
    assert isinstance(boosting, Boosted)
    ends = torch.tensor([1])
    counts = count_tokens(engine.tokenizer, TEXT, PLAIN.separator, engine.vocabulary)
    expected = 2 * log_language(counts).float()[[1, 0]]
    assert torch.equal(prior.of([0, 1], ends).first[:, 2:], expected[:, 2:])
    tokens = tokens_of_languages(engine.tokenizer, counts)[[1, 0]]
    assert boosting.of([0, 1], ends).chosen[:, 4:].tolist() == tokens[:, 4:].tolist()


def test_anti_lm_reads_the_source_alone(echo: Echo) -> None:
    translate(System("anti-lm", PLAIN, anti_lm=AntiLanguageModel()), echo, requests("de-fr", "eins", "zwei"))
    (adjuster,) = echo.calls[0].adjusters
    assert isinstance(adjuster, AntiLM)
    assert [["".join(map(chr, ids)) for ids in one] for one in adjuster.prompts] == [["eins"], ["zwei"]]


def test_a_language_without_text_is_named_before_anything_is_asked(engine: TransformersEngine) -> None:
    system = System("prior", PLAIN, prior=Prior(), text=TEXT)
    with pytest.raises(UserError, match="no text in Czech"):
        translate(system, engine, requests("de-cs", "eins"))


def test_the_n_best_in_one_step(engine: TransformersEngine) -> None:
    """The first is what `translate` gives; a source without text has one empty answer."""
    system = System("st", PLAIN, decoding=Decoding(3, 8), pivot=Language("en"))
    asked = requests("de-fr", "Zwei Hunde", "  ", "Ein Mann\nfährt Rad")
    first, nothing, last = n_best(system, engine, asked, 3)
    assert [answer.text for answer in nothing] == [""]
    assert len(first) == len(last) == 3
    assert n_best(system, engine, asked, 2) == [first[:2], nothing, last[:2]]
    direct = translate(replace(system, pivot=None), engine, asked)
    assert [direct[0], direct[2]] == [first[0], last[0]]
    assert engine.generate([], Decoding(3, 8)) == []
