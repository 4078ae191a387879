"""Whether the models of a recipe have seen its languages, and the form of its prompts."""

from pathlib import Path

from ontarget.checkpoints.record import tuned
from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.model_place import locate
from ontarget.prompts.chat_files import unused_chat
from ontarget.prompts.coverage import uncovered
from ontarget.recipes.schema.recipe import Recipe
from ontarget.text import is_empty

_LINES = 200  # of each language


def is_here(model: str) -> bool:
    """Whether a model is a directory of this machine; that there is none of its name is told elsewhere."""
    try:
        return isinstance(locate(model), Path)
    except UserError:
        return False


def unfamiliar(recipe: Recipe, model: str, corpus: Corpus) -> list[str]:
    """Sentences on languages that a model's tokenizer has no tokens for, or that it was not tuned on.

    A chat model that the recipe asks with another template has one, too.

    Args:
        recipe: names the languages.
        model: a directory.
        corpus: has text in them, perhaps.
    """
    from ontarget.checkpoints import load

    tokenizer = load.load_tokenizer(locate(model))
    said = [uncovered(tokenizer, one, lines_of(corpus, one)) for one in recipe.languages]
    before = tuned(locate(model))
    if before is None:
        said.append(unused_chat(tokenizer, recipe.template))
    elif new := [x for x in recipe.languages if not before.saw(x)]:
        names = ", ".join(f"{language.name()} ({language})" for language in new)
        said.append(f"it was tuned on {', '.join(map(str, before.languages))}, and never saw {names}")
    return [f"'{model}': {sentence}" for sentence in said if sentence]


def lines_of(corpus: Corpus, language: Language) -> list[str]:
    """Some lines in a language, of the first split that has any."""
    for split in corpus.splits:
        for part in corpus.parts(split):
            lines = part.lines.get(language, ())[:_LINES]
            if written := [line for line in lines if not is_empty(line)]:
                return written
    return []
