"""`ontarget serve --system`: a system of recipes, for all directions of a server."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.openai_server import serving
from tests.translation.conftest import make_model, tokenizer
from transformers import PreTrainedTokenizerFast

from ontarget.cli.loading import TranslatorOptions
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.served_model import ServedModel
from ontarget.translation.engines.shared import SharedEngine

__all__ = ["tokenizer"]  # a fixture

LANGUAGES = [Language(code) for code in ("en", "de", "fr")]
TEXT = {
    LANGUAGES[0]: ["A man rides.", "Two dogs run."],
    LANGUAGES[1]: ["Ein Mann fährt Rad.", "Zwei Hunde laufen."],
    LANGUAGES[2]: ["Un homme fait du vélo.", "Deux chiens courent."],
}
OPTIONS: dict[str, Any] = {
    "direction": None,
    "template": "plain",
    "system": None,
    "num_beams": 2,
    "max_new_tokens": 12,
    "no_repeat_ngram_size": None,
    "retries": [],
    "lid": "lid.176.ftz",
    "check": False,
    "trust_remote_code": False,
}


def test_each_direction_of_a_server_is_translated_as_a_command_does(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    """The prior and the contrast of each direction, in a batch of all directions."""
    make_model(len(tokenizer), seed=3).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    options = OPTIONS | {"model": str(tmp_path)}
    sources = ["Ein Mann fährt Rad.", "Deux chiens", "a"]
    directions = [Direction.parse(one) for one in ("de-en", "en-fr", "fr-de")]

    def texts(translator: Any, direction: Direction) -> list[str]:
        return [one.text for one in translator.translate(sources, direction.source, direction.target)]

    plain = TranslatorOptions(**options).load()
    for system, text in (("language-prior", TEXT), ("first-token-contrast", {})):
        how = options | {"system": system, "monolingual": text}
        server = TranslatorOptions(**how, offered=LANGUAGES).load(shared=True)
        with ThreadPoolExecutor(3) as threads:
            together = list(threads.map(texts, [server] * 3, directions))
        alone = [TranslatorOptions(**how | {"direction": one}).load() for one in directions]
        assert together == list(map(texts, alone, directions))
        assert together != [texts(plain, one) for one in directions]
        assert isinstance(server.translator.engine, SharedEngine)
        server.translator.engine.close()


def test_a_system_that_changes_scores_needs_a_model_in_this_process() -> None:
    with serving(lambda path, body: {"data": [{"id": "name"}]}) as there:
        options = OPTIONS | {"model": ServedModel(there.url, "name"), "system": "first-token-contrast"}
        with pytest.raises(UserError, match="uses contrastive decoding, but the engine"):
            TranslatorOptions(**options | {"num_beams": 1}, offered=LANGUAGES).load(shared=True)
