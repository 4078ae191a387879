import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.translation.conftest import best
from tests.translation.textbook import Textbook, search
from torch import Tensor

from ontarget.settings.decoding import Decoding
from ontarget.translation.anti_lm import AntiLM
from ontarget.translation.engines.transformers import TransformersEngine


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize("decay", [0.3, 0.8])
def test_the_same_as_the_textbook(engine: TransformersEngine, prompts, beam: int, decay: float) -> None:
    decoding, book = Decoding(beam, 7), Textbook(engine.model)
    asked, sources = prompts[:6], prompts[6:]
    found = best(engine, asked, decoding, (), [AntiLM(sources, decay)])
    for prompt, source, ours in zip(asked, sources, found, strict=True):
        alone = book.log_p(source)

        def score(answer: list[int], prompt=prompt, alone=alone) -> Tensor:
            return book.log_p([*prompt, *answer]) - decay ** (len(answer) + 1) * alone

        tokens, total = search(score, decoding)
        assert ours.tokens == len(tokens)
        assert ours.log_probability == pytest.approx(total, abs=1e-3)


def test_without_decay_left_it_is_the_model_itself(engine: TransformersEngine, prompts) -> None:
    plain = best(engine, prompts, Decoding(2, 9))
    found = best(engine, prompts, Decoding(2, 9), (), [AntiLM(prompts[::-1], 0.0)])
    assert [answer.text for answer in found] == [answer.text for answer in plain]
