from collections import Counter

from ontarget.corpora.corpus import Corpus
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.draw import (
    draw_translations,
    supervised_directions,
    translation_sample,
    zero_shot_directions,
)

LANGUAGES = [Language(code) for code in ("en", "it", "nl", "ro")]
LINES = {language: [f"{language} {n}" for n in range(100)] for language in LANGUAGES}
CORPUS = Corpus("toy", {"train": LINES})


def test_directions_of_the_papers_iwslt_set_up():
    supervised = supervised_directions(LANGUAGES, LANGUAGES[0])
    zero_shot = zero_shot_directions(LANGUAGES, LANGUAGES[0])
    assert sorted(map(str, supervised)) == ["en-it", "en-nl", "en-ro", "it-en", "nl-en", "ro-en"]
    assert sorted(map(str, zero_shot)) == ["it-nl", "it-ro", "nl-it", "nl-ro", "ro-it", "ro-nl"]


def test_directions_are_drawn_evenly_without_repetition_and_stay_aligned():
    directions = supervised_directions(LANGUAGES, LANGUAGES[0])
    drawn = draw_translations(CORPUS, directions, 122, seed=3)
    counts = Counter(t.direction for t in drawn)
    assert sorted(counts.values()) == [20, 20, 20, 20, 21, 21]
    assert len(set(drawn)) == 122
    assert all(t.source.split()[1] == t.target.split()[1] for t in drawn)
    assert drawn == draw_translations(CORPUS, directions, 122, seed=3)
    assert drawn != draw_translations(CORPUS, directions, 122, seed=4)


def test_a_small_corpus_gives_all_that_it_has():
    assert len(draw_translations(CORPUS, [Direction.parse("en-it")], 500, seed=1)) == 100


def test_a_translation_sample_asks_for_what_it_answers():
    [translation] = CORPUS.translations("train", Direction.parse("it-en"), 1)
    sample = translation_sample(translation, PromptTemplate.load("plain"))
    assert "Italian to English" in text_of(sample.prompt)
    assert (sample.response, sample.sign, sample.weighting.tokens, sample.eos) == ("en 0", 1, "all", True)
