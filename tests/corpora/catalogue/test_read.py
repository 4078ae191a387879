import re
from pathlib import Path

import pytest

from ontarget.corpora.catalogue import read
from ontarget.corpora.catalogue.entry import entry
from ontarget.corpora.catalogue.read import load
from ontarget.corpora.store import StoredLines
from ontarget.errors import UserError
from ontarget.languages import Direction, Language


def directions(text: str) -> list[Direction]:
    return [Direction.parse(word) for word in text.split()]


def put(folder: Path, files: dict[str, str]) -> None:
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def pairs(corpus, split: str, direction: str) -> list[tuple[str, str]]:
    return [(t.source, t.target) for t in corpus.translations(split, Direction.parse(direction))]


def segments(*texts: str) -> str:
    return "".join(f'<seg id="{n}"> {text} </seg>\n' for n, text in enumerate(texts, start=1))


def ted(source: str, target: str) -> str:
    return f"iwslt17/IWSLT17.TED.tst2017.mltlng.{source}-{target}.{source}.xml"


def test_aligned_sets_serve_every_direction(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            f"multi30k/{s}.{c}.gz": f"{s} {c}\n"
            for s in ("train", "val", "test_2016_flickr")
            for c in ("de", "en", "fr")
        },
    )
    wanted = {split: directions("de-fr fr-de en-de") for split in ("train", "validation", "test")}
    corpus = load("multi30k", {}, wanted, tmp_path)
    assert pairs(corpus, "test", "de-fr") == [("test_2016_flickr de", "test_2016_flickr fr")]
    assert pairs(corpus, "validation", "en-de") == [("val en", "val de")]


def test_other_sets_may_be_chosen_of_this_corpus_or_another(tmp_path: Path) -> None:
    put(
        tmp_path,
        {f"multi30k/{s}.{c}.gz": f"{s} {c}\n" for s in ("train", "test_2017_mscoco") for c in ("de", "en")},
    )
    put(tmp_path, {f"flores200/devtest.{c}": f"flores {c}\n" for c in ("de", "en")})
    chosen = {"validation": ["flores200:devtest"], "test": ["test_2017_mscoco"]}
    wanted = {split: directions("de-en") for split in ("train", "validation", "test")}
    corpus = load("multi30k", chosen, wanted, tmp_path)
    assert pairs(corpus, "test", "de-en") == [("test_2017_mscoco de", "test_2017_mscoco en")]
    assert pairs(corpus, "validation", "de-en") == [("flores de", "flores en")]


def test_text_to_train_on_may_be_of_several_sets(tmp_path: Path) -> None:
    """One after the other, whether they are pairs or aligned over all."""
    put(tmp_path, {"tatoeba/en-it.it": "uno\n", "tatoeba/en-it.en": "one\n"})
    put(tmp_path, {f"mozilla_www/train.{c}": f"page {c}\n" for c in ("en", "it", "nl")})
    chosen = {"train": ["test", "mozilla_www:train"]}
    corpus = load("tatoeba", chosen, {"train": directions("it-en")}, tmp_path)
    assert pairs(corpus, "train", "it-en") == [("uno", "one"), ("page it", "page en")]
    with pytest.raises(UserError, match="'tatoeba' has no set 'train'"):
        load("tatoeba", {"train": ["mozilla_www:train", "train"]}, {"train": directions("it-en")}, tmp_path)


def test_pairwise_sets_serve_the_direction_that_they_were_made_for(tmp_path: Path) -> None:
    """en-ja and ja-en of WMT22 are different texts; the reference with Czech is B."""
    put(
        tmp_path,
        {
            "wmt22/en-ja.src.en": "a\n",
            "wmt22/en-ja.refA.ja": "b\n",
            "wmt22/ja-en.src.ja": "c\n",
            "wmt22/ja-en.refA.en": "d\n",
        },
    )
    put(tmp_path, {"wmt22/en-cs.src.en": "e\n", "wmt22/en-cs.refB.cs": "f\n"})
    corpus = load("wmt22", {}, {"test": directions("en-ja ja-en en-cs")}, tmp_path)
    assert pairs(corpus, "test", "en-ja") == [("a", "b")]
    assert pairs(corpus, "test", "ja-en") == [("c", "d")]
    assert pairs(corpus, "test", "en-cs") == [("e", "f")]
    with pytest.raises(UserError, match="no text from Czech to Japanese"):
        corpus.translations("test", Direction.parse("cs-ja"))


def test_iwslt_is_read_from_its_own_files(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "iwslt17/train.tags.en-it.en": "<url>u</url>\n one \n",
            "iwslt17/train.tags.en-it.it": "<url>u</url>\nuno\n",
        },
    )
    put(tmp_path, {ted("it", "nl"): segments("uno", "due"), ted("nl", "it"): segments("een", "twee")})
    corpus = load(
        "iwslt17",
        {"validation": ["tst2017"]},
        {"train": directions("en-it"), "validation": directions("nl-it"), "test": directions("it-nl")},
        tmp_path,
    )
    assert pairs(corpus, "train", "en-it") == [("one", "uno")]
    assert pairs(corpus, "test", "it-nl") == [("uno", "een"), ("due", "twee")]
    assert pairs(corpus, "validation", "nl-it") == [("een", "uno"), ("twee", "due")]


def test_opus_is_one_file_pair_for_both_directions(tmp_path: Path) -> None:
    put(tmp_path, {"opus/Tiny/v1/it-nl.it": "uno\n", "opus/Tiny/v1/it-nl.nl": "een\n"})
    corpus = load("opus/Tiny/v1", {}, {"train": directions("nl-it it-nl")}, tmp_path)
    assert pairs(corpus, "train", "nl-it") == [("een", "uno")]
    assert pairs(corpus, "train", "it-nl") == [("uno", "een")]
    assert len(corpus.parts("train")) == 1, "the text is there once"


def test_large_files_stay_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_LARGE", 5)
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    put(tmp_path, {"opus/Tiny/v1/it-nl.it": "uno\n\u2028due\n", "opus/Tiny/v1/it-nl.nl": "een\ntwee\n"})
    for _ in ("first", "from the cache"):
        corpus = load("opus/Tiny/v1", {}, {"train": directions("nl-it")}, tmp_path)
        assert isinstance(corpus.lines("train", Language("it")), StoredLines)
        assert pairs(corpus, "train", "nl-it") == [("een", "uno"), ("twee", "due")]
        assert corpus.line_breaks == {"train": 1}
    again = load("opus/Tiny/v1", {}, {"train": directions("nl-it")}, tmp_path)
    assert corpus.fingerprint == again.fingerprint is not None, "what is cleaned is remembered by it"
    put(tmp_path, {"opus/Tiny/v1/it-nl.nl": "een\ntwéé\n"})
    assert load("opus/Tiny/v1", {}, {"train": directions("nl-it")}, tmp_path).fingerprint != again.fingerprint
    put(tmp_path, {"opus/Tiny/v1/it-nl.nl": "een\n"})
    with pytest.raises(UserError, match=r"is not aligned: '.*it-nl.nl', '.*it-nl.it'; 'ontarget data check"):
        load("opus/Tiny/v1", {}, {"train": directions("nl-it")}, tmp_path)


def test_a_missing_file_is_said_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    put(tmp_path, {"opus/Tiny/v1/it-nl.it": "uno\n"})
    message = (
        "there is no file .*it-nl.nl'; download it with 'ontarget data get opus/Tiny/v1 --languages it,nl'"
    )
    with pytest.raises(UserError, match=message):
        load("opus/Tiny/v1", {}, {"train": directions("it-nl")}, tmp_path)
    message = (
        "no file .*train.nl'; it cannot be downloaded, but 'ontarget data card mozilla_www' describes how"
    )
    with pytest.raises(UserError, match=message):
        load("mozilla_www", {}, {"train": directions("nl-ro")}, tmp_path)


def test_files_that_are_not_aligned(tmp_path: Path) -> None:
    put(tmp_path, {"opus/Tiny/v1/it-nl.it": "uno\ndue\n", "opus/Tiny/v1/it-nl.nl": "een\n"})
    with pytest.raises(UserError, match=r"it-nl\.it' has 2 lines, .*it-nl\.nl' has 1 line;"):
        load("opus/Tiny/v1", {}, {"train": directions("it-nl")}, tmp_path)


@pytest.mark.parametrize(
    ("name", "chosen", "message"),
    [
        ("wmt17-20", {}, "'wmt17-20' has no usual splits; choose from its sets: newstest2017, "),
        ("multi30k", {"train": ["test_2016"]}, "has no set 'test_2016'; did you mean 'test_2016_flickr'"),
        (
            "multi30k",
            {"train": ["flores:devtest"]},
            "no corpus 'flores' in the catalogue; did you mean 'flores200'",
        ),
        ("wmt22", {}, "the set 'test' of corpus 'wmt22' has none of the requested directions (ro-nl, nl-ro)"),
    ],
)
def test_what_is_not_there(tmp_path: Path, name: str, chosen: dict[str, list[str]], message: str) -> None:
    wanted = dict.fromkeys(("train", "validation", "test"), directions("ro-nl nl-ro"))
    with pytest.raises(UserError, match=re.escape(message)):
        load(name, chosen, wanted, tmp_path)


def test_the_papers_wmt_experiment_from_the_shared_copies(shared_data: Path) -> None:
    train = directions("en-de de-en en-zh zh-en")
    test = directions("en-cs cs-en en-ja ja-en en-ru ru-en en-uk uk-en de-fr fr-de") + train
    corpus = load(
        "wmt",
        {"validation": ["flores200:devtest"]},
        {"train": train, "validation": test, "test": test},
        shared_data,
    )
    assert sum(len(corpus.pairs("train", direction)) for direction in train) == 51_625
    assert [len(corpus.pairs("test", direction)) for direction in test[:4]] == [2037, 1448, 2037, 2008]
    assert len(corpus.pairs("validation", Direction.parse("de-fr"))) == 1012
    assert set(corpus.parts("train")[0].lines) == {Language("en"), Language("de")}


def test_every_entry_that_is_here_can_be_read(shared_data: Path) -> None:
    for name, text, count in (
        ("tatoeba", "it-nl nl-it", 2578),
        ("ntrex", "it-nl", 1997),
        ("mozilla_www", "ro-it nl-fr", 353),
    ):
        corpus = load(name, {}, {"test": directions(text)}, shared_data)
        assert all(len(corpus.pairs("test", direction)) == count for direction in directions(text))
        assert entry(name).sets
