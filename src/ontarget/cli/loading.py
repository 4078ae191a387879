"""Loads the model of `ontarget translate` as its options say, in this process or in a worker on a cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from ontarget.corpora.opening import digest
from ontarget.files import expanded
from ontarget.languages import Direction, Language
from ontarget.pipeline.execution.systems import system_called
from ontarget.pipeline.planning.artifacts import text_fingerprint
from ontarget.pipeline.planning.served import identity_of
from ontarget.prompts.layout import is_file_name
from ontarget.scoring.language_id.identifiers import identifier_named
from ontarget.served_model import ServedModel
from ontarget.settings.decoding import Decoding, Precision
from ontarget.translation.engines.loading import Place

if TYPE_CHECKING:
    from ontarget.translators.checked import CheckedTranslator

_SHOWN = 12  # characters of a fingerprint that are kept, which a message can show


def quiet_loading(model: str | ServedModel) -> None:
    """Turns off the progress bars of transformers, if it loads the model: one bar is enough."""
    if not isinstance(model, ServedModel):
        from tqdm import tqdm
        from transformers.utils import logging

        logging.disable_progress_bar()
        tqdm.set_lock(RLock())  # its own one is a semaphore, which outlives a process that is killed


@dataclass(frozen=True, slots=True)
class TranslatorOptions:
    """The options that decide a translation, already checked. They can be sent to another process.

    Attributes:
        direction: None if each request has its own.
        monolingual: text of each language for systems that learn from it.
        offered: the languages of all directions, for a system without a direction.
        retries: names, and the model if it is another one, see `retries_of`.
        lid: the identifier of the check.
    """

    model: str | ServedModel
    direction: Direction | None
    template: str | None
    system: str | None
    num_beams: int
    max_new_tokens: int
    no_repeat_ngram_size: int | None
    retries: Sequence[tuple[str, Place | None]]
    lid: str
    check: bool
    trust_remote_code: bool
    precision: Precision = "auto"
    monolingual: Mapping[Language, Sequence[str]] = field(default_factory=dict)
    offered: Sequence[Language] = ()

    def load(self, *, shared: bool = False) -> "CheckedTranslator":
        """Loads the model; that of a retry when the first line needs it.

        Args:
            shared: whether threads may share the translator. Then all models are loaded at once.
        Raises:
            UserError: a model does not exist, or cannot be used.
        """
        from ontarget.translation.engines.protocol import check_capabilities
        from ontarget.translation.translator import Translator
        from ontarget.translators.checked import CheckedTranslator

        quiet_loading(self.model)
        how_loaded: Any = {"trust_remote_code": self.trust_remote_code, "precision": self.precision}

        def loaded(model: Place, template: str | None = None) -> Translator:
            translator = Translator(model, template, **how_loaded)
            if shared and not isinstance(model, ServedModel):  # one on a server can be shared as it is
                from ontarget.translation.engines.shared import SharedEngine
                from ontarget.translation.engines.transformers import TransformersEngine

                assert isinstance(translator.engine, TransformersEngine)
                translator.engine = SharedEngine(translator.engine)
            return translator

        translator = loaded(self.model, self.template)
        how = None
        if self.system is not None:
            decoding = Decoding(
                self.num_beams, self.max_new_tokens, no_repeat_ngram_size=self.no_repeat_ngram_size
            )
            sources, targets = self.offered, self.offered
            if self.direction is not None:
                sources, targets = [self.direction.source], [self.direction.target]
            how = system_called(
                self.system, translator.template, sources, targets, self.monolingual, decoding
            )
            check_capabilities(how, translator.engine)
        return CheckedTranslator(
            translator,
            retry=[
                # A server loads all models at the start, since a client would not wait for one.
                name if other is None else loaded(other) if shared else partial(loaded, other)
                for name, other in self.retries
            ],
            num_beams=self.num_beams,
            max_new_tokens=self.max_new_tokens,
            no_repeat_ngram_size=self.no_repeat_ngram_size,
            system=how,
            identifier=identifier_named(self.lid),
            check=self.check,
        )

    def settings(self) -> dict[str, Any]:
        """The options by their names on the command line, and fingerprints of the files that they name."""
        more: dict[str, Any] = {} if self.precision == "auto" else {"--precision": self.precision}
        if self.template is not None and is_file_name(self.template):
            more["the template's file"] = digest(expanded(self.template))[:_SHOWN]
        if Path(self.lid).is_file():
            more["the identifier's file"] = digest(Path(self.lid))[:_SHOWN]
        if others := [_identity(other) for _, other in self.retries if other is not None]:
            more["the other model's files"] = ",".join(others)
        return more | {
            "--model": self.model.name if isinstance(self.model, ServedModel) else self.model,
            "the model's files": _identity(self.model),
            "--from": "auto" if self.direction is None else str(self.direction.source),
            "--template": self.template,
            "--system": self.system,
            "--num-beams": self.num_beams,
            "--max-new-tokens": self.max_new_tokens,
            "--no-repeat-ngram-size": self.no_repeat_ngram_size,
            "--retry": ",".join(f"{name}{other or ''}" for name, other in self.retries) or None,
            "--lid": self.lid,
            "--check": self.check,
            "--monolingual": {
                str(code): text_fingerprint(of)[:_SHOWN] for code, of in self.monolingual.items()
            }
            or None,
        }


def _identity(place: Place) -> str:
    """A short fingerprint of a model: a server's model is known by its name and tokenizer."""
    whole = identity_of(place if isinstance(place, ServedModel) else str(place))
    return text_fingerprint([whole])[:_SHOWN]
