import shutil
from pathlib import Path

import pytest
from tests.checkpoints.conftest import change

from ontarget.checkpoints.adapter import adapter_in, lineage, tokenizer_place
from ontarget.errors import UserError


def based_on(lora: Path, base: object) -> Path:
    change(lora / "adapter_config.json", lambda c: c.update(base_model_name_or_path=base))
    return lora


def test_a_model_of_its_own_is_no_adapter(llama: Path) -> None:
    assert adapter_in(llama) is None
    assert adapter_in("owner/name") is None
    assert lineage(llama) == [llama]


def test_the_base_is_looked_for_from_here_in_the_folder_and_beside_it(
    llama: Path, lora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lora)
    for base in (str(llama), "../llama", "llama"):
        found = adapter_in(based_on(lora, base))
        assert found is not None
        assert Path(found.base).samefile(llama)
    moved = shutil.move(llama, lora / "base" / "llama")
    found = adapter_in(based_on(lora, "base/llama"))
    assert found is not None
    assert Path(found.base).samefile(moved)


@pytest.mark.parametrize("base", ["meta-llama/Llama-3.1-8B", "gpt2"])
def test_else_it_is_a_name_on_the_hub(lora: Path, base: str) -> None:
    assert lineage(based_on(lora, base)) == [lora, base]


@pytest.mark.parametrize("base", ["/data/models/llama", "./no/such", "a/b/c", "out/"])
def test_a_base_that_is_gone_is_named(lora: Path, base: str) -> None:
    with pytest.raises(
        UserError,
        match=rf"lora' is an adapter of '{base}', which cannot be loaded: .*set base_model_name_or_path in",
    ):
        adapter_in(based_on(lora, base))


@pytest.mark.parametrize("base", [None, "", 3])
def test_a_base_that_is_not_named(lora: Path, base: object) -> None:
    with pytest.raises(UserError, match=r"its adapter_config\.json does not name the base model"):
        adapter_in(based_on(lora, base))


def test_adapters_that_name_each_other(lora: Path) -> None:
    with pytest.raises(UserError, match="that is the adapter itself"):
        adapter_in(based_on(lora, str(lora)))
    other = lora.parent / "other"
    shutil.copytree(lora, other)
    based_on(lora, str(other))
    based_on(other, str(lora))
    with pytest.raises(UserError, match="an adapter of an adapter, and so on without an end"):
        lineage(lora)


def test_the_tokenizer_is_the_adapters_or_else_the_bases(llama: Path, lora: Path) -> None:
    assert tokenizer_place(lora) == lora
    (lora / "tokenizer.json").unlink()
    assert Path(tokenizer_place(lora)).samefile(llama)
    assert tokenizer_place(based_on(lora, "owner/name")) == "owner/name"


def test_adapters_that_name_each_other_are_told_wherever_they_are_loaded(lora: Path, tmp_path: Path) -> None:
    from ontarget.checkpoints.load import load_config, load_model
    from ontarget.translation.engines.transformers import TransformersEngine

    other = Path(shutil.copytree(lora, tmp_path / "other"))
    based_on(lora, str(other))
    based_on(other, str(lora))
    for load in (load_config, load_model, TransformersEngine.load):
        with pytest.raises(UserError, match="an adapter of an adapter, and so on without an end"):
            load(lora)
