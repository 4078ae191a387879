"""What a stage starts from: a model and its tokenizer, loaded or made."""

from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer

from ontarget.model_place import load_said, locate
from ontarget.prompts.encode import end_id
from ontarget.training.new_model import NewModel, make_model, make_tokenizer
from ontarget.training.tuning import Tuning


def load_tokenizer(start: str | Path | NewModel, trust_remote_code: bool) -> Any:
    """That of a model that is there already, or one made for a new model.

    Raises:
        UserError: it cannot be loaded.
    """
    if isinstance(start, NewModel):
        return make_tokenizer(start.texts, start.shape.vocabulary)
    place = locate(start)
    with load_said(place):
        return AutoTokenizer.from_pretrained(place, trust_remote_code=trust_remote_code)


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
    place = locate(start)
    with load_said(place):
        model = AutoModelForCausalLM.from_pretrained(
            place, use_safetensors=True, trust_remote_code=trust_remote_code, **held
        )
    # In any tool that reads the checkpoint.
    configured = model.generation_config.eos_token_id
    known = configured if isinstance(configured, list) else [configured]
    if end and (ours := end_id(tokenizer, end)) not in known:
        model.generation_config.eos_token_id = [ours, *(id for id in known if id is not None)]
    return model
