"""The inputs of a recipe: its corpus, test set, demonstrations and prompts."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from ontarget.corpora import everyday, files, phrasebook, plain, sacrebleu_sets
from ontarget.corpora.catalogue import read as catalogue
from ontarget.corpora.checks import Identification
from ontarget.corpora.cleaning import cleaned
from ontarget.corpora.corpus import Corpus, Translation
from ontarget.corpora.held_out import held_out
from ontarget.corpora.instructions import read_instructions
from ontarget.errors import UserError, counted
from ontarget.languages import Direction, Language
from ontarget.pipeline.execution.progress import Progress, Silent
from ontarget.pipeline.planning.artifacts import text_fingerprint
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.recipes.schema.corpus_source import CorpusSource
from ontarget.recipes.schema.kinds import Stage
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware, Pretraining, SupervisedFineTuning
from ontarget.recipes.schema.synthetic import Synthetic
from ontarget.samples.conflict import check_conflicts
from ontarget.samples.wordings import sentence
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.language_id.identifiers import DEFAULT
from ontarget.scoring.language_id.labels import labels_of

# Enough to find the frequent tokens of a language, which are counted in a second or two.
LINES_OF_LANGUAGE = 5000
Read = TypeVar("Read")
_MANY, _TOLD_EACH = 100_000, 10_000  # segments


def load_text(recipe: Recipe, progress: Progress | None = None) -> tuple[Recipe, Corpus]:
    """A recipe and its parallel text. If the recipe names several sources, it then has the one that is used.

    Args:
        recipe: names the text.
        progress: shows the reading of large files, and why a source was passed over.
    Raises:
        UserError: see `load_corpus`; of several sources, all have something wrong.
    """
    if recipe.corpus.first_available is None:
        return recipe, _load(recipe, progress)
    wrong = list[str]()
    for source in recipe.corpus.first_available:
        chosen = recipe.model_copy(update={"corpus": CorpusSource(**dict(source))})
        try:
            corpus = _load(chosen, progress)
        except UserError as error:
            wrong.append(str(error))
        else:
            passed_over = f"; another source was passed over: {wrong[0]}" if wrong else ""
            (progress or Silent()).say(f"{text_used(chosen, corpus)}{passed_over}")
            return chosen, corpus
    raise UserError(f"corpus: none of the sources in `first_available` can be used: {'; '.join(wrong)}")


def text_used(recipe: Recipe, corpus: Corpus) -> str:
    """Says which of several sources a recipe uses, with the splits that are from elsewhere."""
    source = recipe.corpus.catalogue
    splits = source.chosen() if source else {}
    elsewhere = ", ".join(f"{split}: {', '.join(sets)}" for split, sets in splits.items())
    return f"the text is '{corpus.name}'{elsewhere and f' ({elsewhere})'}, the first available"


def load_corpus(recipe: Recipe, progress: Progress | None = None) -> Corpus:
    """The parallel text of a recipe, cleaned by its settings. `progress` shows the reading of large files.

    Raises:
        UserError: a file is missing or damaged, the corpus lacks a direction that the recipe translates or
            trains on, or a test line is in the training data.
    """
    return load_text(recipe, progress)[1]


def _load(recipe: Recipe, progress: Progress | None) -> Corpus:
    source, watch = recipe.corpus, partial(_watched, progress or Silent())
    if source.plain:
        corpus = plain.load(recipe.name, source.plain.model_dump(exclude_none=True), recipe.languages)
    elif source.files:
        of = source.files
        corpus = files.load(recipe.name, of.splits(), recipe.languages, of.format, of.columns, watch)
    elif source.phrasebook:
        corpus = phrasebook.load(source.phrasebook.tuples, source.phrasebook.seed)
    elif source.catalogue:
        of_it = source.catalogue
        corpus = catalogue.load(of_it.name, of_it.chosen(), wanted_of(recipe), watch=watch)
    elif source.sacrebleu:
        corpus = sacrebleu_sets.load(source.sacrebleu.model_dump(exclude_none=True), wanted_of(recipe))
    elif source.everyday:
        corpus = everyday.load(source.everyday.validation)
    if recipe.hold_out:
        corpus = cleaned(corpus, recipe.clean, "allow", recipe.split, _identification())
        corpus = held_out(corpus, recipe.hold_out.numbers())
    for direction in directions(recipe):
        corpus.pairs(recipe.split, direction)
    if any(stage.start is not None for stage in recipe.stages.values()):
        for direction in learnt(recipe):
            corpus.pairs("train", direction)
    # Without training, no line can be memorised.
    overlap = recipe.overlap if recipe.stages else "allow"
    steps = () if recipe.hold_out else recipe.clean  # done above
    return cleaned(corpus, steps, overlap, recipe.split, _identification())


def _watched(progress: Progress, segments: Iterator[Read]) -> Iterator[Read]:
    """Passes segments on; shows their number from the hundred thousandth on."""
    yield from islice(segments, _MANY)
    if (one := next(segments, None)) is None:
        return
    with progress.task("reading text into the cache") as advance:
        for number, each in enumerate(chain([one], segments), start=_MANY):
            if number % _TOLD_EACH == 0:
                advance(number, 0, f"{number:,} segments")
            yield each


def left_out(corpus: Corpus) -> list[str]:
    """Sentences on changes by reading, and for each split on the segments that were left out."""
    broken = {split: counted(number, "segment") for split, number in corpus.line_breaks.items() if number}
    changed = [f"{split}: {number} had line breaks, which became spaces" for split, number in broken.items()]
    splits: dict[str, list[str]] = {}
    for what, number in corpus.left_out.items():
        split, _, why = what.partition(": ")
        splits.setdefault(split, []).append(f"{number:,} {why}")
    return changed + [
        f"{split}: {sum(map(len, corpus.parts(split))):,} segments; left out: {', '.join(reasons)}"
        for split, reasons in splits.items()
    ]


def _identification() -> Identification:
    """The default identifier in the form that cleaning needs, loaded on first use."""

    def elsewhere(texts: Sequence[str], language: Language) -> list[float]:
        identifier = default_identifier()
        if not (on := labels_of(language, identifier.labels)):
            raise UserError(
                f"clean: wrong-language cannot tell {language.name()} ({language}), which "
                f"{identifier.signature} does not know; leave the step out"
            )
        guesses = identifier.identify(texts)
        return [0.0 if guess.label in ("", *on) else guess.probability for guess in guesses]

    return Identification(DEFAULT, elsewhere)


def wanted_of(recipe: Recipe) -> dict[str, list[Direction]]:
    """Split -> directions that the recipe needs, without the train split if nothing is trained."""
    every = directions(recipe)
    held = recipe.hold_out.numbers() if recipe.hold_out else {}
    wanted = {split: every for split in ("validation", "test") if split not in held}
    if held or recipe.stages:
        wanted["train"] = every if held else learnt(recipe)
    return wanted


def learnt(recipe: Recipe, stage: Stage | None = None) -> list[Direction]:
    """The directions that a stage, or any stage, learns: supervised ones, or all for an oracle."""
    stages = recipe.stages.values() if stage is None else (stage,)
    oracle = any(isinstance(one, SupervisedFineTuning) and one.directions == "all" for one in stages)
    return [*recipe.supervised, *(recipe.zero_shot if oracle else ())]


def seed_of(recipe: Recipe, stage: Stage | Synthetic) -> int:
    """The seed of the stage, or else of the recipe."""
    return recipe.seed if stage.seed is None else stage.seed


def directions(recipe: Recipe) -> list[Direction]:
    """The directions of the table: zero-shot, then supervised."""
    return [*recipe.zero_shot, *recipe.supervised]


def train_text(recipe: Recipe, corpus: Corpus) -> dict[str, Any]:
    """The fingerprint of the train split: of its lines in the languages that are read."""
    parts = corpus.parts("train")
    sides = {language for d in learnt(recipe) for language in d.sides}
    if any(isinstance(stage, Pretraining) for stage in recipe.stages.values()):  # which reads all text
        sides |= {language for part in parts for language in part.lines}
    text: dict[str, Any] = {str(code): _digest(corpus, code) for code in recipe.languages if code in sides}
    if len(parts) > 1 or parts[0].direction:  # which lines are aligned, and for which directions
        text["parts"] = [[list(map(str, p.lines)), len(p), p.direction and str(p.direction)] for p in parts]
    return text


def _digest(corpus: Corpus, language: Language) -> str:
    """The hash of the train lines of a language, which is kept: all points of a sweep have the same lines."""
    if language not in corpus.digests:
        corpus.digests[language] = text_fingerprint(corpus.lines("train", language))
    return corpus.digests[language]


def test_set(recipe: Recipe, corpus: Corpus, direction: Direction) -> list[Translation]:
    """The test lines of a direction, with references."""
    limit = None if recipe.test_lines == "all" else recipe.test_lines
    return corpus.translations(recipe.split, direction, limit)


def evaluation_set(
    recipe: Recipe, corpus: Corpus, stage: str
) -> dict[str, dict[Direction, list[Translation]]]:
    """The text for evaluations during training: kind of direction -> direction -> validation lines.

    Raises:
        UserError: the corpus has no validation text, or the recipe no directions of the kind in `best`.
    """
    settings = recipe.stages[stage].evaluation
    if settings is None:
        return {}
    kinds = {"zero_shot": recipe.zero_shot, "supervised": recipe.supervised}
    kinds = {kind: of_kind for kind, of_kind in kinds.items() if of_kind}
    if settings.best and settings.best.rpartition("_")[0] not in kinds:
        raise UserError(
            f"stages.{stage}.evaluation.best is {settings.best}, but no direction between the languages "
            f"{', '.join(map(str, recipe.languages))} goes without the pivot {recipe.pivot}"
        )
    return {
        kind: {d: corpus.translations("validation", d, settings.lines) for d in of_kind}
        for kind, of_kind in kinds.items()
    }


def demonstrations(recipe: Recipe, corpus: Corpus, system: str, direction: Direction) -> list[Translation]:
    """The demonstrations of a system in a direction: the first validation lines.

    Raises:
        UserError: the corpus has no validation split, or too few lines in it.
    """
    count = recipe.systems[system].num_fewshot
    if not count:
        return []
    shown = corpus.translations("validation", direction, count)
    if len(shown) < count:
        raise UserError(
            f"systems.{system}.num_fewshot is {count}, but validation has only {counted(len(shown), 'line')}"
        )
    return shown


def language_text(recipe: Recipe, corpus: Corpus, system: str) -> dict[Language, Sequence[str]]:
    """Lines of each language for systems that learn from text; empty for other systems.

    They are training text, or validation text for languages without any, and never the translated text.

    Raises:
        UserError: there are no lines, or none in a target language.
    """
    if not recipe.systems[system].learns_from_text:
        return {}
    learnt_from = ("train", "validation") if recipe.stages else ("validation",)
    splits = [split for split in learnt_from if split != recipe.split]
    if not splits:
        raise UserError(
            f"systems.{system} learns from validation text, which is what this recipe translates; "
            "translate the split 'test'"
        )
    targets = {direction.target for direction in directions(recipe)}
    known = set(recipe.trained) if recipe.stages else set(recipe.languages)
    return {
        language: corpus.lines(_first_with(language, splits, corpus), language)[:LINES_OF_LANGUAGE]
        for language in recipe.languages
        if language in known | targets
    }


def _first_with(language: Language, splits: Sequence[str], corpus: Corpus) -> str:
    """The first of the splits that has lines of a language; the first one if none has."""
    return next(
        (split for split in splits if any(language in part.lines for part in corpus.parts(split))), splits[0]
    )


def template_of(recipe: Recipe, model: str | None) -> PromptTemplate:
    """The recipe's prompt template for a stage or another model.

    A chat template is that of the checkpoint that the first of its stages starts from.

    Raises:
        UserError: there is no such template.
    """
    root = recipe.root_of(model)
    return PromptTemplate.load(recipe.template, recipe.on_server(root) or root)


def prompt_text(
    template: PromptTemplate,
    direction: Direction,
    *,
    post_instruction: bool = False,
    in_target: bool = False,
) -> str:
    """A prompt without the text to translate."""
    language = direction.target if in_target else Language("en")
    text = text_of(
        template.render("", direction, prompt_language=language, post_instruction=post_instruction)
    )
    # Earlier versions added a BOS to chats without one; artifacts made from such prompts are made again.
    bos = dict(template.chat.tokens).get("bos_token") if template.chat else None
    return text if bos is None or text.startswith(bos) else f"without {bos}: {text}"


def turns_text(template: PromptTemplate, direction: Direction) -> str:
    """A prompt with one demonstration, without the text to translate."""
    return text_of(
        template.render("", direction, demonstrations=[Translation("source", "target", direction)])
    )


def also_learnt(recipe: Recipe, name: str) -> dict[str, Any]:
    """Settings and data of a stage's samples besides parallel text, for its fingerprint.

    Raises:
        UserError: data cannot be read, or does not fit the template or the languages.
    """
    stage, template, said = recipe.stages[name], template_of(recipe, name), dict[str, Any]()
    if isinstance(stage, Pretraining):
        return said
    if stage.wordings:
        if "{instruction}" not in template.instruction:
            raise UserError(
                f"stages.{name}.wordings: the template '{template.name}' has no {{instruction}} for them"
            )
        said["wordings"] = {sentence(words): weight for words, weight in stage.wordings.items()}
    if stage.general:
        records = read_instructions(stage.general.path)
        lines = [text for r in records for text in (r.instruction, r.input, r.output)]
        prompts = [text_of(template.render_general("i", given)) for given in ("", "x")]
        said["general"] = {
            "ratio": stage.general.ratio,
            "prompts": prompts,
            "text": text_fingerprint(lines),
        }
    if isinstance(stage, LanguageAware) and stage.conflict.counts is not None:
        conflict = stage.conflict.conflict()
        check_conflicts(conflict, recipe.languages, recipe.supervised)
        said["conflict"] = stage.conflict.model_dump(mode="json") | {"counts": conflict.counts}
    return said
