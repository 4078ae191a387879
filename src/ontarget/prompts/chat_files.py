"""Finds a checkpoint's chat template and special tokens, in a directory or on the Hugging Face hub.

The files and their order are the same as in transformers, which is not imported.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ontarget.checkpoints.adapter import tokenizer_place
from ontarget.checkpoints.files import check_whole, read_object
from ontarget.checkpoints.hub import tell_retries_once
from ontarget.errors import UserError
from ontarget.model_place import locate
from ontarget.prompts.chat import Chat, check_syntax
from ontarget.prompts.layout import AUTO, layout_of

_CONFIG, _TOKENS = "tokenizer_config.json", "special_tokens_map.json"
_JINJA, _OF_PROCESSOR, _MORE = "chat_template.jinja", "chat_template.json", "additional_chat_templates"
_DEFAULT = "default"  # the template with this name is used; others are for tools and similar uses
# Files to download from the hub; also for an adapter, they must show whether there is a tokenizer.
_FETCHED = ("adapter_config.json", "tokenizer*", "vocab*", _TOKENS, _JINJA, _OF_PROCESSOR, f"{_MORE}/*.jinja")
# The special tokens that transformers passes to a template.
_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")

Found = tuple[str, Path]  # a template and its file
Changed = tuple[tuple[Path, int], ...]  # the files to read, with their modification times


def chat_of(checkpoint: Path | str) -> Chat:
    """The chat template of a directory or a model on the Hugging Face hub; for an adapter, its base model's.

    Raises:
        UserError: the checkpoint does not exist, has no chat template, or has a damaged file.
    """
    folder = _tokenizer_folder(locate(checkpoint))
    return _read(str(checkpoint), folder, _changed(folder))


def has_chat(checkpoint: Path | str) -> bool:
    """Whether a directory or a model on the Hugging Face hub has a default chat template, valid or not.

    Raises:
        UserError: the checkpoint does not exist, or has a damaged file.
    """
    folder = _tokenizer_folder(locate(checkpoint))
    return _DEFAULT in _templates(folder, _changed(folder))


def unused_chat(tokenizer: Any, template: str) -> str | None:
    """A note if a model has a chat template but is prompted with another template, else None.

    Args:
        tokenizer: the tokenizer of a model that was not tuned by ontarget.
        template: the name of the prompt template. There is no note for `auto`, or for a known model's prompt.
    """
    if template == AUTO or not getattr(tokenizer, "chat_template", None):
        return None
    layout = layout_of(template)
    if layout.chat or layout.checkpoints:
        return None
    return (
        f"the model has a chat template, but is prompted with the template '{template}'; "
        "if it was tuned to chat, use the template 'chat'"
    )


def _tokenizer_folder(place: Path | str) -> Path:
    """The directory of the tokenizer's files; an adapter without them uses those of its base model."""
    folder = place if isinstance(place, Path) else _fetched(place)
    found = tokenizer_place(folder)
    return found if found == folder else _tokenizer_folder(found)


def _files(folder: Path) -> Iterator[Path]:
    names = (_CONFIG, _TOKENS, _JINJA, _OF_PROCESSOR)
    yield from (folder / name for name in names if (folder / name).exists())
    yield from sorted((folder / _MORE).glob("*.jinja"))


def _changed(folder: Path) -> Changed:
    return tuple((file, file.stat().st_mtime_ns) for file in _files(folder))


@lru_cache(maxsize=8)  # such a file may have a megabyte, and is needed for each direction
def _read(checkpoint: str, folder: Path, changed: Changed) -> Chat:
    """The chat template."""
    templates = _templates(folder, changed)
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
            f"'{file}' has a chat template with a syntax error: {mistake}; download the file again"
        )
    return Chat(checkpoint, template, tuple(sorted(_tokens(folder, changed).items())))


@lru_cache(maxsize=8)
def _settings(folder: Path, changed: Changed) -> Mapping[str, Any]:
    return read_object(folder / _CONFIG) if folder / _CONFIG in dict(changed) else {}


def _templates(folder: Path, changed: Changed) -> dict[str, Found]:
    """The templates by name; separate files come first, then the tokenizer's and the processor's."""
    found: dict[str, Found] = {}
    there, settings = dict(changed), _settings(folder, changed)
    if folder / _OF_PROCESSOR in there:
        of_processor = read_object(folder / _OF_PROCESSOR)
        found |= _named(folder / _OF_PROCESSOR, of_processor.get("chat_template"))
    found |= _named(folder / _CONFIG, settings.get("chat_template"))
    for file in (folder / _JINJA, *sorted(file for file in there if file.parent.name == _MORE)):
        if file in there:
            found[_DEFAULT if file.name == _JINJA else file.stem] = _text(file), file
    return found


def _named(file: Path, value: object) -> dict[str, Found]:
    """The template in a value, or several templates by name, as a list or a mapping."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {_DEFAULT: (value, file)}
    if isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
        value = {each.get("name"): each.get("template") for each in value}
    if isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair):
        return {name: (template, file) for name, template in value.items()}
    raise UserError(
        f"'{file}' has a chat_template that is neither text nor a list of named texts; download it again"
    )


def _text(file: Path) -> str:
    check_whole(file)
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"'{file}' is not UTF-8 at byte {error.start}; download the file again") from None


def _tokens(folder: Path, changed: Changed) -> dict[str, str]:
    """`bos_token` and other special tokens; each is text, or in older files a mapping with `content`.

    Older tokenizers have a separate file of special tokens, which counts if the configuration does not list
    the added tokens.
    """
    there, settings = dict(changed), _settings(folder, changed)
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
                f"the {name} of '{file}' must be text, or a mapping with content; correct it, or download "
                "the file again"
            )
    return tokens


@lru_cache(maxsize=8)  # one request to the hub for each model
def _fetched(model: str) -> Path:
    """The folder of the hub's cache with the needed files of a model, which are downloaded first."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise UserError(
            f"'{model}' is on the hub, which needs: pip install 'ontarget[train]'; or give a directory"
        ) from None
    tell_retries_once()
    try:
        return Path(snapshot_download(model, allow_patterns=list(_FETCHED)))
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"the chat template of '{model}' could not be downloaded from the Hugging Face hub: {reason}"
        ) from None
