from pathlib import Path
from typing import Any

import pytest
from tests.checkpoints.conftest import change

from ontarget.checkpoints.load import load_tokenizer
from ontarget.checkpoints.vocabulary import check_ids, check_vocabulary
from ontarget.errors import UserError
from ontarget.translation.checkpoint import load_checkpoint


def test_ids_of_text_beyond_the_embeddings_are_a_tokenizer_of_another_model(llama: Path) -> None:
    tokenizer = load_tokenizer(llama)
    check_vocabulary(tokenizer, len(tokenizer), "x")

    def more(content: dict[str, Any]) -> None:
        content["model"]["vocab"]["zzz"] = 700

    change(llama / "tokenizer.json", more)
    with pytest.raises(UserError, match=r"the tokenizer of '.*llama' has ids up to 700, but the model has"):
        load_checkpoint(llama)


def test_added_tokens_without_an_embedding_are_refused_only_where_they_are_needed(llama: Path) -> None:
    tokenizer = load_tokenizer(llama)
    rows = len(tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<2de>", "<2it>"]})
    check_vocabulary(tokenizer, rows, "x")
    check_ids([0, 5, rows - 1], tokenizer, rows)
    check_ids([], tokenizer, rows)
    with pytest.raises(
        UserError, match=rf"needs the token '<2it>' \(id {rows + 1}\), but the model has {rows} embeddings"
    ):
        check_ids([3, rows + 1, rows], tokenizer, rows)
