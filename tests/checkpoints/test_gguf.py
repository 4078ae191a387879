from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gguf", reason="the package gguf (extra gguf) is not installed")
torch = pytest.importorskip("torch")

from tests.checkpoints.gguf_files import TEMPLATE, write_gguf  # noqa: E402

from ontarget.checkpoints import gguf as converter  # noqa: E402
from ontarget.checkpoints import load  # noqa: E402
from ontarget.errors import UserError  # noqa: E402
from ontarget.model_place import locate  # noqa: E402
from ontarget.prompts.chat_files import chat_of  # noqa: E402


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    folder = tmp_path_factory.mktemp("gguf")
    weights = write_gguf(folder / "toy.gguf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONTARGET_CACHE", str(folder / "cache"))
        place = locate(folder / "toy.gguf")
    assert isinstance(place, Path)
    return place, weights


def test_weights_are_those_of_the_file_in_bf16(converted: tuple[Path, dict[str, np.ndarray]]) -> None:
    place, weights = converted
    model = load.load_model(place)
    assert load.check_weights(place) == 260
    pairs = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "model.layers.1.mlp.down_proj.weight": "blk.1.ffn_down.weight",
        "model.layers.0.self_attn.v_proj.weight": "blk.0.attn_v.weight",
    }
    for ours, theirs in pairs.items():
        assert torch.equal(model.state_dict()[ours].bfloat16(), torch.tensor(weights[theirs]).bfloat16()), (
            ours
        )
    # GGUF interleaves the two halves of each head of q and k.
    q = torch.tensor(weights["blk.0.attn_q.weight"]).reshape(2, 8, 2, 32).transpose(1, 2).reshape(32, 32)
    assert torch.equal(model.state_dict()["model.layers.0.self_attn.q_proj.weight"].bfloat16(), q.bfloat16())


def test_tokenizer_chat_template_and_end_come_along(converted: tuple[Path, object]) -> None:
    place, _ = converted
    tokenizer = load.load_tokenizer(place)
    assert (
        tokenizer.decode(tokenizer("Zwölf Häuser 家").input_ids, skip_special_tokens=True)
        == "Zwölf Häuser 家"
    )
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.chat_template == TEMPLATE
    assert chat_of(place).end() == "<|im_end|>\n"
    assert getattr(load.load_config(place), "quantization_config", None) is None


def test_a_file_is_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gguf(tmp_path / "toy.gguf")
    calls = []

    def run(command: list[str], **_: object) -> object:
        calls.append(command)
        (Path(command[-1]) / "config.json").write_text("{}")
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(converter.subprocess, "run", run)
    first = locate(tmp_path / "toy.gguf")
    assert locate(str(tmp_path / "toy.gguf")) == first
    assert len(calls) == 1
    write_gguf(tmp_path / "toy.gguf", positions=64)
    assert locate(tmp_path / "toy.gguf") != first
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"architecture": "clip"}, "cannot be read by transformers: .*clip"),
        ({"tokenizer": False}, "has no tokenizer: take a file that includes one"),
        ({"weights": False}, "has no weights: take the file of the whole model"),
        ({"parts": 3}, "is one of several parts: join them with llama-gguf-split --merge"),
        ({"cut": 0.5}, "is damaged or cut off: download it again"),
        ({"cut": 0.02}, "is damaged or cut off: download it again"),
        ({"text": b"<html>not found</html>"}, "is not a GGUF file .*: download it again"),
        ({"text": b""}, "is empty: download or copy the file again"),
        ({"text": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n"}, "Git LFS"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, cache: Path, changes: dict[str, object], why: str
) -> None:
    file = tmp_path / "toy.gguf"
    cut, text = changes.pop("cut", None), changes.pop("text", None)
    write_gguf(file, **changes)  # type: ignore[arg-type]
    if isinstance(cut, float):
        file.write_bytes(file.read_bytes()[: int(file.stat().st_size * cut)])
    if isinstance(text, bytes):
        file.write_bytes(text)
    with pytest.raises(UserError, match=why) as caught:
        locate(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    assert not list(cache.rglob("*.json"))


def test_a_missing_file_or_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gguf(tmp_path / "toy.gguf")
    with pytest.raises(UserError, match=r"there is no model file '.*tay\.gguf'; did you mean 'toy\.gguf'\?"):
        locate(tmp_path / "tay.gguf")
    with pytest.raises(UserError, match=r"no config\.json, but toy\.gguf: .*give the file itself"):
        load.load_config(tmp_path)
    monkeypatch.setattr(converter, "find_spec", lambda name: None if name == "gguf" else True)
    with pytest.raises(UserError, match=r"pip install 'ontarget\[train,gguf\]'"):
        locate(tmp_path / "toy.gguf")
