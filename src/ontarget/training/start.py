"""Loads or makes the model and tokenizer that a stage starts from."""

from pathlib import Path
from typing import Any

from ontarget.checkpoints import load
from ontarget.checkpoints.vocabulary import check_vocabulary
from ontarget.model_place import locate
from ontarget.prompts.encode import end_id
from ontarget.settings.tuning import Tuning
from ontarget.training.new_model import NewModel, make_model, make_tokenizer


def load_tokenizer(start: str | Path | NewModel, trust_remote_code: bool) -> Any:
    """The tokenizer of an existing model, or a new one for a new model.

    Raises:
        UserError: the tokenizer cannot be loaded.
    """
    if isinstance(start, NewModel):
        return make_tokenizer(start.texts, start.shape.vocabulary)
    place = locate(start)
    load.load_config(place, trust_remote_code=trust_remote_code)  # the model first: its errors say more
    return load.load_tokenizer(place, trust_remote_code=trust_remote_code)


def load_model(
    start: str | Path | NewModel,
    tokenizer: Any,
    tuning: Tuning,
    seed: int,
    trust_remote_code: bool,
    end: str,
    **held: Any,
) -> Any:
    """A causal language model, loaded or new.

    Args:
        start: a directory, a Hub name, or the ingredients of a new model.
        tokenizer: its tokenizer.
        tuning: the settings of the stage.
        seed: the seed of a new model's weights.
        trust_remote_code: whether code that comes with the model may run.
        end: a chat template's end of turn, which becomes an end token of the checkpoint.
        held: arguments of `from_pretrained` for an existing model: see `load_model` in `checkpoints`.
    Raises:
        UserError: the model cannot be loaded.
    """
    if isinstance(start, NewModel):
        return make_model(start.shape, tokenizer, tuning.max_length, seed)
    model = load.load_model(locate(start), trust_remote_code=trust_remote_code, **held)
    check_vocabulary(tokenizer, model.get_input_embeddings().num_embeddings, str(start))
    # So that any tool that reads the checkpoint ends at this token.
    configured = model.generation_config.eos_token_id
    known = configured if isinstance(configured, list) else [configured]
    if end and (ours := end_id(tokenizer, end)) not in known:
        model.generation_config.eos_token_id = [ours, *(id for id in known if id is not None)]
    return model
