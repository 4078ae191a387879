"""A chat's prompt has the ids that `apply_chat_template` of transformers gives, wherever its files lie."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers", reason="needs the extra `train`")

import transformers
from tests.prompts.test_encode import byte_level, metaspace
from tokenizers import AddedToken

from ontarget.errors import UserError
from ontarget.prompts.chat import Chat, Turn
from ontarget.prompts.chat_files import chat_of
from ontarget.prompts.encode import encode_prompt, end_id
from ontarget.prompts.segment import ChatPrompt, Segment

FOR_EACH = "{% for m in messages %}"
CHATML = FOR_EACH + (
    "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINKING = CHATML.replace(
    "assistant\n{% endif %}",
    "assistant\n{% if not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}",
)
HEADERS = (
    "{{ bos_token }}" + FOR_EACH + "<|head|>{{ m['role'] }}<|/head|>\n\n{{ m['content'] | trim }}<|eot|>"
    "{% endfor %}{% if add_generation_prompt %}<|head|>assistant<|/head|>\n\n{% endif %}"
)
TURNS = (
    "{{ bos_token }}" + FOR_EACH + "<turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}</turn>\n{% endfor %}{% if add_generation_prompt %}<turn>model\n{% endif %}"
)
BRACKETS = FOR_EACH + (
    "{% if m.role == 'user' %}{{ bos_token + '[INST] ' + m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + ' ' + eos_token }}{% endif %}{% endfor %}"
)
ONCE = "{{ bos_token }}" + BRACKETS.replace("bos_token + ", "").replace(" + ' ' + eos", " + eos")
PLAIN_TAGS = FOR_EACH + (
    "<|{{ m.role }}|>\n{{ m.content + eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SWALLOWING = FOR_EACH + (
    "<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% else %}{{ eos_token }}{% endif %}"
)


def with_control(make: Callable[[], Any], *tokens: str, rstrip: bool = False) -> Any:
    tokenizer = make()
    tokenizer.backend_tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False, rstrip=rstrip) for token in tokens]
    )
    return tokenizer


# As the chats of ChatML, Qwen 3, LLaMA 3, Gemma, LLaMA 2, Mistral, Zephyr and Phi 3: template and tokenizer.
# Most tokenizers put BOS first by themselves, whether the template has it or not.
STYLES: dict[str, tuple[str, Callable[[], Any]]] = {
    "chatml": (CHATML, lambda: byte_level(bos=False)),
    "chatml, and a tokenizer that adds BOS": (CHATML, byte_level),
    "chatml, legacy": (CHATML, lambda: metaspace(prepend_scheme="legacy")),
    "thinking": (THINKING, lambda: with_control(lambda: byte_level(bos=False), "</think>")),
    "headers": (HEADERS, lambda: with_control(byte_level, "<|head|>", "<|/head|>", "<|eot|>")),
    "turns": (TURNS, lambda: with_control(metaspace, "<turn>", "</turn>")),
    "brackets": (BRACKETS, metaspace),
    "brackets, legacy": (BRACKETS, lambda: metaspace(prepend_scheme="legacy")),
    "brackets that are tokens": (ONCE, lambda: with_control(byte_level, "[INST]", "[/INST]")),
    "tags that are text": (PLAIN_TAGS, lambda: metaspace(prepend_scheme="always")),
    "tokens that swallow breaks": (
        SWALLOWING,
        lambda: with_control(metaspace, "<|user|>", "<|assistant|>", "<|end|>", rstrip=True),
    ),
}
STANDARD = ("bos_token", "eos_token", "pad_token")


def template_in_jinja(folder: Path, template: str) -> None:
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    set_config(folder, chat_template="{{ raise_exception('the file wins') }}")


def template_by_name(folder: Path, template: str) -> None:
    named = [{"name": "tool_use", "template": "x"}, {"name": "default", "template": template}]
    set_config(folder, chat_template=named)


def template_among_others(folder: Path, template: str) -> None:
    (folder / "additional_chat_templates").mkdir()
    for name, text in (("default", template), ("rag", "x")):
        (folder / "additional_chat_templates" / f"{name}.jinja").write_text(text, encoding="utf-8")
    set_config(folder, chat_template="{{ raise_exception('the folder wins') }}")


TEMPLATE_PLACES: dict[str, Callable[[Path, str], None]] = {
    "config": lambda folder, template: set_config(folder, chat_template=template),
    "config, by name": template_by_name,
    "config, mapping": lambda folder, template: set_config(
        folder, chat_template={"default": template, "x": "x"}
    ),
    "jinja": template_in_jinja,
    "folder": template_among_others,
}


def as_mappings(folder: Path) -> None:
    tokens = take_tokens(folder)
    set_config(folder, **{name: {"__type": "AddedToken", **added(token)} for name, token in tokens.items()})


def in_map(folder: Path, *, mappings: bool = False, before: dict[str, object] | None = None) -> None:
    tokens: dict[str, Any] = take_tokens(folder)
    if mappings:
        tokens = {name: added(token) for name, token in tokens.items()}
    (folder / "special_tokens_map.json").write_text(json.dumps(tokens), encoding="utf-8")
    set_config(folder, **(before or {}))


def in_map_that_does_not_count(folder: Path) -> None:
    """A configuration that lists the added tokens has all that there is to say of them."""
    set_config(folder, added_tokens_decoder={"0": added("<s>")})
    (folder / "special_tokens_map.json").write_text('{"bos_token": "</s>", "eos_token": "<pad>"}')


def in_added_tokens(folder: Path) -> None:
    """The last ones are neither in `tokenizer.json` nor in the configuration."""
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    tokens = tokenizer["added_tokens"]
    moved = [tokens.pop(), tokens.pop()]
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    in_map(folder)
    (folder / "added_tokens.json").write_text(json.dumps({token["content"]: token["id"] for token in moved}))


TOKEN_PLACES: dict[str, Callable[[Path], None]] = {
    "config": lambda folder: None,
    "config, mappings": as_mappings,
    "map": in_map,
    "map, mappings": lambda folder: in_map(folder, mappings=True),
    "map, over the configuration": lambda folder: in_map(folder, before={"bos_token": "</s>"}),
    "map that does not count": in_map_that_does_not_count,
    "added tokens": in_added_tokens,
}


def added(token: str) -> dict[str, object]:
    return {"content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}


def set_config(folder: Path, **values: object) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values), encoding="utf-8")


def take_tokens(folder: Path) -> dict[str, str]:
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    tokens = {name: config.pop(name) for name in STANDARD}
    path.write_text(json.dumps(config), encoding="utf-8")
    return tokens


def saved(folder: Path, tokenizer: Any) -> Path:
    """As save_pretrained writes it, all special tokens in the configuration, and no template."""
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer.save_pretrained(folder)
    assert set(json.loads((folder / "tokenizer_config.json").read_text())) >= set(STANDARD)
    return folder


def ours(chat: Chat, tokenizer: Any, messages: list[tuple[str, str]]) -> list[int]:
    turns = [Turn(role, [Segment(text, False)]) for role, text in messages]
    return encode_prompt(tokenizer, ChatPrompt(chat.prompt(turns)))


def theirs(tokenizer: Any, messages: list[tuple[str, str]]) -> list[int]:
    ids: list[int] = tokenizer.apply_chat_template(
        [{"role": role, "content": text} for role, text in messages],
        tokenize=True,
        add_generation_prompt=True,
        return_dict=False,
        enable_thinking=False,
    )
    return ids


TALK = [
    ("user", "Una casa, 'due' case?"),
    ("assistant", "Een huis."),
    ("user", "Ciao\n\nmondo: \\n {{ x }} é"),
]


@pytest.mark.parametrize("tokens", TOKEN_PLACES)
@pytest.mark.parametrize("place", TEMPLATE_PLACES)
@pytest.mark.parametrize("style", STYLES)
def test_wherever_the_files_lie(tmp_path: Path, style: str, place: str, tokens: str) -> None:
    if (style, tokens) == ("chatml, legacy", "added tokens"):
        pytest.skip("transformers itself does not know them again there after a letter")
    template, make = STYLES[style]
    folder = saved(tmp_path / "model", make())
    TOKEN_PLACES[tokens](folder)
    TEMPLATE_PLACES[place](folder, template)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    chat = chat_of(folder)
    assert dict(chat.tokens) == tokenizer.special_tokens_map
    assert ours(chat, tokenizer, TALK) == theirs(tokenizer, TALK)
    assert ours(chat, tokenizer, TALK[:1]) == theirs(tokenizer, TALK[:1])


def test_a_token_that_only_the_class_of_the_tokenizer_knows_is_told(tmp_path: Path) -> None:
    """LlamaTokenizer begins with <s>, whatever its files say."""
    folder = saved(tmp_path / "model", metaspace())
    take_tokens(folder)
    set_config(folder, tokenizer_class="LlamaTokenizer", chat_template=BRACKETS)
    known = transformers.AutoTokenizer.from_pretrained(folder).special_tokens_map
    assert known["bos_token"] == "<s>"
    chat = chat_of(folder)
    with pytest.raises(UserError, match=r'uses bos_token, .* add "bos_token": "<s>" to its tokeniz'):
        chat.check_tokens(known)
    set_config(folder, bos_token="<s>", eos_token="</s>")
    chat_of(folder).check_tokens(known)  # <unk>, of which the template says nothing, is still there alone


@pytest.fixture(scope="module", params=STYLES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Chat, Any]:
    template, make = STYLES[request.param]
    folder = saved(tmp_path_factory.mktemp("chat") / "model", make())
    TEMPLATE_PLACES["jinja"](folder, template)
    return chat_of(folder), transformers.AutoTokenizer.from_pretrained(folder)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="▁"), min_size=1, max_size=30).map(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(texts=st.lists(TEXT.filter(bool), min_size=3, max_size=3))
def test_of_any_text(made: tuple[Chat, Any], texts: list[str]) -> None:
    chat, tokenizer = made
    control = [token.content for token in tokenizer.added_tokens_decoder.values()]
    assume(not any(token in text for token in control for text in texts))
    messages = [(role, text) for (role, _), text in zip(TALK, texts, strict=True)]
    assert ours(chat, tokenizer, messages) == theirs(tokenizer, messages)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(data=st.data(), before=TEXT, after=TEXT)
def test_what_looks_like_a_control_token_stays_text(
    made: tuple[Chat, Any], data: st.DataObject, before: str, after: str
) -> None:
    chat, tokenizer = made
    control = {token.content: id for id, token in tokenizer.added_tokens_decoder.items()}
    token = data.draw(st.sampled_from(sorted(control)))
    assume(not any(one in text for one in control for text in (before, after)))
    found = ours(chat, tokenizer, [("user", f"a{before}{token}{after}b")])
    harmless = ours(chat, tokenizer, [("user", "ab")])
    ids = set(control.values())
    assert [id for id in found if id in ids] == [id for id in harmless if id in ids]
    text = tokenizer.decode(found, clean_up_tokenization_spaces=False)
    assert f"{before}{token}{after}".replace(" ", "") in text.replace(" ", "")


@pytest.mark.parametrize(
    ("style", "end"),
    [
        ("chatml", "<|im_end|>"),
        ("headers", "<|eot|>"),
        ("turns", "</turn>"),
        ("brackets", "</s>"),
        ("tags that are text", "</s>"),
        ("tokens that swallow breaks", "<|end|>"),
    ],
)
def test_an_answer_ends_at_the_token_of_its_chat(tmp_path: Path, style: str, end: str) -> None:
    template, make = STYLES[style]
    folder = saved(tmp_path / "model", make())
    in_map(folder)
    template_in_jinja(folder, template)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert end_id(tokenizer, chat_of(folder).end()) == tokenizer.convert_tokens_to_ids(end)
