import re

import pytest

from ontarget.corpora.catalogue.entry import entry, names, served, set_of, template
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

EN, IT, NL, RO, DE = (Language(code) for code in ("en", "it", "nl", "ro", "de"))


@pytest.mark.parametrize("name", [name for name in names() if name != "opus"])
def test_every_entry_says_what_a_user_must_know(name: str) -> None:
    corpus = entry(name)
    assert corpus.licence
    assert corpus.good_for
    assert corpus.traps
    assert "http" in corpus.citation or "those of the parts" in corpus.citation
    made = [item for item in corpus.items(corpus.known_languages()) if item.address is None]
    assert bool(made) == bool(corpus.made), "what no address serves is made, and it is said how"
    items = corpus.items(corpus.known_languages())
    assert items
    for item in items:
        assert not re.search(r"[{}]", f"{item.file}{item.address}{item.member}")
        assert item.address is None or item.address.startswith("https://")
        assert not item.file.startswith(("/", ".")), "it must stay in the data folder"
    assert set(corpus.splits) <= {"train", "validation", "test"}
    for reference in corpus.splits.values():
        other, of = set_of(reference)
        assert (entry(other) if other else corpus).texts(of)


def test_addresses_of_code_repositories_name_a_commit() -> None:
    """A branch moves; what a checksum is known of must not."""
    for name in set(names()) - {"opus"}:
        for item in entry(name).items(entry(name).known_languages()):
            if item.address and "githubusercontent" in item.address:
                assert re.search(r"/[0-9a-f]{40}/", item.address), item.address
                assert (
                    item.file in served() or item.file == "alpaca/alpaca_data.json"
                )  # too large to have been seen


def test_checksums_are_of_files_that_there_are() -> None:
    every = {
        item.file
        for name in set(names()) - {"opus"}
        for item in entry(name).items(entry(name).known_languages())
    }
    assert set(served()) <= every
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in served().values())


def test_an_aligned_set_has_one_file_a_language() -> None:
    corpus = entry("flores200")
    item = corpus.text(corpus.texts("devtest")[0], Language("zh-TW"))
    assert (item.file, item.member) == (
        "flores200/devtest.zh-TW",
        "flores200_dataset/devtest/zho_Hant.devtest",
    )
    assert item.address == "https://dl.fbaipublicfiles.com/nllb/flores200_dataset.tar.gz"


def test_iwslt_has_all_six_zero_shot_pairs_each_with_the_other_ones_source_as_reference() -> None:
    corpus = entry("iwslt17")
    [texts] = corpus.texts("tst2017")
    zero_shot = [Direction(a, b) for a in (IT, NL, RO) for b in (IT, NL, RO) if a != b]
    assert corpus.directions_of(texts, zero_shot) == zero_shot
    source, target = corpus.pair(texts, Direction(IT, NL))
    assert source.file == "iwslt17/IWSLT17.TED.tst2017.mltlng.it-nl.it.xml"
    assert target.file == "iwslt17/IWSLT17.TED.tst2017.mltlng.nl-it.nl.xml"
    assert target == corpus.pair(texts, Direction(NL, IT))[0]


def test_wmt_is_the_papers_experiment() -> None:
    """Tuned on English with German and Chinese; ten zero-shot directions; reference B with Czech."""
    corpus = entry("wmt")
    train, validation, test = (corpus.splits[split] for split in ("train", "validation", "test"))
    assert [set_of(reference)[0] for reference in (train, validation, test)] == [
        "wmt17-20_concat",
        "flores200",
        "wmt22",
    ]
    wanted = [Direction.parse(pair) for pair in TEN]
    wmt22 = entry("wmt22")
    there = [d for texts in wmt22.texts("test") for d in wmt22.directions_of(texts, wanted)]
    assert sorted(there) == sorted(wanted)
    references = {item.file for item in corpus.items(corpus.known_languages()) if ".ref" in item.file}
    assert {file for file in references if "refB" in file} == {"wmt22/cs-en.refB.en", "wmt22/en-cs.refB.cs"}


TEN = ["en-cs", "cs-en", "en-ja", "ja-en", "en-ru", "ru-en", "en-uk", "uk-en", "de-fr", "fr-de"]


def test_pairs_that_share_a_file_do_so_in_both_directions() -> None:
    for corpus in (entry("opus/Europarl/v8"), entry("tatoeba")):
        [texts] = corpus.texts(next(iter(corpus.sets)))
        assert corpus.pair(texts, Direction(NL, IT)) == corpus.pair(texts, Direction(IT, NL))[::-1]
    source, _ = entry("opus/Europarl/v8").pair(
        texts := entry("opus/Europarl/v8").texts("train")[0], Direction(NL, IT)
    )
    assert texts.format == "plain"
    assert source.address == "https://object.pouta.csc.fi/OPUS-Europarl/v8/moses/it-nl.txt.zip"
    assert (source.member, source.file) == ("Europarl.it-nl.nl", "opus/Europarl/v8/it-nl.nl")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("multi30", "no corpus 'multi30' in the catalogue; did you mean 'multi30k'"),
        ("zzz", "choose from multi30k, wmt, "),
        ("opus", "needs a corpus and its version, such as opus/Europarl/v8"),
        ("opus/Europarl", "needs a corpus and its version"),
        ("opus/../v8/x", "needs a corpus and its version"),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        entry(name)


def test_an_unknown_set() -> None:
    with pytest.raises(UserError, match="corpus 'flores200' has no set 'devtst'; did you mean 'devtest'"):
        entry("flores200").texts("devtst")


def test_references_to_sets() -> None:
    assert set_of("train") == ("", "train")
    assert set_of("opus/Europarl/v8:train") == ("opus/Europarl/v8", "train")
    assert set_of("sacrebleu:wmt20/tworefs") == ("sacrebleu:", "wmt20/tworefs")


def test_opus_stands_for_many() -> None:
    assert (
        template().items([EN, DE])[0].address
        == "https://object.pouta.csc.fi/OPUS-{corpus}/{version}/moses/de-en.txt.zip"
    )


def test_a_language_is_found_in_an_entry_by_any_of_its_codes() -> None:
    flores = entry("flores200")
    assert flores.items([Language("no")]) == flores.items([Language("nb")])
    assert flores.items([Language("deu_Latn")]) == flores.items([Language("de")])
