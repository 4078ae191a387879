"""`ontarget answer`: generates responses to general instructions, in a file for `ontarget judge`."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from ontarget.cli.loading import quiet_loading
from ontarget.cli.model_options import ApiKeyEnv, Concurrency, Precision, Served, Tokenizer, chosen_model
from ontarget.cli.options import Beams, MaxNewTokens, Model, Template, TrustRemoteCode, require_new_place
from ontarget.cli.progress import TerminalProgress, stopped
from ontarget.corpora.instructions import Instruction, read_instructions
from ontarget.files import folders_of, whole_file
from ontarget.pipeline.execution.progress import Advance
from ontarget.pipeline.planning.served import identity_of
from ontarget.prompts.layout import AUTO
from ontarget.prompts.template import PromptTemplate
from ontarget.served_model import API_KEY_ENV, CONCURRENCY, ServedModel
from ontarget.translation.engines.loading import place_of

if TYPE_CHECKING:
    from ontarget.translation.hypothesis import Hypothesis

_AT_ONCE = 64  # responses that are lost at most if the process is killed


def answer(
    model: Model,
    instructions: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Instructions, one per line, or JSON with the keys `instruction` and, optionally, `input`.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the responses to this file, as JSON lines."
        ),
    ],
    num_beams: Beams = 1,
    max_new_tokens: MaxNewTokens = 512,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Use only the first N instructions.", show_default=False),
    ] = None,
    template: Template = None,
    served: Served = None,
    tokenizer: Tokenizer = None,
    api_key_env: ApiKeyEnv = API_KEY_ENV,
    concurrency: Concurrency = CONCURRENCY,
    precision: Precision = "auto",
    trust_remote_code: TrustRemoteCode = False,
) -> None:
    """Generate responses to general instructions, such as those of AlpacaEval, with a fine-tuned model.

    `ontarget judge` and AlpacaEval read the output:

        ontarget data get alpaca_eval
        ontarget answer --model my/model --instructions $ONTARGET_DATA/alpaca/alpaca_eval.json -o lat.jsonl
        ontarget judge lat.jsonl mt.jsonl --url https://api.openai.com/v1 --model gpt-4o

    You can stop it at any time, even with kill -9; the same command resumes.

    An instruction that is too long for the model's context gets an empty response. Such instructions are
    listed on standard error, and the exit code is 1; all others get a response.
    """
    # Check the arguments before torch is loaded, which takes seconds.
    require_new_place("--output", output, [instructions, template])
    asked = read_instructions(instructions, answered=False)[:limit]
    place = place_of(chosen_model(model, served, tokenizer, api_key_env, concurrency))
    if template not in (None, AUTO):
        PromptTemplate.load(template, place).render_general("x")
    chosen = place if isinstance(place, ServedModel) else model
    name = place.name if isinstance(place, ServedModel) else model

    from ontarget.translation.too_long import sentences
    from ontarget.translation.translator import Translator

    quiet_loading(chosen)
    about = [
        identity_of(chosen),
        template,
        num_beams,
        max_new_tokens,
        [(each.instruction, each.input) for each in asked],
        *([] if precision == "auto" else [precision]),
    ]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:8]
    part = output.with_name(f".{output.name}.{key}")
    try:
        translator = Translator(chosen, template, trust_remote_code=trust_remote_code, precision=precision)
        if translator.general_note:
            typer.echo(f"note: {translator.general_note}", err=True)
        lines = _whole_lines(part)
        with (
            TerminalProgress().task(f"generating responses with {name}") as advance,
            _appended(part) as file,
        ):
            for begin in range(len(lines), len(asked), _AT_ONCE):
                now = asked[begin : begin + _AT_ONCE]
                found = translator.general_hypotheses(
                    now,
                    num_beams=num_beams,
                    max_new_tokens=max_new_tokens,
                    progress=_from(begin, len(asked), advance),
                )
                new = [_line(each, one, name) for each, one in zip(now, found, strict=True)]
                file.write("".join(new))
                file.flush()
                lines += new
    except KeyboardInterrupt as request:
        stopped(request)
    with whole_file(output) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    part.unlink(missing_ok=True)
    records = enumerate(map(json.loads, lines), 1)
    empty = {number: record["prompt_tokens"] for number, record in records if "prompt_tokens" in record}
    if empty:
        for said in sentences(empty, translator.context.limit, "instruction"):
            typer.echo(said, err=True)
        raise typer.Exit(1)


def _from(begin: int, total: int, advance: Advance) -> Callable[[int, int], None]:
    return lambda done, _: advance(begin + done, total, "responses")


def _line(asked: Instruction, found: "Hypothesis", model: str) -> str:
    given = {"input": asked.input} if asked.input else {}
    record: dict[str, Any] = {"instruction": asked.instruction, **given, "output": found.text}
    record["generator"] = model
    if found.too_long:
        record |= {"finish_reason": found.finish_reason, "prompt_tokens": found.prompt_tokens}
    return json.dumps(record, ensure_ascii=False) + "\n"


@contextmanager
def _appended(part: Path) -> Iterator[TextIO]:
    """Opens a file for appending, and removes it afterwards if it is empty."""
    with folders_of(part):
        try:
            with part.open("a", encoding="utf-8") as file:
                yield file
        finally:
            if not part.stat().st_size:
                part.unlink()


def _is_whole(line: str) -> bool:
    try:
        return line.endswith("\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _whole_lines(part: Path) -> list[str]:
    """The lines of an earlier call, up to the first one that is damaged or incomplete."""
    if not part.exists():
        return []
    with part.open(encoding="utf-8", errors="replace", newline="\n") as file:
        lines = list(takewhile(_is_whole, file))
    with whole_file(part) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return lines
