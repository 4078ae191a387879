"""What `translate` expects of an engine, and the optional features that an engine declares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ontarget.checkpoints.context import ContextWindow
from ontarget.errors import UserError
from ontarget.prompts.segment import Prompt
from ontarget.settings.decoding import Decoding
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import System

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from ontarget.translation.adjustment import Adjuster

Progress = Callable[[int, int], None]
"""Called after each batch with the number of finished requests and the number of all requests."""


class Capability(StrEnum):
    """An optional feature of an engine; the value is its name in messages."""

    BEAM_SEARCH = "beam search"
    N_BEST = "n-best lists"
    NO_REPEAT_NGRAM = "no-repeat n-grams"
    SAMPLING = "sampling"
    SCORE_ADJUSTMENT = "score adjustment"


class Engine(Protocol):
    """A model that generates text from prompts, many at a time.

    Attributes:
        name: the engine's name in messages.
        capabilities: the optional features that it has.
        context: the number of tokens that the model takes.
    """

    name: str
    capabilities: frozenset[Capability]
    context: ContextWindow

    def generate(
        self,
        prompts: Sequence[Prompt],
        decoding: Decoding,
        *,
        count: int = 1,
        stop: Sequence[str] = (),
        end: str = "",
        one_line: bool = True,
        adjusters: "Sequence[Adjuster]" = (),
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        """The best outputs for each prompt, in the order of the prompts.

        Args:
            prompts: text in trusted and untrusted segments. Only trusted ones may hold control tokens.
            decoding: the search, or `Sampling`, which needs `SAMPLING`.
            count: maximum number of hypotheses for each prompt; above 1 it needs `N_BEST`. Of a search the
                best ones, of sampling the number of draws, of which equal ones count once.
            stop: the output ends before the first of these strings.
            end: a chat template's end of turn; it ends an output, as the model's own end tokens do.
            one_line: whether line breaks in an output become spaces.
            adjusters: change the scores of tokens during the search (adjustment.py); they need
                `SCORE_ADJUSTMENT`.
            progress: called after each batch.
        Returns:
            For each prompt its hypotheses, best first: at least one, or fewer than `count` if the search
            found no more. For a prompt that does not fit into the context, one empty hypothesis with the
            finish reason `too-long`.
        Raises:
            UserError: the model cannot process these prompts.
        """
        ...


class TokenEngine(Engine, Protocol):
    """An engine with access to its model's tokens. Engines with `SCORE_ADJUSTMENT` must provide it.

    Attributes:
        tokenizer: the model's tokenizer.
        vocabulary: the number of token ids that the model scores.
    """

    tokenizer: "PreTrainedTokenizerFast"
    vocabulary: int

    def encode(self, prompt: Prompt) -> list[int]:
        """The token ids of a prompt, whose control tokens come from its trusted segments alone."""
        ...


def needed(system: System, count: int = 1) -> Mapping[str, Capability]:
    """The features that a system uses, each with the capability that an engine needs for it.

    Args:
        system: the system.
        count: the number of hypotheses requested for each prompt. An engine may find several without a beam.
    """
    decoding = system.decoding
    beams = 1 if decoding.sampling or count > 1 else decoding.num_beams
    uses = {
        "contrastive decoding": (system.contrast, Capability.SCORE_ADJUSTMENT),
        "a language prior": (system.prior, Capability.SCORE_ADJUSTMENT),
        "boosting": (system.boosting, Capability.SCORE_ADJUSTMENT),
        "Anti-LM decoding": (system.anti_lm, Capability.SCORE_ADJUSTMENT),
        "re-ranking": (system.rerank, Capability.N_BEST),
        f"the {count} best hypotheses": (count > 1, Capability.N_BEST),
        f"a beam of {beams}": (beams > 1, Capability.BEAM_SEARCH),
        "sampling": (decoding.sampling, Capability.SAMPLING),
        "no_repeat_ngram_size": (decoding.no_repeat_ngram_size, Capability.NO_REPEAT_NGRAM),
    }
    return {feature: capability for feature, (used, capability) in uses.items() if used}


def decoding_for(engine: Engine, decoding: Decoding) -> Decoding:
    """Settings that were meant for another engine: greedy search on an engine without beam search."""
    return decoding if Capability.BEAM_SEARCH in engine.capabilities else replace(decoding, num_beams=1)


def check_capabilities(system: System, engine: Engine, count: int = 1) -> None:
    """Refuses a system that needs what its engine lacks.

    Raises:
        UserError: the engine lacks a capability; the message names system, feature and engine.
    """
    for feature, capability in needed(system, count).items():
        if capability not in engine.capabilities:
            remedy = f"use another engine, or a system without {feature}"
            if capability is Capability.BEAM_SEARCH:
                remedy = "set num_beams to 1"
            raise UserError(
                f"the system '{system.id}' uses {feature}, but the engine '{engine.name}' does not support "
                f"{capability}; {remedy}"
            )
