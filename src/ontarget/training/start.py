"""What a stage starts from: a model and its tokenizer, loaded or made."""

from pathlib import Path
from typing import Any

from ontarget.checkpoints import load
from ontarget.checkpoints.vocabulary import check_vocabulary
from ontarget.model_place import locate
from ontarget.prompts.encode import end_id
from ontarget.settings.tuning import Tuning
from ontarget.training.new_model import NewModel, make_model, make_tokenizer


def load_tokenizer(start: str | Path | NewModel, trust_remote_code: bool) -> Any:
    """That of a model that is there already, or one made for a new model.

    Raises:
        UserError: it cannot be loaded.
    """
    if isinstance(start, NewModel):
        return make_tokenizer(start.texts, start.shape.vocabulary)
    place = locate(start)
    load.load_config(place, trust_remote_code=trust_remote_code)  # the model first: it has more to say
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
    """A causal language model, as it was saved or made anew.

    Args:
        end: what a chat writes after an answer; it stops generation, too.
        held: in which form the weights of a model that is there already are.
    Raises:
        UserError: it cannot be loaded.
    """
    if isinstance(start, NewModel):
        return make_model(start.shape, tokenizer, tuning.max_length, seed)
    model = load.load_model(locate(start), trust_remote_code=trust_remote_code, **held)
    check_vocabulary(tokenizer, model.get_input_embeddings().num_embeddings, str(start))
    # In any tool that reads the checkpoint.
    configured = model.generation_config.eos_token_id
    known = configured if isinstance(configured, list) else [configured]
    if end and (ours := end_id(tokenizer, end)) not in known:
        model.generation_config.eos_token_id = [ours, *(id for id in known if id is not None)]
    return model
