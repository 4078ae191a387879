"""Checks that a tokenizer and a model belong together: every token id needs an embedding."""

from collections.abc import Iterable
from typing import Any

from ontarget.errors import UserError


def check_vocabulary(tokenizer: Any, embeddings: int, where: str) -> None:
    """Checks that all ids of plain text have an embedding. Added tokens need none: see `check_ids`.

    Args:
        tokenizer: the tokenizer.
        embeddings: the number of embeddings of the model.
        where: the model, as the user named it.
    Raises:
        UserError: the tokenizer belongs to another model.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:  # reported when text is encoded
        return
    text = set(backend.get_vocab(with_added_tokens=False).values()) - set(tokenizer.added_tokens_decoder)
    if max(text, default=0) >= embeddings:
        raise UserError(
            f"the tokenizer of '{where}' has ids up to {max(text)}, but the model has {embeddings} "
            "embeddings: use the tokenizer that belongs to the model"
        )


def check_ids(ids: Iterable[int], tokenizer: Any, embeddings: int) -> None:
    """Checks that the ids of a text have an embedding.

    Raises:
        UserError: an id has no embedding, for example after tokens were added without resizing the model.
    """
    highest = max(ids, default=0)
    if highest >= embeddings:
        raise UserError(
            f"the text needs the token '{tokenizer.convert_ids_to_tokens(highest)}' (id {highest}), but the "
            f"model has {embeddings} embeddings: use a prompt template without it, or resize the model by "
            "resize_token_embeddings and tune it"
        )
