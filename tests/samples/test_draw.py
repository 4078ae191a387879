import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.corpus import Corpus, Part
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.draw import (
    directions_of,
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
    assert list(drawn) == list(draw_translations(CORPUS, directions, 122, seed=3))
    assert list(drawn) != list(draw_translations(CORPUS, directions, 122, seed=4))


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 100))
def test_what_is_drawn_is_what_sampling_and_shuffling_translations_gives(lines, count, seed):
    text = {language: [f"{language} {n}" for n in range(lines)] for language in LANGUAGES[:2]}
    there, back = (Direction.parse(text) for text in ("en-it", "it-en"))
    rng, expected = random.Random(f"{seed} draw"), []
    for direction, share in ((there, -(-count // 2)), (back, count // 2)):
        pairs = Corpus("toy", {"train": text}).translations("train", direction)
        expected += rng.sample(pairs, min(share, lines))
    rng.shuffle(expected)
    drawn = draw_translations(Corpus("toy", {"train": text}), [there, back], count, seed)
    assert list(drawn) == expected == drawn[:]
    assert directions_of(drawn) == directions_of(expected)


def test_all_are_drawn_of_parts_and_directions_of_any_size():
    parts = [
        Part({language: [f"{language} {n} of {size}" for n in range(size)] for language in pair})
        for pair, size in ((LANGUAGES[:2], 3), ((LANGUAGES[0], LANGUAGES[2]), 5), (LANGUAGES[:2], 2))
    ]
    corpus = Corpus("toy", {"train": parts})
    directions = [Direction.parse(text) for text in ("en-it", "nl-en", "it-en")]
    drawn = draw_translations(corpus, directions, None, seed=1)
    assert Counter(directions_of(drawn)) == dict(zip(directions, (5, 5, 5), strict=True))
    every = [t for direction in directions for t in corpus.translations("train", direction)]
    assert sorted(map(str, drawn)) == sorted(map(str, every))


def test_a_small_corpus_gives_all_that_it_has():
    assert len(draw_translations(CORPUS, [Direction.parse("en-it")], 500, seed=1)) == 100


def test_a_translation_sample_asks_for_what_it_answers():
    [translation] = CORPUS.translations("train", Direction.parse("it-en"), 1)
    sample = translation_sample(translation, PromptTemplate.load("plain"))
    assert "Italian to English" in text_of(sample.prompt)
    assert (sample.response, sample.sign, sample.weighting.tokens, sample.eos) == ("en 0", 1, "all", True)
