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


def test_only_a_template_with_a_place_for_terms_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request("A dog", Direction.parse("en-de"))
    plain = PromptTemplate.load("plain")
    asked = []

    def terms(of: Request) -> list[tuple[str, str]]:
        asked.append(of.source)
        return [("dog", "Hund")]

    assert "Hund" not in text_of(prompt_of(System("a", plain, terms=terms), request))
    assert asked == []
    shown = {}

    class WithTerms:
        terms = object()

        def render(self, source: str, direction: Direction, **how: object) -> str:
            shown.update(how)
            return source

    prompt_of(System("b", WithTerms(), terms=terms), request)  # type: ignore[arg-type]
    assert shown["terms"] == [("dog", "Hund")]
    prompt_of(System("c", WithTerms()), request)  # type: ignore[arg-type]
    assert shown["terms"] == ()


def test_the_terms_of_a_request_are_told_before_those_of_the_system() -> None:
    request = Request("Ein Hund", Direction.parse("de-en"), (("Hund", "hound"),))
    told = System("a", PromptTemplate.load("hy-mt2"), terms=lambda _: [("Hund", "dog")])
    assert "hound" in text_of(prompt_of(told, request))
    assert "dog" not in text_of(prompt_of(told, request))
    assert "hound" not in text_of(prompt_of(System("b", PromptTemplate.load("plain")), request))
