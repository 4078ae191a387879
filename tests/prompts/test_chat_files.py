import fnmatch
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.prompts.test_chat import CHATML, TURNS, chat_template, made

from ontarget.errors import UserError
from ontarget.prompts import chat_files
from ontarget.prompts.chat_files import chat_of
from ontarget.prompts.template import PromptTemplate


def test_the_file_wins_over_the_configuration_and_a_list_has_a_default(tmp_path: Path) -> None:
    made(tmp_path, [{"name": "tools", "template": "x"}, {"name": "default", "template": TURNS}])
    assert chat_of(tmp_path).template == TURNS
    (tmp_path / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    assert chat_of(tmp_path).template == CHATML
    assert dict(chat_of(tmp_path).tokens) == {"bos_token": "<s>", "eos_token": "</s>"}


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    made(tmp_path, CHATML, file=True)
    assert chat_of(tmp_path).template == CHATML
    file = tmp_path / "chat_template.jinja"
    file.write_text(TURNS, encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert chat_of(tmp_path).template == TURNS


def test_a_base_model_has_no_chat_template(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no chat template.*use template: alpaca"):
        chat_template(made(tmp_path, None))
    with pytest.raises(UserError, match="is trained from scratch"):
        PromptTemplate.load("chat")
    made(tmp_path, [{"name": "rag", "template": "x"}])
    with pytest.raises(UserError, match=r"has no default chat template \(only rag\).*use template: alpaca"):
        chat_template(tmp_path)


def test_a_processor_has_one_of_last_resort(tmp_path: Path) -> None:
    made(tmp_path, None)
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": CHATML}), encoding="utf-8")
    assert chat_of(tmp_path).template == CHATML
    assert chat_of(made(tmp_path, TURNS)).template == TURNS


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1843\n"
MAP, CONFIG, JINJA = "special_tokens_map.json", "tokenizer_config.json", "chat_template.jinja"
FOLDER = "additional_chat_templates/default.jinja"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        *((file, '{"chat_template": "x", ', "is not valid JSON") for file in (MAP, CONFIG)),
        *((file, '["x"]', "must hold a JSON object, not a list") for file in (MAP, CONFIG)),
        *((file, POINTER, "is a Git LFS pointer") for file in (MAP, CONFIG, JINJA, FOLDER)),
        *((file, "", "is empty") for file in (MAP, CONFIG, JINJA, FOLDER)),
        ("chat_template.json", "[]", "must hold a JSON object, not a list"),
        ("chat_template.json", '{"chat_template": 3}', "a chat_template that is neither text nor a list"),
        (CONFIG, '{"chat_template": 3}', "a chat_template that is neither text nor a list"),
        (CONFIG, '{"chat_template": ["x"]}', "a chat_template that is neither text nor a list"),
        (CONFIG, '{"chat_template": [{"name": "default"}]}', "that is neither text nor a list"),
        (CONFIG, '{"chat_template": {"default": ["x"]}}', "that is neither text nor a list"),
        (CONFIG, '{"chat_template": "x", "bos_token": 1}', "must be text, or a mapping with content"),
        (MAP, '{"eos_token": ["</s>"]}', "must be text, or a mapping with content"),
        (MAP, '{"eos_token": {"text": "x"}}', "must be text, or a mapping with content"),
        (CONFIG, '{"chat_template": "{% if %}"}', "a chat template with a syntax error: line 1: Expected"),
        (JINJA, "a\n{{ x }", "a chat template with a syntax error: line 2: unexpected '}'"),
        (JINJA, "{% for a in b %}" * 30 + "{% endfor %}" * 30, "syntax error: too many statically nested"),
        (FOLDER, "{% for m in messages %}", "a chat template with a syntax error: line 1: Unexpected end"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, file: str, content: str, said: str) -> None:
    made(tmp_path, CHATML)
    (tmp_path / FOLDER).parent.mkdir()
    if file == "chat_template.json":
        made(tmp_path, None)
    (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        chat_of(tmp_path)
    assert f"'{tmp_path / file}' " in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    file=st.sampled_from([MAP, CONFIG, JINJA, FOLDER, "chat_template.json"]), content=st.binary(max_size=40)
)
def test_any_bytes_are_a_chat_or_one_sentence(tmp_path: Path, file: str, content: bytes) -> None:
    folder = tmp_path / "model"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / FOLDER).parent.mkdir(parents=True)
    made(folder, CHATML)
    (folder / file).write_bytes(content)
    with suppress(UserError):
        assert isinstance(chat_of(folder).template, str)


class TestAnAdapter:
    def test_has_the_chat_of_its_base(self, tmp_path: Path) -> None:
        base = made(folder_of(tmp_path / "base"), TURNS)
        (base / "config.json").write_text("{}")
        adapter = folder_of(tmp_path / "adapter")
        (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
        assert chat_of(adapter).template == TURNS
        assert chat_of(adapter).checkpoint == str(adapter)

    def test_with_a_tokenizer_has_its_own(self, tmp_path: Path) -> None:
        base = made(folder_of(tmp_path / "base"), TURNS)
        (base / "config.json").write_text("{}")
        adapter = made(folder_of(tmp_path / "adapter"), CHATML)
        (adapter / "tokenizer.json").write_text("{}")
        (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
        assert chat_of(adapter).template == CHATML

    def test_of_a_base_on_the_hub(self, tmp_path: Path, hub: dict[str, Path]) -> None:
        hub["owner/base"] = made(folder_of(tmp_path / "base"), TURNS)
        adapter = folder_of(tmp_path / "adapter")
        (adapter / "adapter_config.json").write_text('{"base_model_name_or_path": "owner/base"}')
        assert chat_of(adapter).template == TURNS

    def test_on_the_hub(self, tmp_path: Path, hub: dict[str, Path]) -> None:
        hub["owner/base"] = made(folder_of(tmp_path / "base"), TURNS)
        hub["owner/adapter"] = folder_of(tmp_path / "adapter")
        (tmp_path / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "owner/base"}')
        assert chat_of("owner/adapter").template == TURNS


def folder_of(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Name -> folder of each model that the hub has."""
    huggingface_hub = pytest.importorskip("huggingface_hub", reason="needs the extra `train`")
    models: dict[str, Path] = {}

    def download(model: str, allow_patterns: list[str]) -> str:
        if model not in models:
            raise huggingface_hub.errors.LocalEntryNotFoundError(f"no snapshot of {model}\nand no network")
        files = [path for path in models[model].rglob("*") if path.is_file()]
        names = [path.relative_to(models[model]).as_posix() for path in files]
        read = {name for pattern in allow_patterns for name in fnmatch.filter(names, pattern)}
        assert {name for name in names if name not in read} <= {"config.json"}
        return str(models[model])

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    chat_files._fetched.cache_clear()
    return models


@pytest.mark.parametrize("file", [False, True])
def test_a_model_of_the_hub(tmp_path: Path, hub: dict[str, Path], file: bool) -> None:
    with pytest.raises(
        UserError, match=r"'owner/chat' could not be downloaded from the Hugging Face hub: no snap"
    ) as e:
        chat_of("owner/chat")
    assert "\n" not in str(e.value)
    hub["owner/chat"] = made(tmp_path, CHATML, file=file)
    (tmp_path / MAP).write_text('{"bos_token": "<bos>"}')
    (tmp_path / FOLDER).parent.mkdir()
    chat = chat_of("owner/chat")
    assert (chat.template, dict(chat.tokens)["bos_token"]) == (CHATML, "<bos>")
