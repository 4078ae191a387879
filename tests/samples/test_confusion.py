from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.files import write_jsonl
from ontarget.languages import Language
from ontarget.samples.confusion import counted, times


def test_the_outputs_of_a_system_are_counted_by_the_language_asked_for(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "it-nl.jsonl", [{"language": "en"}, {"language": "nl"}, {"language": "en"}])
    write_jsonl(tmp_path / "en-nl.jsonl", [{"language": "nl"}])
    write_jsonl(tmp_path / "nl-it.jsonl", [{"language": "it"}])
    (tmp_path / "ontarget.json").write_text("{}")
    assert counted(tmp_path) == {"it": {"it": 1}, "nl": {"en": 2, "nl": 2}}


def test_a_language_goes_by_its_code_or_by_the_label_of_identification() -> None:
    counts = {"nb": {"no": 3, "sv": 1}, "it": {"nb": 2}}
    assert times(counts, Language("nb"), Language("sv")) == 1
    assert times(counts, Language("nb"), Language("nb")) == 3
    assert times(counts, Language("it"), Language("nb")) == 2
    assert times(counts, Language("it"), Language("sv")) == times(counts, Language("nl"), Language("it")) == 0


def test_what_is_no_folder_of_outputs_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        counted(tmp_path / "mt")
    with pytest.raises(UserError, match="has no outputs"):
        counted(tmp_path)
    write_jsonl(tmp_path / "it-nl.jsonl", [{"language": "en"}, {"text": "?"}])
    with pytest.raises(UserError, match=r"it-nl.jsonl', line 2 has no key `language`"):
        counted(tmp_path)
