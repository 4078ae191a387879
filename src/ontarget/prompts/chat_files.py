"""Where a checkpoint's chat template and its special tokens lie: in a directory or on the Hugging Face hub.

They are looked for where transformers looks, in the same order, but without transformers.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ontarget.checkpoints.adapter import tokenizer_place
from ontarget.checkpoints.files import check_whole, read_object
from ontarget.errors import UserError
from ontarget.model_place import locate
from ontarget.prompts.chat import Chat, check_syntax

_CONFIG, _TOKENS = "tokenizer_config.json", "special_tokens_map.json"
_JINJA, _OF_PROCESSOR, _MORE = "chat_template.jinja", "chat_template.json", "additional_chat_templates"
_DEFAULT = "default"  # the template of that name is used; others are for tools and the like
# What is fetched from the hub: with an adapter, too, it must show whether a tokenizer is there.
_FETCHED = ("adapter_config.json", "tokenizer*", "vocab*", _TOKENS, _JINJA, _OF_PROCESSOR, f"{_MORE}/*.jinja")
# Those that transformers hands to a template.
_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")

Found = tuple[str, Path]  # a template, and the file that it is from


def chat_of(checkpoint: Path | str) -> Chat:
    """The chat template of a directory, or of a model on the Hugging Face hub; of an adapter, its base's.

    Raises:
        UserError: there is no such checkpoint, it has no chat template, or a file of it is damaged.
    """
    folder = _tokenizer_folder(locate(checkpoint))
    return _read(str(checkpoint), folder, tuple((file, file.stat().st_mtime_ns) for file in _files(folder)))


def unused_chat(tokenizer: Any, template: str) -> str | None:
    """What to say of a model that has a chat template and is asked with another one; None where it is not so.

    Args:
        tokenizer: of a model that was not tuned here.
        template: the name of what it is asked with.
    """
    if template == "chat" or not getattr(tokenizer, "chat_template", None):
        return None
    return (
        f"the model has a chat template, but is asked with the template '{template}'; "
        "if it was tuned to chat, use the template 'chat'"
    )


def _tokenizer_folder(place: Path | str) -> Path:
    """The directory with the tokenizer's files: an adapter that has none uses those of its base."""
    folder = place if isinstance(place, Path) else _fetched(place)
    found = tokenizer_place(folder)
    return found if found == folder else _tokenizer_folder(found)


def _files(folder: Path) -> Iterator[Path]:
    names = (_CONFIG, _TOKENS, _JINJA, _OF_PROCESSOR)
    yield from (folder / name for name in names if (folder / name).exists())
    yield from sorted((folder / _MORE).glob("*.jinja"))


@lru_cache(maxsize=8)  # such a file may have a megabyte, and each direction asks
def _read(checkpoint: str, folder: Path, changed: tuple[tuple[Path, int], ...]) -> Chat:
    """`changed`: the files that are read, and when they were changed."""
    there = {file for file, _ in changed}
    settings = read_object(folder / _CONFIG) if folder / _CONFIG in there else {}
    templates = _templates(folder, there, settings)
    if _DEFAULT not in templates:
        what = (
            f"default chat template (only {', '.join(sorted(templates))})" if templates else "chat template"
        )
        raise UserError(
            f"'{checkpoint}' has no {what}, neither in {_JINJA} nor in {_CONFIG}: it is not a chat model; "
            "use template: alpaca"
        )
    template, file = templates[_DEFAULT]
    if mistake := check_syntax(template):
        raise UserError(
            f"'{file}' has a chat template that cannot be read: {mistake}; download the file again"
        )
    return Chat(checkpoint, template, tuple(sorted(_tokens(folder, there, settings).items())))


def _templates(folder: Path, there: set[Path], settings: Mapping[str, Any]) -> dict[str, Found]:
    """By name. A file of its own wins over the tokenizer's configuration, and that over the processor's."""
    found: dict[str, Found] = {}
    if folder / _OF_PROCESSOR in there:
        of_processor = read_object(folder / _OF_PROCESSOR)
        found |= _named(folder / _OF_PROCESSOR, of_processor.get("chat_template"))
    found |= _named(folder / _CONFIG, settings.get("chat_template"))
    for file in (folder / _JINJA, *sorted(file for file in there if file.parent.name == _MORE)):
        if file in there:
            found[_DEFAULT if file.name == _JINJA else file.stem] = _text(file), file
    return found


def _named(file: Path, value: object) -> dict[str, Found]:
    """A template, or several by name: as a list, or as a mapping."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {_DEFAULT: (value, file)}
    if isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
        value = {each.get("name"): each.get("template") for each in value}
    if isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair):
        return {name: (template, file) for name, template in value.items()}
    raise UserError(
        f"'{file}' has a chat_template that is neither a text nor a list of them by name: download it again"
    )


def _text(file: Path) -> str:
    check_whole(file)
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"'{file}' is not UTF-8 at byte {error.start}: download it again") from None


def _tokens(folder: Path, there: set[Path], settings: Mapping[str, Any]) -> dict[str, str]:
    """`bos_token` and its like; each is a text, or in older files a mapping that has it as its `content`.

    Older tokenizers have them in a file of their own, which counts where the configuration does not list the
    added tokens.
    """
    found = {name: (settings.get(name), folder / _CONFIG) for name in _NAMES}
    if "added_tokens_decoder" not in settings and folder / _TOKENS in there:
        of_file = read_object(folder / _TOKENS)
        found |= {name: (of_file[name], folder / _TOKENS) for name in _NAMES if name in of_file}
    tokens = {}
    for name, (value, file) in found.items():
        content = value.get("content") if isinstance(value, Mapping) else value
        if isinstance(content, str):
            tokens[name] = content
        elif value is not None:
            raise UserError(
                f"the {name} of '{file}' must be a text, or a mapping with its content: mend it, or download "
                "the file again"
            )
    return tokens


@lru_cache(maxsize=8)  # one request to the hub for each model
def _fetched(model: str) -> Path:
    """The files of a model of the hub, as far as they are read here, in its folder of the hub's cache."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise UserError(
            f"'{model}' is on the hub: pip install 'ontarget[train]', or give a directory"
        ) from None
    try:
        return Path(snapshot_download(model, allow_patterns=list(_FETCHED)))
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"the chat template of '{model}' could not be had from the Hugging Face hub: {reason}"
        ) from None
