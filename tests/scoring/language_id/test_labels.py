import pytest

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.language_id.labels import is_undetermined, labels_of, plain_labels

# A few of OpenLID's and GlotLID's, which follow FLORES-200 and NLLB.
NLLB = [
    "__label__fra_Latn",
    "__label__zho_Hans",
    "__label__zho_Hant",
    "__label__yue_Hant",
    "__label__nob_Latn",
    "__label__nno_Latn",
    "__label__srp_Cyrl",
    "__label__hrv_Latn",
    "__label__arb_Arab",
    "__label__arz_Arab",
    "__label__als_Latn",
    "__label__pes_Arab",
    "__label__prs_Arab",
    "__label__zsm_Latn",
    "__label__tgl_Latn",
    "__label__hin_Deva",
    "__label__hin_Latn",
    "__label__rus_Cyrl",
    "__label__rus_Latn",
    "__label__und_Mong",
    "__label__ces_Latn",
]


def test_labels_of_lid_176_stay_as_they_are() -> None:
    assert plain_labels(["__label__fr", "__label__als", "__label__ceb", "__label__sh"]) == {
        "__label__fr": "fr",
        "__label__als": "als",  # Alemannic there; Tosk Albanian in NLLB's codes
        "__label__ceb": "ceb",
        "__label__sh": "sh",
    }


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("fra_Latn", "fr"),
        ("zho_Hans", "zh-Hans"),
        ("zho_Hant", "zh-Hant"),
        ("yue_Hant", "yue"),
        ("nob_Latn", "nb"),
        ("nno_Latn", "nn"),
        ("srp_Cyrl", "sr"),
        ("arb_Arab", "ar"),
        ("arz_Arab", "arz"),
        ("als_Latn", "sq"),
        ("pes_Arab", "fa"),
        ("prs_Arab", "prs"),
        ("zsm_Latn", "ms"),
        ("tgl_Latn", "tl"),
        ("hin_Latn", "hi-Latn"),
        ("und_Mong", "und"),
        ("ces_Latn", "cs"),
    ],
)
def test_nllb_labels_become_codes_with_a_script_only_where_it_tells(label: str, code: str) -> None:
    assert plain_labels(NLLB)[f"__label__{label}"] == code


def test_an_identifier_with_one_chinese_has_plain_zh() -> None:
    assert plain_labels(["__label__cmn_Hani"]) == {"__label__cmn_Hani": "zh"}


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("fr", {"fr"}),
        ("fr-CA", {"fr"}),
        ("zh", {"zh-Hans", "zh-Hant"}),
        ("zh-Hans", {"zh-Hans"}),
        ("zh-TW", {"zh-Hant"}),
        ("nb", {"nb"}),
        ("nn", {"nn"}),
        ("no", {"nb", "nn"}),
        ("sr-Latn", {"sr"}),  # this identifier cannot tell: its only Serbian stays right
        ("fil", {"tl"}),
        ("hi", {"hi-Deva", "hi-Latn"}),
        ("ru", {"ru-Cyrl"}),
        ("sk", set()),
    ],
)
def test_which_labels_of_nllb_answer_a_request(code: str, labels: set[str]) -> None:
    assert labels_of(Language(code), set(plain_labels(NLLB).values())) == labels


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("nb", {"no"}),
        ("nn", {"nn"}),
        ("no", {"no", "nn"}),
        ("zh-Hant", {"zh"}),
        ("sr-Latn", {"sr"}),
        ("hr", {"hr"}),
        ("pt-BR", {"pt"}),
        ("fil", {"tl"}),
        ("he", {"he"}),
        ("zu", set()),
    ],
)
def test_which_labels_of_lid_176_answer_a_request(code: str, labels: set[str]) -> None:
    assert labels_of(Language(code), default_identifier().labels) == labels


@pytest.mark.parametrize(
    ("code", "labels"),
    [("pt-BR", {"pt-BR"}), ("pt-PT", {"pt-PT"}), ("pt", {"pt-BR", "pt-PT"}), ("en-GB", {"en"})],
)
def test_a_region_decides_where_the_identifier_tells_it(code: str, labels: set[str]) -> None:
    assert labels_of(Language(code), {"pt-BR", "pt-PT", "en"}) == labels


def test_japanese_and_korean_by_either_name_of_their_script() -> None:
    labels = set(plain_labels(["__label__jpn_Jpan", "__label__kor_Hang", "__label__kor_Hani"]).values())
    assert labels_of(Language("ja"), labels) == {"ja"}
    assert "ko-Hang" in labels_of(Language("ko"), labels)


@pytest.mark.parametrize("label", ["", "und", "und-Mong", "zxx", "mul"])
def test_labels_that_name_no_language(label: str) -> None:
    assert is_undetermined(label)
    assert not is_undetermined("en")
