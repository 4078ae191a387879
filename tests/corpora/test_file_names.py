from pathlib import Path

import pytest

from ontarget.corpora.file_names import files_that_fit, is_pattern, path_of
from ontarget.errors import UserError
from ontarget.languages import Direction, Language


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


@pytest.mark.parametrize(
    ("file", "codes"),
    [
        ("train.de", ["de", "deu", "ger", "deu_Latn", "DE"]),
        ("train.deu_Latn.gz", ["de", "deu", "deu_Latn"]),
        ("train.DE", ["de", "de", "deu"]),
        ("train.nb", ["no", "nb", "nor", "nob_Latn"]),
        ("train.no", ["nb", "no"]),
        ("train.zh", ["zho_Hans", "cmn", "zh-Hans"]),
        ("train.zho_Hant", ["zh-Hant", "zh_hant"]),
        ("train.tl", ["fil", "tgl_Latn"]),
        ("train.iw", ["he", "heb_Hebr"]),
    ],
)
def test_a_file_is_found_by_any_code_of_its_language(here: Path, file: str, codes: list[str]) -> None:
    make(file, "train.fr", "train.txt", "train.de-AT", "dev.de")
    for code in codes:
        ending = ".gz" if file.endswith(".gz") else ""
        assert path_of(f"train.{{language}}{ending}", Language(code)) == Path(file), code


def test_the_code_that_the_recipe_wrote_comes_first(here: Path) -> None:
    make("train.de", "train.deu", "train.deu_Latn")
    for code in ("de", "deu", "deu_Latn"):
        assert path_of("train.{language}", Language(code)) == Path(f"train.{code}")


def test_several_files_with_other_codes_are_told(here: Path) -> None:
    make("train.deu", "train.deu_Latn")
    with pytest.raises(UserError, match=r"no file 'train\.de', but several for German: 'train\.deu', 'train"):
        path_of("train.{language}", Language("de"))


def test_a_file_that_is_not_there_is_called_as_the_recipe_wrote_it(here: Path) -> None:
    assert path_of("train.{language}", Language("deu_Latn")) == Path("train.deu_Latn")


def test_scripts_and_regions_are_other_texts(here: Path) -> None:
    make("train.zh-Hant", "train.pt-BR")
    assert path_of("train.{language}", Language("zh")) == Path("train.zh")
    assert path_of("train.{language}", Language("pt")) == Path("train.pt")


def test_a_code_may_stand_in_folders_and_more_than_once(here: Path) -> None:
    make("a[1]/deu/x.deu.txt", "a[1]/deu/x.fra.txt", "a[1]/fra/x.deu.txt")
    assert path_of("a[1]/{language}/x.{language}.txt", Language("de")) == Path("a[1]/deu/x.deu.txt")
    assert path_of(f"{here}/a[1]/{{language}}/x.{{language}}.txt", Language("de")) == (
        here / "a[1]/deu/x.deu.txt"
    )


def test_directions_are_spelt_in_as_many_ways(here: Path) -> None:
    make("test.en-de.de", "test.fra-deu.fra")
    german_to_english = Direction.parse("de-en")
    assert path_of("test.{direction}.{language}", Language("de"), german_to_english.reverse) == Path(
        "test.en-de.de"
    )
    french_to_german = Direction(Language("fr"), Language("de"))
    assert path_of("test.{direction}.{language}", Language("fr"), french_to_german) == Path(
        "test.fra-deu.fra"
    )
    assert not path_of("test.{direction}.{language}", Language("de"), german_to_english).exists()


def test_variables_and_home_are_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTARGET_DATA", "/data/$HOME/{language}")
    assert path_of("$ONTARGET_DATA/x.{language}", Language("de")) == Path("/data/$HOME/{language}/x.de")
    assert path_of("${ONTARGET_DATA}/x.{language}", Language("de")) == Path("/data/$HOME/{language}/x.de")
    monkeypatch.setenv("HOME", "/home/me")
    assert path_of("~/x.{language}.{language}", Language("fr")) == Path("/home/me/x.fr.fr")


def test_a_pattern_without_a_place_for_the_code_is_told() -> None:
    with pytest.raises(UserError, match=r"needs \{language\} in the place of the language's code"):
        path_of("train.de", Language("de"))


def test_a_variable_is_no_placeholder_and_a_slip_is_told(here: Path) -> None:
    assert not is_pattern("${DATA}/train.de")
    assert is_pattern("${DATA}/train.{language}")
    with pytest.raises(UserError, match=r"'\{lang\}' in 'a\.\{lang\}' is not .* did you mean '\{language\}'"):
        is_pattern("a.{lang}")
    with pytest.raises(UserError, match=r"choose from \{language\}, \{direction\}, \{system\}"):
        is_pattern("a.{}")
    make("{lang}")
    assert not is_pattern("{lang}")


def test_what_is_left_for_the_system_is_clear(here: Path) -> None:
    make("a_b_deu_Latn", "a-en-de", "a_German", "a_x.gz", "sub/a_de")
    found = {str(path): places for path, places in files_that_fit("{system}_{language}")}
    assert found == {
        "a_b_deu_Latn": {"system": "a_b", "language": "deu_Latn"},
        "a_German": {"system": "a", "language": "German"},
    }
    assert [places for _, places in files_that_fit("{system}-{direction}")] == [
        {"system": "a", "direction": "en-de"}
    ]
