from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.reading.named_files import Named, files_of, named, short_names


def tell(path: str) -> tuple[str, str, str]:
    """Direction, language and the rest, as text, of a path whose folders tell, too."""
    *folders, _ = path.split("/")
    found = named(Path(path), folders)
    rest = "/".join(found.system[len(Path.cwd().parts) - 1 :])
    return str(found.direction or ""), str(found.language or ""), rest


@pytest.mark.parametrize(
    ("path", "direction", "language", "system"),
    [
        ("hyp.de", "", "de", "hyp"),
        ("hyp.de.gz", "", "de", "hyp"),
        ("de.txt", "", "de", ""),
        ("de/hyp.txt", "", "de", "hyp"),
        ("hyp.deu_Latn.jsonl.zst", "", "de", "hyp"),
        ("deu.txt", "", "de", ""),
        ("ceb.txt", "", "ceb", ""),
        ("zho_Hant.txt", "", "zh-Hant", ""),
        ("zh-TW.txt", "", "zh-TW", ""),
        ("pt_BR.txt", "", "pt-BR", ""),
        ("system/en-de.txt", "en-de", "", "system"),
        ("system.eng_Latn-fra_Latn", "en-fr", "", "system"),
        ("nllb_deu_Latn.txt", "", "de", "nllb"),
        ("opus-mt-en-de.txt", "en-de", "", "opus-mt"),
        # Words that are codes of languages, too.
        ("mt.de", "", "de", "mt"),
        ("mt.txt", "", "mt", ""),
        ("src.de", "", "de", "src"),
        ("run.txt", "", "", "run"),
        ("output.txt", "", "", "output"),
        ("gemma-2-9b-it.de.txt", "", "de", "gemma-2-9b-it"),
        ("de/gemma-2-9b-it.txt", "", "de", "gemma-2-9b-it"),
        ("gemma-2-9b-it.txt", "", "", "gemma-2-9b-it"),
        ("Llama-3.1-8B.cs", "", "cs", "Llama-3.1-8B"),
        ("en-de/gemma.it.txt", "", "it", "en-de/gemma"),
        ("gemma.it.en-de", "en-de", "", "gemma.it"),
        ("Lan-Bridge.txt", "", "", "Lan-Bridge"),
        # mt-metrics-eval, and WMT's releases of 2019, 2022 and 2023.
        ("system-outputs/en-de/ONLINE-A.txt", "en-de", "", "system-outputs/ONLINE-A"),
        ("en-de.refA.txt", "en-de", "", "refA"),
        ("en-de/newstest2019.online-A.0.en-de", "en-de", "", "newstest2019.online-A.0"),
        ("newstest2019-ende-ref.de", "en-de", "de", "newstest2019-ende-ref"),
        ("newstest2019-ende-src.en.sgm", "en-de", "en", "newstest2019-ende-src"),
        ("generaltest2022.en-liv.hyp.TAL-SJTU.liv", "en-liv", "liv", "generaltest2022.hyp.TAL-SJTU"),
        ("generaltest2022.en-hr.src.en", "en-hr", "en", "generaltest2022.src"),
        ("generaltest2023.cs-uk.hyp.GPT4-5shot.uk", "cs-uk", "uk", "generaltest2023.hyp.GPT4-5shot"),
        # A code of a folder's direction: the name says which side.
        ("en-de/hyp.de", "en-de", "de", "hyp"),
        ("de-en/hyp.de", "de-en", "de", "hyp"),
    ],
)
def test_a_name_tells_language_and_system(path: str, direction: str, language: str, system: str) -> None:
    assert tell(path) == (direction, language, system)


@pytest.mark.parametrize("name", ["test.de.en", "a.en-de.de-en", "test.en-de.en.de"])
def test_a_name_that_may_be_read_in_two_ways_is_an_error_with_a_pattern(name: str) -> None:
    with pytest.raises(UserError, match=r"may mean \S+ or \S+; give a pattern .*, such as '.*\{\w+\}"):
        named(Path(name), ())


@given(st.text("abdeflntuz-_.", min_size=1, max_size=12).filter(lambda name: name.strip(".")))
def test_any_name_is_read_or_refused_in_a_sentence(name: str) -> None:
    try:
        found = named(Path(name), ())
    except UserError:
        return
    assert found.tells == (found.target is not None)


def test_a_folder_is_looked_through_but_for_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b/hyp.de", "a/hyp.de", ".git/x.fr", ".DS_Store", "a/.hyp.fr.swp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [file.path for file in files_of(str(tmp_path))] == [f"{tmp_path}/a/hyp.de", f"{tmp_path}/b/hyp.de"]


def test_a_folder_that_is_called_like_a_direction_tells_it(tmp_path: Path) -> None:
    (tmp_path / "en-de").mkdir()
    (tmp_path / "en-de" / "ours.txt").touch()
    [file] = files_of(str(tmp_path / "en-de"))
    assert (file.direction, file.system[-1]) == (Direction.parse("en-de"), "ours")


def test_patterns_say_what_names_alone_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a_b_deu_Latn.txt", "a_fr.txt", "a_readme.txt", "a_zz.txt", "test.de.en", "a_fr.txt.gz"):
        Path(name).touch()
    found = files_of("{system}_{language}.txt")
    assert [(file.system, file.language) for file in found] == [
        (("a",), Language("fr")),
        (("a_b",), Language("de")),
    ]
    [file] = files_of("test.de.{language}")
    assert (file.language, file.system[-1]) == (Language("en"), "test.de")
    with pytest.raises(UserError, match=r"no file fits 'out/\{language\}'"):
        files_of("out/{language}")
    with pytest.raises(UserError, match=r"'\{lang\}' in '\{lang\}.txt' is not a placeholder; did you mean"):
        files_of("{lang}.txt")
    Path("{lang}.txt").touch()
    with pytest.raises(UserError, match=r"no file 'absent\.de'"):
        files_of("absent.de")
    assert files_of("{lang}.txt")[0].path == "{lang}.txt"  # a file may be called so


def test_a_star_in_a_pattern_is_no_wildcard() -> None:
    with pytest.raises(UserError, match=r"no file fits .*; \* is not a wildcard, use \{system\}$"):
        files_of("out/*.{language}")


@pytest.mark.parametrize(
    ("systems", "names"),
    [
        ([("w", "out", "hyp")], ["hyp"]),
        ([("w", "out"), ("w", "out", "out")], ["w/out", "w/out/out"]),
        ([("w", "a"), ("w", "b")], ["a", "b"]),
        ([("w", "test.hyp.A.x"), ("w", "test.hyp.B.x")], ["A", "B"]),
        ([("w", "model-v1.2"), ("w", "model-v1.3")], ["model-v1.2", "model-v1.3"]),
        ([("w", "news.v1.2.out"), ("w", "news.v1.2.5.out")], ["v1.2", "v1.2.5"]),
        ([("w", "news.1.A"), ("w", "news.2.A")], ["1", "2"]),
        ([("w", "x", "hyp"), ("w", "y", "z", "hyp")], ["x/hyp", "y/z/hyp"]),
        ([("w", "out"), ("w", "out", "b")], ["out", "b"]),
    ],
)
def test_systems_are_called_by_what_tells_them_apart(
    systems: list[tuple[str, ...]], names: list[str]
) -> None:
    assert list(short_names(systems).values()) == names


@given(
    st.sets(st.lists(st.sampled_from(["a", "b", "a.b", "b.a", "a.b.b"]), min_size=1).map(tuple), min_size=1)
)
def test_no_two_systems_are_called_alike(systems: set[tuple[str, ...]]) -> None:
    assert len(set(short_names(systems).values())) == len(systems)


def test_standard_input_tells_nothing() -> None:
    assert files_of("-") == [Named("-", ("-",))]
