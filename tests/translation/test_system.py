import subprocess
import sys

import pytest

from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Boosting, Prior
from ontarget.translation.system import Request, System, prompt_of


def test_a_system_is_described_without_torch() -> None:
    code = "import sys, ontarget.translation.system; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("how", [{"prior": Prior()}, {"boosting": Boosting()}])
def test_what_learns_from_text_needs_some(how: dict) -> None:
    with pytest.raises(UserError, match="the system 'mine' learns from text"):
        System("mine", PromptTemplate.load("plain"), **how)


def test_only_a_template_with_a_place_for_terms_gets_them() -> None:
    request = Request("A dog", Direction.parse("en-de"), (("dog", "Köter"),))
    assert "Köter" not in text_of(prompt_of(System("a", PromptTemplate.load("plain")), request))
    shown = {}

    class WithTerms:
        terms = object()

        def render(self, source: str, direction: Direction, **how: object) -> str:
            shown.update(how)
            return source

    prompt_of(System("b", WithTerms()), request)  # type: ignore[arg-type]
    assert shown["terms"] == (("dog", "Köter"),)
    prompt_of(System("b", WithTerms()), Request("A dog", Direction.parse("en-de")))  # type: ignore[arg-type]
    assert shown["terms"] == ()
