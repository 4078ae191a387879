"""Translation from Python: a model, its tokenizer and the prompt template that it was tuned with."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from ontarget import given
from ontarget.checkpoints.context import ContextWindow
from ontarget.checkpoints.record import tuned
from ontarget.corpora.instructions import Instruction
from ontarget.errors import UserError, counted
from ontarget.languages import Direction, Language
from ontarget.model_place import locate
from ontarget.prompts.chat_files import unused_chat
from ontarget.prompts.choice import choose
from ontarget.prompts.coverage import uncovered
from ontarget.prompts.layout import AUTO
from ontarget.prompts.template import PromptTemplate
from ontarget.sentences import sentences_of
from ontarget.served_model import ServedModel
from ontarget.settings.decoding import Decoding, Precision
from ontarget.translation.engines.loading import load_engine, place_of
from ontarget.translation.engines.protocol import Progress, decoding_for
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request, System, direction_between
from ontarget.translation.too_long import refused, sentences
from ontarget.translation.translate import translate

BEAMS = 4
"""Number of hypotheses that a search keeps at each step, unless the user chooses."""
Texts = TypeVar("Texts", str, list[str])

_LOG = logging.getLogger(__name__)


class Translator:
    """A model that translates: `Translator("runs/x/models/ontarget").translate("Guten Tag", source="de",
    target="fr")`.

    Args:
        model: a directory, a name on the Hugging Face Hub, a model on a server, or the URL of a server that
            has one model.
        template: the prompt template, by name or path. The default, `auto`, is the template that the model
            was tuned with, that of a known model by this name, the model's chat template, or else `alpaca`.
        trust_remote_code: whether code that comes with the model may run.
        precision: see `load_checkpoint`; a server has its own.
    Raises:
        UserError: the model or template does not exist.

    Attributes:
        template: the prompt template.
        general_note: if the template of `answer` was chosen automatically, a sentence on it, else None.
        engine: generates the text.
    """

    def __init__(
        self,
        model: str | Path | ServedModel,
        template: str | None = None,
        *,
        trust_remote_code: bool = False,
        precision: Precision = "auto",
    ) -> None:
        place = place_of(model if isinstance(model, ServedModel) else given.place(model, "model"))
        if template is not None:
            given.text(template, "template")
        choice, general = choose(place), choose(place, general=True)
        automatic = template is None or template == AUTO
        self.template = PromptTemplate.load(choice.name if automatic else str(template), place)
        self._general = PromptTemplate.load(general.name, place) if automatic else None
        self.engine = load_engine(place, trust_remote_code=trust_remote_code, precision=precision)
        self._tokenizer = getattr(self.engine, "tokenizer", None)
        files = place.tokenizer if isinstance(place, ServedModel) else place
        self._tuned = None if files is None else tuned(locate(files))
        unused = None if choice.tuned else unused_chat(self._tokenizer, self.template.name)
        self._on_template = choice.note if automatic else unused
        self.general_note = general.note if automatic else None
        if self.template.chat and self._tokenizer:
            self.template.chat.check_tokens(self._tokenizer.special_tokens_map)

    @property
    def context(self) -> ContextWindow:
        """The number of tokens that the model takes, prompt and output together."""
        return self.engine.context

    def doubts(self, direction: Direction) -> list[str]:
        """Reasons why translations of a direction may be poor, one sentence each, before any is generated.

        Either the model was not tuned on the direction, as its directory says, or its tokenizer has no tokens
        for one of the languages, or the model is a chat model but the template is not its own. If the
        template was chosen automatically, the first sentence names it and the reason.
        """
        of_model = self._tuned.doubts(direction) if self._tuned else None
        tokenizer = self._tokenizer
        of_tokens = (uncovered(tokenizer, side) for side in direction.sides) if tokenizer else ()
        return [reason for reason in (self._on_template, of_model, *of_tokens) if reason]

    def doubts_on_lines(
        self, texts: Sequence[str], source: Language, *, are_first: bool = False
    ) -> list[str]:
        """Reasons why the translations of these texts may be poor, one sentence each.

        A model that was tuned on single sentences translates the first one of several, or mixes them up.

        Args:
            texts: the texts.
            source: their language.
            are_first: whether more texts follow, which the sentences then say.
        """
        if self._tuned is None or not self._tuned.single_sentences:
            return []
        several = sum(len(sentences_of(text, source)) > 1 for text in texts)
        if not several:
            return []
        return [
            f"{several} of {'the first ' * are_first}{counted(len(texts), 'line')} have several sentences, "
            "but the model was tuned on single ones; split them, one sentence a line"
        ]

    def translate(
        self,
        texts: Texts,
        source: str | Language,
        target: str | Language,
        *,
        num_beams: int | None = None,
        max_new_tokens: int = 512,
        no_repeat_ngram_size: int | None = None,
        progress: Progress | None = None,
        system: System | None = None,
    ) -> Texts:
        """Translates a text, or each text of a list, into one line each.

        A text that is too long for the model's context has an empty translation, and a warning in the log;
        `hypotheses` gives its finish reason.

        Args:
            texts: one text, or several.
            source: their language, as a code such as `de`.
            target: the language to translate into.
            num_beams: number of hypotheses kept at each step; 1 is greedy search, which is faster. The
                default is 4, or 1 for a model on a server, which has no beam.
            max_new_tokens: maximum number of tokens to generate for each text.
            no_repeat_ngram_size: forbid repeated n-grams of this size; try 3 for models that repeat
                themselves.
            progress: called with the number of finished texts and the number of all texts.
            system: prompt, decoding and score adjustments; it replaces the template and the options above.
        Raises:
            UserError: a text is not a string, a language is unknown, or both languages are the same.
        """
        found = self.hypotheses(
            [given.text(texts, "the text")] if isinstance(texts, str) else texts,
            source,
            target,
            num_beams=num_beams,
            max_new_tokens=max_new_tokens,
            no_repeat_ngram_size=no_repeat_ngram_size,
            progress=progress,
            system=system,
        )
        translations = self._texts(found, "text")
        if isinstance(texts, str):
            return translations[0]
        return translations

    def hypotheses(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        num_beams: int | None = None,
        max_new_tokens: int = 512,
        no_repeat_ngram_size: int | None = None,
        progress: Progress | None = None,
        system: System | None = None,
    ) -> list[Hypothesis]:
        """Translates as `translate`, but returns hypotheses, with finish reason and log-probability.

        A text that is too long for the model's context has the finish reason `too-long`; nothing is logged.
        """
        lines = given.texts(texts, "texts", "text")
        direction = direction_between(source, target)
        beams = BEAMS if num_beams is None else num_beams
        decoding = Decoding(beams, max_new_tokens, no_repeat_ngram_size=no_repeat_ngram_size)
        if system is None:
            if num_beams is None:
                decoding = decoding_for(self.engine, decoding)
            system = System("translator", self.template, decoding=decoding)
        elif not isinstance(system, System):
            raise UserError(f"system is {given.shown(system)}; give a System, or leave it out")
        requests = [Request(text, direction) for text in lines]
        return translate(system, self.engine, requests, given.progress(progress))

    def answer(
        self,
        instructions: Sequence[Instruction],
        *,
        num_beams: int = 1,
        max_new_tokens: int = 512,
        progress: Progress | None = None,
    ) -> list[str]:
        """Generates a response, of one or more lines, to each general instruction.

        An instruction that is too long for the model's context has an empty response, and a warning in the
        log. The reference outputs of the instructions are ignored.

        Args:
            instructions: untrusted text of users.
            num_beams: number of hypotheses kept at each step; 1 is greedy search.
            max_new_tokens: maximum number of tokens to generate for each instruction.
            progress: called with the number of finished instructions and the number of all.
        Raises:
            UserError: `instructions` is not a list of instructions, or the template has no place for them.
        """
        found = self.general_hypotheses(
            instructions, num_beams=num_beams, max_new_tokens=max_new_tokens, progress=progress
        )
        return self._texts(found, "instruction")

    def general_hypotheses(
        self,
        instructions: Sequence[Instruction],
        *,
        num_beams: int = 1,
        max_new_tokens: int = 512,
        progress: Progress | None = None,
    ) -> list[Hypothesis]:
        """Generates as `answer`, but returns hypotheses; the finish reason may be `too-long`."""
        checked = _instructions(instructions)
        template = self._general or self.template
        found = self.engine.generate(
            [template.render_general(each.instruction, each.input) for each in checked],
            Decoding(num_beams, max_new_tokens),
            stop=template.stop,
            end=template.end,
            one_line=False,
            progress=given.progress(progress),
        )
        return [of_one[0] for of_one in found]

    def _texts(self, found: Sequence[Hypothesis], unit: str) -> list[str]:
        for message in sentences(refused(found), self.context.limit, unit):
            _LOG.warning("%s", message)
        return [hypothesis.text for hypothesis in found]


def _instructions(given_ones: Sequence[Instruction]) -> list[Instruction]:
    """The instructions, after a check of their types."""
    form = "Instruction(instruction, input, output)"
    found = list(given.several(given_ones, "instructions", of=form))
    for number, each in enumerate(found):
        if not isinstance(each, Instruction):
            raise UserError(f"instruction {number} is {given.shown(each)}; give an {form}")
        given.text(each.instruction, "instruction", number)
        given.text(each.input, "the input of instruction", number)
    return found
