"""Checks whether the models of a recipe know its languages and its form of prompts."""

from pathlib import Path

from ontarget.checkpoints.record import tuned
from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.model_place import locate
from ontarget.prompts.chat_files import unused_chat
from ontarget.prompts.choice import choose
from ontarget.prompts.coverage import uncovered
from ontarget.prompts.layout import AUTO
from ontarget.recipes.schema.recipe import Recipe
from ontarget.text import is_empty

_LINES = 200  # number of lines of each language


def is_here(model: str) -> bool:
    """Whether a model is a directory on this machine; other checks report a missing directory."""
    try:
        return isinstance(locate(model), Path)
    except UserError:
        return False


def unfamiliar(recipe: Recipe, model: str, corpus: Corpus) -> list[str]:
    """Remarks on languages that a model's tokenizer does not cover, or that the model was not tuned on.

    There is also a remark on a chat model that the recipe prompts by another template, and on a template that
    was chosen automatically.

    Args:
        recipe: names the languages.
        model: a directory.
        corpus: may have text in these languages.
    """
    from ontarget.checkpoints import load

    tokenizer = load.load_tokenizer(locate(model))
    said = [uncovered(tokenizer, one, lines_of(corpus, one)) for one in recipe.languages]
    before = tuned(locate(model))
    if before is None:
        said.append(unused_chat(tokenizer, recipe.template))
        said.append(choose(model).note if recipe.template == AUTO else None)
    elif new := [x for x in recipe.languages if not before.saw(x)]:
        names = ", ".join(f"{language.name()} ({language})" for language in new)
        said.append(f"it was tuned on {', '.join(map(str, before.languages))}, but not on {names}")
    return [f"'{model}': {sentence}" for sentence in said if sentence]


def lines_of(corpus: Corpus, language: Language) -> list[str]:
    """Some lines in a language, from the first split that has any."""
    for split in corpus.splits:
        for part in corpus.parts(split):
            lines = part.lines.get(language, ())[:_LINES]
            if written := [line for line in lines if not is_empty(line)]:
                return written
    return []
