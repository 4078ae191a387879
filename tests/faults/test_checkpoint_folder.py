"""Any one file of a model directory is cut, emptied, changed or exchanged: it works, or one `UserError`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("peft", reason="needs the extra `train`")

from tests.checkpoints.conftest import make, tiny
from typer.testing import CliRunner

from ontarget import Translator
from ontarget.checkpoints.load import check_weights, load_tokenizer
from ontarget.checkpoints.vocabulary import check_vocabulary
from ontarget.cli.app import app
from ontarget.errors import UserError

FILES = {
    "llama": (
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "ontarget.json",
    ),
    "sharded": (
        "config.json",
        "model.safetensors.index.json",
        "*-00001-of*",
        "*-00002-of*",
        "tokenizer.json",
    ),
    "lora": ("adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "tokenizer_config.json"),
}
SWAPPED = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "README.md")
ALSO = ("tokenizer_config.json", "special_tokens_map.json", "README.md", "ontarget.json", "tokenizer.json")
DAMAGES = st.tuples(
    st.sampled_from(["cut", "emptied", "exchanged", "bytes", "gone", "flipped"]),
    st.floats(0, 1),
    st.binary(min_size=1, max_size=40) | st.sampled_from([b"{}", b"[]", b"null", b"3", b'"x"', b"\xff\xfe"]),
    st.sampled_from(SWAPPED),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each kind of model with the files that people have beside it."""
    folder = make(tmp_path_factory.mktemp("whole"))
    tiny(300).save_pretrained(folder / "sharded", max_shard_size="8KB")
    for name in FILES:
        for file in (folder / "lora").glob("tokenizer*"):
            if name == "sharded":
                shutil.copy(file, folder / name)
        (folder / name / "ontarget.json").write_text('{"template": "plain"}')
        (folder / name / "special_tokens_map.json").write_text('{"eos_token": "</s>"}')
        (folder / name / "README.md").write_text("A model.")
    return folder


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from([(kind, name) for kind in FILES for name in (*FILES[kind], *ALSO)]),
    damage=DAMAGES,
)
def test_it_works_or_it_is_one_sentence(
    whole: Path, tmp_path: Path, which: tuple[str, str], damage: tuple[str, float, bytes, str]
) -> None:
    kind, name = which
    folder = tmp_path / "models" / kind
    shutil.rmtree(folder.parent, ignore_errors=True)
    shutil.copytree(whole, folder.parent)
    _damage(next(folder.glob(name)), *damage)
    before, at_work = _said(_look, folder), _said(_translate, folder)
    # What the work would find is found before it; but for weights that are whole, and not numbers, and the
    # template. (A token that is twice in a vocabulary is met at random.)
    assert before or not at_work or "not numbers" in at_work or name in ("ontarget.json", "tokenizer.json")


def _said(act: Callable[[Path], object], folder: Path) -> str:
    try:
        act(folder)
    except UserError as error:
        sentence = str(error)
    else:
        return ""
    assert sentence
    assert "\n" not in sentence
    return sentence


def _look(folder: Path) -> None:
    check_vocabulary(load_tokenizer(folder), check_weights(folder), str(folder))


def _damage(file: Path, how: str, where: float, content: bytes, other: str) -> None:
    whole = file.read_bytes()
    place = int(where * len(whole))
    if how == "gone":
        file.unlink()
    elif how == "exchanged":
        file.write_bytes(next(file.parent.glob(other), file).read_bytes())
    else:
        changed = {"cut": whole[:place], "emptied": b"", "bytes": content}
        flipped = whole[:place] + content + whole[place + len(content) :]
        file.write_bytes(changed.get(how, flipped))


def _translate(folder: Path) -> None:
    line = Translator(folder).translate("The cat sleeps.", "en", "it", num_beams=1, max_new_tokens=2)
    assert isinstance(line, str)


@pytest.mark.parametrize(("kind", "name"), [("llama", "model.safetensors"), ("lora", "adapter_config.json")])
@pytest.mark.parametrize("command", ["translate", "answer"])
def test_a_command_says_it_and_writes_nothing(
    whole: Path, tmp_path: Path, kind: str, name: str, command: str
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "models")) / kind
    (folder / name).write_bytes((folder / name).read_bytes()[:-20])
    (tmp_path / "in.json").write_text('[{"instruction": "Say it."}]')
    output = tmp_path / "x.jsonl"
    given = {
        "translate": ["--model", str(folder), "--from", "en", "--to", "it", str(tmp_path / "in.json")],
        "answer": [str(folder), "--instructions", str(tmp_path / "in.json"), "--output", str(output)],
    }
    result = CliRunner().invoke(app, [command, *given[command]])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{name}'" in result.stderr
    assert not output.exists()
