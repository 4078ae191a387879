"""Chooses the prompt template that fits a model: `template: auto`.

A model that ontarget tuned gets the template that it was tuned with. Otherwise its name may be that of a
known family, whose prompt is in `templates/`. Names are compared cautiously: a wrong family is worse than
none, since the model's chat template, or else `alpaca`, then follows.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ontarget.checkpoints.adapter import lineage
from ontarget.checkpoints.files import CONFIG, read_object
from ontarget.checkpoints.record import RECORD
from ontarget.errors import UserError
from ontarget.model_place import locate
from ontarget.prompts.chat_files import has_chat
from ontarget.prompts.layout import AUTO, TEMPLATE_FILE, layout_of, shipped
from ontarget.served_model import ServedModel

_FALLBACK = "alpaca"


@dataclass(frozen=True, slots=True)
class Choice:
    """A template and the reason for it.

    Attributes:
        name: the name of the template, or the path of the file that is kept with a tuned model.
        why: the reason, as a clause such as "its name is that of a known model".
        tuned: whether ontarget tuned the model with this template.
    """

    name: str
    why: str
    tuned: bool = False

    @property
    def note(self) -> str | None:
        """One sentence on the choice; None for a model that ontarget tuned, where it goes without saying."""
        return None if self.tuned else f"the prompt template is '{self.name}', since {self.why}"


def choose(checkpoint: Path | str | ServedModel | None, *, general: bool = False) -> Choice:
    """The template for a model.

    Args:
        checkpoint: a directory, a GGUF file, a name on the Hugging Face hub, or a model on a server; None for
            a model that is trained from scratch.
        general: whether it is for general instructions, for which most families' prompts have no place.

    Raises:
        UserError: the checkpoint does not exist, or one of its files is damaged.
    """
    if checkpoint is None:
        return Choice(_FALLBACK, "the model is trained from scratch")
    if isinstance(checkpoint, ServedModel):
        if checkpoint.tokenizer is None:
            names = [] if general else [checkpoint.name.rpartition("/")[2]]
            return _known(names, chats=True) or Choice("chat", "the server has the model's own")
        checkpoint = checkpoint.tokenizer
    places = lineage(locate(checkpoint))
    if template := next(filter(None, map(_tuned_with, places)), None):
        return Choice(template, "the model was tuned with it", tuned=True)
    chats = has_chat(places[0])
    if not general and (known := _known(_names(places), chats)):
        return known
    if chats:
        return Choice("chat", "the model has a chat template and its name is not that of a known model")
    return Choice(_FALLBACK, "the model has no chat template and its name is not that of a known model")


def _known(names: Iterable[str], chats: bool) -> Choice | None:
    """The template of a known model by one of its names; those for chats need a model that has a template."""
    for name in names:
        for family in _families():
            layout = layout_of(family)
            if (chats or not layout.chat) and any(re.search(p, name, re.I) for p in layout.checkpoints):
                return Choice(family, f"the model's name '{name}' is that of a known model")
    return None


@cache
def _families() -> tuple[str, ...]:
    return tuple(name for name in shipped() if layout_of(name).checkpoints)


def _names(places: Sequence[Path | str]) -> Iterator[str]:
    """The names that a model goes by: of its directory or on the hub, and in its config; then its base's."""
    for place in places:
        if isinstance(place, str):
            yield place.rpartition("/")[2]
            continue
        for folder in dict.fromkeys((place.absolute(), place.resolve())):  # a link has two names
            # The hub's cache keeps a model in models--OWNER--NAME/snapshots/COMMIT.
            cached = folder.parent.name == "snapshots"
            yield folder.parent.parent.name.rpartition("--")[2] if cached else folder.name
        if (place / CONFIG).is_file():
            original = read_object(place / CONFIG).get("_name_or_path")
            if isinstance(original, str) and original:
                yield original.rstrip("/").rpartition("/")[2]


def _tuned_with(model: Path | str) -> str | None:
    """The template that ontarget tuned a model with, or None."""
    if isinstance(model, str):  # on the hub, where no model of ours is
        return None
    if (model / TEMPLATE_FILE).is_file():  # the user's own template, kept with the model
        return str(model / TEMPLATE_FILE)
    file = model / RECORD
    if not file.is_file():
        return None
    try:
        template = str(json.loads(file.read_text(encoding="utf-8"))["template"])
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f'\'{file}\' is not of the form {{"template": "plain"}}; name a template, or fix the file'
        ) from None
    return None if template == AUTO else template
