"""What a recipe points at: its corpus, its test set, and the models that it did not make itself."""

from pathlib import Path

from ontarget.corpora import phrasebook, plain
from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.model_place import locate
from ontarget.pipeline.artifacts import folder_fingerprint
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.recipe import Recipe


def load_corpus(recipe: Recipe) -> Corpus:
    """The recipe's parallel text.

    Raises:
        UserError: a file is missing or damaged, or the corpus lacks one of the recipe's languages.
    """
    source = recipe.corpus
    if source.plain:
        corpus = plain.load(recipe.name, source.plain.model_dump(exclude_none=True), recipe.languages)
    elif source.phrasebook:
        corpus = phrasebook.load(source.phrasebook.tuples, source.phrasebook.seed)
    for language in recipe.languages:
        corpus.lines(recipe.split, language)
    return corpus


def directions(recipe: Recipe) -> list[Direction]:
    """The directions of the table: zero-shot, then supervised."""
    return [*recipe.zero_shot, *recipe.supervised]


def test_set(recipe: Recipe, corpus: Corpus, direction: Direction) -> list[Translation]:
    """What every system translates in one direction, with the references."""
    limit = None if recipe.test_lines == "all" else recipe.test_lines
    return corpus.translations(recipe.split, direction, limit)


def demonstrations(recipe: Recipe, corpus: Corpus, system: str, direction: Direction) -> list[Translation]:
    """The first validation lines of the direction, as many as the system shows.

    Raises:
        UserError: the corpus has no validation split, or too few lines in it.
    """
    count = recipe.systems[system].demonstrations
    if not count:
        return []
    shown = corpus.translations("validation", direction, count)
    if len(shown) < count:
        raise UserError(
            f"systems.{system}.demonstrations is {count}, but validation has only {len(shown)} lines"
        )
    return shown


def prompt_text(
    recipe: Recipe, direction: Direction, *, post_instruction: bool = False, in_target: bool = False
) -> str:
    """What a prompt says around the text to translate.

    Raises:
        UserError: there is no such template, or no wording of it in the target language.
    """
    template = PromptTemplate.load(recipe.template)
    language = direction.target if in_target else Language("en")
    return text_of(
        template.render("", direction, prompt_language=language, post_instruction=post_instruction)
    )


def identity(model: str) -> str:
    """The fingerprint of a model that is no stage: of its directory, or of its name on the Hub."""
    place = locate(model)
    return folder_fingerprint(place) if isinstance(place, Path) else f"hub {place}"
