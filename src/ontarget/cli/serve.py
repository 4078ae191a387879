"""`ontarget serve`: an HTTP server that translates."""

import logging
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ontarget.checkpoints.record import tuned
from ontarget.cli.loading import TranslatorOptions
from ontarget.cli.model_names import models_by_name
from ontarget.cli.model_options import ApiKeyEnv, Concurrency, Precision, Served, Tokenizer, chosen_model
from ontarget.cli.names import names_of
from ontarget.cli.options import MaxNewTokens, Template, TrustRemoteCode
from ontarget.cli.serve_settings import Config
from ontarget.cli.system_options import Monolingual, SystemId, known_system, text_of
from ontarget.cli.translation_options import CheckLid, NoRepeatNgramSize, NumBeams, Retry, beam_size
from ontarget.cli.verdicts import retries_of
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.pipeline.execution.systems import settings_called
from ontarget.prompts.template import PromptTemplate
from ontarget.scoring.language_id.identifiers import DEFAULT, identifier_named
from ontarget.served_model import API_KEY_ENV, CONCURRENCY, ServedModel, is_url
from ontarget.serving.api_keys import read_api_keys
from ontarget.serving.glossaries import GlossaryStore
from ontarget.serving.limits import ServerLimits
from ontarget.serving.model_owner import STEP_SECONDS
from ontarget.serving.model_process import Launch, in_process
from ontarget.serving.public_url import PublicUrl
from ontarget.serving.server import serve as serve_until_stopped
from ontarget.serving.service import TranslationService
from ontarget.training.distributed.processes import cores
from ontarget.translation.engines.loading import Place, place_of

if TYPE_CHECKING:
    from ontarget.translators.checked import CheckedTranslator

_KEYS = "ONTARGET_API_KEYS"
_LOCAL = ("127.0.0.1", "::1", "localhost")
_LIMITS = ServerLimits()
_BYTES = 12  # of a character in JSON, at most


def serve(
    model: Annotated[
        list[str],
        typer.Option(
            metavar="[NAME=]MODEL",
            help="Directory of a model or adapter, its name on the Hugging Face Hub, or the URL of a server "
            "with OpenAI's API. Repeat it to serve several models, each with a name; the first one is the "
            "default.",
        ),
    ],
    languages: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Languages to offer, such as de,en,fr (default: those that the models were tuned on, or all "
            "that the language identifier knows if that is not known).",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Address to listen at; 0.0.0.0 is all addresses."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port to listen at; 0 chooses a free one.")
    ] = 5000,
    public_url: Annotated[
        str | None,
        typer.Option(
            "--public-url",
            metavar="URL",
            help="Address at which clients reach the server, such as https://translate.example.org of a "
            "proxy. Addresses in replies begin with it, and the server accepts its name in the header Host.",
            show_default=False,
        ),
    ] = None,
    api_keys: Annotated[
        Path | None,
        typer.Option(
            "--api-keys",
            metavar="FILE",
            help=f"Accept only requests with a key of this file, one in each line, or of the environment "
            f"variable {_KEYS}, separated by commas.",
            show_default=False,
        ),
    ] = None,
    num_beams: NumBeams = None,
    max_new_tokens: MaxNewTokens = 512,
    no_repeat_ngram_size: NoRepeatNgramSize = None,
    retry: Retry = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Answer with status 422 if a text has no on-target translation, for clients of all APIs. "
            "Clients of DeepL and LibreTranslate do not see verdicts, and take any text for a success.",
        ),
    ] = False,
    lid: CheckLid = DEFAULT,
    max_requests: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Requests in progress; more are answered with status 429."),
    ] = _LIMITS.requests,
    max_texts: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of texts in a request.")
    ] = _LIMITS.texts,
    max_characters: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of characters in a request.")
    ] = _LIMITS.characters,
    max_document_bytes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum size of a document, in bytes.")
    ] = _LIMITS.document_bytes,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for the glossaries of clients and the numbers of their characters, which are lost "
            "at the end of the server without it.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Time limit of a request, in seconds.")
    ] = _LIMITS.seconds,
    step_timeout: Annotated[
        float,
        typer.Option(
            "--step-timeout",
            min=30,
            metavar="SECONDS",
            help="Time limit of a decoding step, in seconds. If one takes longer, the process is killed "
            "and started again.",
        ),
    ] = STEP_SECONDS,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of processes of each model that share the requests, each with a copy of the model.",
        ),
    ] = 1,
    template: Template = None,
    system: SystemId = None,
    monolingual: Monolingual = None,
    served: Served = None,
    tokenizer: Tokenizer = None,
    api_key_env: ApiKeyEnv = API_KEY_ENV,
    concurrency: Concurrency = CONCURRENCY,
    precision: Precision = "auto",
    trust_remote_code: TrustRemoteCode = False,
    config: Config = None,
) -> None:
    """Serve translations over HTTP, each with a verdict on its language.

    Serve a model on this machine, and translate with curl:

        ontarget serve --model runs/phrasebook-tiny/models/ontarget
        curl localhost:5000/translate -d q='On Sunday we need ten cheap plates for the trip.' -d target=nl

    Serve it to other machines, with API keys, and repair off-target translations:

        ontarget serve --model my/model --host 0.0.0.0 --api-keys keys.txt --retry rerank,pivot

    Favour the target language's words, for a model that is not tuned to stay on target:

        ontarget serve --model my/model --languages de,fr --system language-prior \
            --monolingual de=train.de --monolingual fr=train.fr

    Serve several models by name:

        ontarget serve --model small=my/model --model large=my/larger-model

    Clients of DeepL, LibreTranslate and OpenAI can use the server by its address. It stops at Ctrl-C or
    SIGTERM, after the requests in progress.

    Each option can also be an environment variable, such as ONTARGET_MAX_TEXTS for --max-texts, or a key of
    the file --config. An option of the command line wins over its variable, and the variable over the file.
    """
    # Check the arguments before torch is loaded, which takes seconds.
    named = models_by_name(model)
    # Options on a model on a server do not concern the others.
    remote = [one for one in named.values() if is_url(one)] or list(named.values())
    places = {
        name: place_of(
            chosen_model(one, served, tokenizer, api_key_env, concurrency)
            if one in remote
            else chosen_model(one)
        )
        for name, one in named.items()
    }
    retries = retries_of(retry)
    for place in places.values() if template is not None else ():
        PromptTemplate.load(str(template), place)
    offered = [Language(code) for code in names_of(languages)] if languages else []
    if len(set(offered)) == 1:
        raise UserError(f"--languages has only {offered[0]}; name two or more, such as de,en,fr")
    of_models = [] if offered else _tuned_on(list(places.values()))
    beams = {name: beam_size(num_beams, place, system, retries) for name, place in places.items()}
    system = known_system(system, min(beams.values()))
    if system is not None and settings_called(system).rerank is not None:
        raise UserError(f"a server has --retry rerank,pivot in place of the system '{system}'; name these")
    text = text_of(system, monolingual or [], offered or of_models)
    offered = offered or ([] if of_models else list(text))
    public = PublicUrl.parsed(public_url) if public_url is not None else None
    keys = read_api_keys(api_keys, os.environ.get(_KEYS, ""))
    glossaries = GlossaryStore(state / "glossaries" if state else None)
    if state is not None:
        keys.keep_usage(state / "usage.json")

    def launch(name: str) -> Launch:
        place = places[name]
        options = TranslatorOptions(
            model=place if isinstance(place, ServedModel) else named[name],
            direction=None,
            template=template,
            system=system,
            num_beams=beams[name],
            max_new_tokens=max_new_tokens,
            no_repeat_ngram_size=no_repeat_ngram_size,
            retries=retries,
            lid=lid,
            check=True,
            trust_remote_code=trust_remote_code,
            precision=precision,
            monolingual=text,
            offered=offered or of_models,
        )
        threads = _threads_of(workers * len(places))
        return in_process(partial(_load, options), threads=threads)

    service = TranslationService(
        {name: launch(name) for name in places},
        identifier_named(lid),
        languages=offered or of_models,
        keys=keys,
        limits=ServerLimits(
            max_requests,
            max_texts,
            max_characters,
            body_bytes=max(_LIMITS.body_bytes, _BYTES * max_characters),
            seconds=timeout,
            document_bytes=max_document_bytes,
        ),
        workers=workers,
        step_seconds=step_timeout,
        glossaries=glossaries,
        public_url=public.base if public else "",
        strict=strict,
    )
    _log()

    def started(address: str) -> None:
        typer.echo(f"serving at {address}", err=True)
        if of_models:
            listed = ", ".join(map(str, of_models))
            typer.echo(f"offering {listed}, which the model was tuned on; see --languages", err=True)
        if host not in _LOCAL and not keys:
            typer.echo("note: everybody who reaches this address can use it; see --api-keys", err=True)

    serve_until_stopped(service, host, port, hosts=[public.host] if public else [], started=started)


def _tuned_on(places: Sequence[Place]) -> list[Language]:
    """The languages that the models were tuned on; none if that is not known of one of them."""
    records = [None if isinstance(place, ServedModel) else tuned(place) for place in places]
    languages = list(dict.fromkeys(one for record in records if record for one in record.languages))
    return languages if all(records) and len(languages) > 1 else []


def _load(options: TranslatorOptions) -> "CheckedTranslator":
    """Loads the model in the process that uses it."""
    _log()
    return options.load(shared=True)


def _log() -> None:
    """Logs to standard error, in the server and in its workers."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    for part in ("serving", "openai_api"):
        logging.getLogger(f"ontarget.{part}").setLevel(logging.INFO)


def _threads_of(workers: int) -> int | None:
    """Number of processor threads of each worker; None: as many as the library takes for one."""
    if workers == 1:
        return None
    return max(1, cores() // workers)
