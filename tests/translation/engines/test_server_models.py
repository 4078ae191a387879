"""The list of models on a server, as the usual servers write it."""

from typing import Any

import pytest
from tests.openai_server import Answer, serving

from ontarget.checkpoints.context import ContextWindow
from ontarget.errors import UserError
from ontarget.openai_api import OpenAIServer
from ontarget.translation.engines.server_models import find_model

VLLM = {"id": "tower", "owned_by": "vllm", "max_model_len": 4096}
LLAMA_CPP = {"id": "tower", "owned_by": "llamacpp", "meta": {"n_ctx": 1024, "n_ctx_train": 8192}}


def find(name: str, reply: Answer) -> tuple[str, ContextWindow]:
    with serving(lambda path, body: reply) as server:
        found = find_model(OpenAIServer(server.url), name)
    assert [asked.path for asked in server.asked] == ["models"]
    return found


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        (VLLM, 4096),
        (LLAMA_CPP, 1024),
        ({"id": "tower", "context_length": 8192}, 8192),
        ({"id": "tower", "meta": None, "max_model_len": None}, None),
        ({"id": "tower", "max_model_len": "many"}, None),
    ],
)
@pytest.mark.parametrize("name", ["tower", ""])
def test_the_only_model_and_its_context(model: dict[str, Any], tokens: int | None, name: str) -> None:
    assert find(name, {"data": [model]}) == ("tower", ContextWindow(tokens, ends=tokens is not None))


def test_a_model_by_its_name_without_the_tag() -> None:
    models = {"data": [{"id": "gemma:2b"}, {"id": "tower:latest", "context_length": 9}]}
    assert find("tower", models) == ("tower", ContextWindow(9, ends=True))
    assert find("tower:latest", models) == ("tower:latest", ContextWindow(9, ends=True))


@pytest.mark.parametrize(
    ("name", "models", "message"),
    [
        ("towr", ["tower", "gemma"], r"has no model 'towr'; did you mean 'tower'\?; it has tower, gemma$"),
        ("tower", [], r"has no model 'tower'; it has none$"),
        (
            "",
            ["tower", "gemma"],
            r"has 2 models \(tower, gemma\); name the one to use \(--served, `served`\)",
        ),
        ("", [], r"has no models; name the one"),
        ("x", [f"m{n}" for n in range(99)], r"it has m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, \.\.\.$"),
    ],
)
def test_another_model_is_refused(name: str, models: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        find(name, {"data": [{"id": model} for model in models]})


@pytest.mark.parametrize("name", ["", "ontarget", "ontarget:it-nl", "tower"])
def test_our_own_server_is_refused_since_it_would_translate_the_prompt(name: str) -> None:
    chat = pytest.importorskip("ontarget.serving.openai_chat", reason="needs the extra `serve`")
    ours = chat._model("ontarget")
    with pytest.raises(UserError, match="is `ontarget serve`, which would translate the prompt"):
        find(name, {"data": [ours]})


def test_a_server_without_a_list_is_trusted_with_the_name() -> None:
    assert find("tower", (404, {}, "")) == ("tower", ContextWindow(None, ends=False))
    with pytest.raises(UserError, match="does not list its models; name the model"):
        find("", (404, {}, ""))


@pytest.mark.parametrize("reply", [{"data": 3}, {"data": ["tower"]}, (200, {}, "<html>")])
def test_nonsense_is_one_sentence(reply: Answer) -> None:
    with pytest.raises(UserError, match="is not in the format of OpenAI's API"):
        find("tower", reply)


def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(UserError, match=r"needs an API key \(401\)"):
        find("tower", (401, {}, ""))
