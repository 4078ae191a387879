"""An engine without a model: its answers are written by hand."""

from collections.abc import Callable, Mapping, Sequence

from ontarget.checkpoints.context import ContextWindow
from ontarget.prompts.segment import Prompt, text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.protocol import Capability
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import System

GERMAN = "Der Hund schläft heute auf dem Sofa."
FRENCH = "Le chien dort aujourd'hui sur le canapé."
ENGLISH = "The dog is sleeping on the sofa today."
Answers = Mapping[str, Sequence[str]] | Callable[[str, Decoding], Sequence[str]]


class Scripted:
    """Answers a source with the hypotheses written for it; keeps what it was asked."""

    context = ContextWindow(9, ends=True)

    def __init__(
        self, answers: Answers, capabilities: Sequence[Capability] = tuple(Capability), name: str = "scripted"
    ) -> None:
        self.name = name
        self.capabilities = frozenset(capabilities)
        self.asked: list[str] = []
        self._answers = answers

    def generate(
        self,
        prompts: Sequence[Prompt],
        decoding: Decoding,
        *,
        count: int = 1,
        progress: Callable[[int, int], None] | None = None,
        **_: object,
    ) -> list[list[Hypothesis]]:
        sources = [text_of(prompt).strip().split("\n")[-1] for prompt in prompts]
        self.asked += sources
        if progress is not None:
            progress(len(prompts), len(prompts))
        return [self._of(source, decoding)[:count] for source in sources]

    def _of(self, source: str, decoding: Decoding) -> list[Hypothesis]:
        if source == "too long":
            return [Hypothesis("", "too-long", 0.0, 0, 99)]
        answers = self._answers
        texts = answers(source, decoding) if callable(answers) else answers[source]
        return [Hypothesis(text, "stop", -1.0, 3) for text in texts]


def plain(**how: object) -> System:
    return System("plain", PromptTemplate.load("plain"), decoding=Decoding(4, 20), **how)  # type: ignore[arg-type]
