"""Asks the Hugging Face Hub: whether it has a file, and what its library says of retries in one sentence."""

import logging
from functools import cache

from ontarget.checkpoints.messages import warn_once

_LONGEST = 10  # seconds
_RETRYING = logging.getLogger("huggingface_hub.utils._http")


def has(model: str, file: str) -> bool:
    """Whether a file of a model is in the cache, or else on the Hub, which is asked once.

    A download would ask for half a minute if there is no network. Loading reports why a file is not there.

    Args:
        model: the name on the Hub.
        file: the name of the file.
    """
    import httpx2
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache

    try:
        if isinstance(try_to_load_from_cache(model, file), str):
            return True
        get_hf_file_metadata(hf_hub_url(model, file), timeout=_LONGEST)
    except (OSError, ValueError, httpx2.HTTPError):  # no network, no such name, no access
        return False
    return True


@cache
def tell_retries_once() -> None:
    """Replaces the lines of the library on each retry by one sentence."""
    _RETRYING.addFilter(_in_our_words)


def _in_our_words(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if message.startswith("Retrying in "):
        warn_once("the Hugging Face Hub does not answer; trying again for half a minute")
    return not ("thrown while requesting" in message or message.startswith("Retrying in "))
