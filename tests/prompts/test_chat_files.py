import os
from pathlib import Path

import pytest
from tests.prompts.test_chat import CHATML, HEADERS, TURNS, chat_template, made

from ontarget.errors import UserError
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
    with pytest.raises(UserError, match="made from nothing here"):
        PromptTemplate.load("chat")
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(UserError, match="cannot read the chat template"):
        chat_template(tmp_path)


def test_a_model_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="needs the extra `train`")
    asked = []

    def download(model: str, name: str) -> str:
        asked.append((model, name))
        if not (tmp_path / name).is_file():
            raise hub.errors.LocalEntryNotFoundError(f"no {name}\nand no network")
        return str(tmp_path / name)

    monkeypatch.setattr(hub, "hf_hub_download", download)
    with pytest.raises(
        UserError, match=r"'owner/chat' could not be had from the Hugging Face hub: no tokenizer"
    ) as e:
        chat_of("owner/chat")
    assert "\n" not in str(e.value)
    made(tmp_path, CHATML)
    assert chat_of("owner/chat").template == CHATML
    made(tmp_path, HEADERS, file=True)
    assert chat_of("owner/chat").template == HEADERS
    assert set(asked) == {("owner/chat", "tokenizer_config.json"), ("owner/chat", "chat_template.jinja")}
