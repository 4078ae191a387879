import json
from pathlib import Path

import pytest
from tests.prompts.test_chat import CHATML, made

from ontarget.errors import UserError
from ontarget.prompts.choice import choose
from ontarget.prompts.template import PromptTemplate

KNOWN = {
    "Unbabel/TowerInstruct-7B-v0.2": "tower",
    "Unbabel/TowerInstruct-Mistral-7B-v0.2": "tower",
    "Unbabel/Tower-Plus-9B": "tower-plus",
    "utter-project/EuroLLM-1.7B-Instruct": "eurollm",
    "haoranxu/ALMA-7B": "alma",
    "haoranxu/ALMA-13B-R": "alma",
    "haoranxu/ALMA-7B-Pretrain-LoRA": "alma",
    "ModelSpace/GemmaX2-28-2B-v0.1": "alma",
    "haoranxu/X-ALMA-13B-Group6": "x-alma",
    "xiaomi-research/GemmaX2-28-9B-v0.2": "gemmax",
    "xiaomi-research/MiLMMT-46-1B-v1.0": "milmmt",
    "tencent/Hunyuan-MT-7B-fp8": "hunyuan-mt",
    "tencent/HY-MT1.5-1.8B": "hy-mt",
    "tencent/Hy-MT2-30B-A3B": "hy-mt2",
    "ByteDance-Seed/Seed-X-PPO-7B": "seed-x",
    "google/translategemma-4b-it": "translategemma",
    "BSC-LT/salamandraTA-7b-instruct": "salamandra-ta",
    "NiuTrans/LMT-60-0.6B": "lmt",
}
# Bases, reward models, models of other tasks, and names that only look alike.
OTHERS = [
    "Unbabel/TowerBase-7B-v0.1",
    "utter-project/EuroLLM-1.7B",
    "haoranxu/ALMA-7B-Pretrain",
    "haoranxu/X-ALMA-13B-Pretrain",
    "almanach/camembert-base",
    "ModelSpace/GemmaX2-28-2B-Pretrain",
    "xiaomi-research/MiLMMT-46-1B-Pretrain",
    "tencent/Hunyuan-MT-Chimera-7B",
    "tencent/Hunyuan-7B-Instruct",
    "ByteDance-Seed/Seed-X-RM-7B",
    "BSC-LT/salamandraTA-2B",
    "BSC-LT/salamandra-7b-instruct",
    "NiuTrans/LMT-60-8B-Base",
    "Qwen/Qwen2.5-0.5B-Instruct",
]


def model(folder: Path, *, chat: bool = True, **config: object) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    if chat:
        made(folder, CHATML)
    return folder


@pytest.mark.parametrize("name", [*KNOWN, *OTHERS])
def test_families_by_the_name_of_the_directory(tmp_path: Path, name: str) -> None:
    assert choose(model(tmp_path / name)).name == KNOWN.get(name, "chat")


@pytest.mark.parametrize("name", KNOWN)
def test_families_by_the_name_in_the_config_and_by_the_cache_of_the_hub(tmp_path: Path, name: str) -> None:
    assert choose(model(tmp_path / "mine", _name_or_path=name)).name == KNOWN[name]
    cached = tmp_path / f"models--{name.replace('/', '--')}" / "snapshots" / "0123abcd"
    assert choose(model(cached)).name == KNOWN[name]


@pytest.mark.parametrize("name", ["alma-7b-r.Q4_K_M-0123456789ab", "haoranxu_-_ALMA-7B.Q8_0"])
def test_families_by_the_file_name_of_a_converted_gguf(tmp_path: Path, name: str) -> None:
    assert choose(model(tmp_path / name)).name == "alma"


def test_a_link_has_its_own_name_and_that_of_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "TowerInstruct-7B-v0.2").symlink_to(model(tmp_path / "mine"))
    assert choose(tmp_path / "TowerInstruct-7B-v0.2").name == "tower"
    (tmp_path / "other").symlink_to(model(tmp_path / "EuroLLM-1.7B-Instruct"))
    assert choose(tmp_path / "other").name == "eurollm"
    monkeypatch.chdir(tmp_path / "EuroLLM-1.7B-Instruct")
    assert choose(".").name == "eurollm"


def test_an_adapter_has_its_own_name_or_that_of_its_base(tmp_path: Path) -> None:
    base = model(tmp_path / "TowerInstruct-7B-v0.2")
    adapter = tmp_path / "mine"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
    assert choose(adapter).name == "tower"


def test_the_template_that_a_model_was_tuned_with_comes_first(tmp_path: Path) -> None:
    tuned = model(tmp_path / "TowerInstruct-7B-v0.2")
    (tuned / "ontarget.json").write_text('{"template": "plain"}', encoding="utf-8")
    chosen = choose(tuned)
    assert (chosen.name, chosen.note) == ("plain", None)
    (tuned / "prompt.yaml").write_text('instruction: "Into {target}: "\ninput: "{text}"\n', encoding="utf-8")
    assert choose(tuned).name == str(tuned / "prompt.yaml")
    assert PromptTemplate.load("auto", tuned).name == str(tuned / "prompt.yaml")


def test_a_record_that_names_no_template_is_reported(tmp_path: Path) -> None:
    tuned = model(tmp_path / "mine")
    (tuned / "ontarget.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UserError, match="is not of the form"):
        choose(tuned)
    (tuned / "ontarget.json").write_text('{"template": "auto"}', encoding="utf-8")  # written by hand
    assert choose(tuned).name == "chat"


def test_a_family_whose_prompt_needs_a_chat_template_that_is_not_there(tmp_path: Path) -> None:
    assert choose(model(tmp_path / "TowerInstruct-7B-v0.2", chat=False)).name == "alpaca"
    assert choose(model(tmp_path / "ALMA-7B", chat=False)).name == "alma"


def test_general_instructions_get_no_prompt_for_translations(tmp_path: Path) -> None:
    assert choose(model(tmp_path / "TowerInstruct-7B-v0.2"), general=True).name == "chat"
    assert choose(model(tmp_path / "ALMA-7B", chat=False), general=True).name == "alpaca"


def test_each_choice_is_explained_in_one_sentence(tmp_path: Path) -> None:
    notes = [
        choose(model(tmp_path / "ALMA-7B", chat=False)).note,
        choose(model(tmp_path / "a")).note,
        choose(model(tmp_path / "b", chat=False)).note,
        choose(None).note,
    ]
    assert notes == [
        "the prompt template is 'alma', since the model's name 'ALMA-7B' is that of a known model",
        "the prompt template is 'chat', since the model has a chat template and its name is not that of a "
        "known model",
        "the prompt template is 'alpaca', since the model has no chat template and its name is not that of a "
        "known model",
        "the prompt template is 'alpaca', since the model is trained from scratch",
    ]


def test_auto_loads_the_chosen_template(tmp_path: Path) -> None:
    assert PromptTemplate.load("auto", model(tmp_path / "TowerInstruct-7B-v0.2")).name == "tower"
    assert PromptTemplate.load("auto", model(tmp_path / "b", chat=False)).name == "alpaca"
    assert PromptTemplate.load("auto").name == "alpaca"


def test_a_model_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no model directory"):
        choose(tmp_path / "nowhere")
