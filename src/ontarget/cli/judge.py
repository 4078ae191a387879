"""`ontarget judge`: compares the responses of two systems with an LLM behind an API."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ontarget.cli.model_options import ApiKeyEnv, Concurrency
from ontarget.cli.options import require_new_place
from ontarget.cli.progress import TerminalProgress, stopped
from ontarget.openai_api import OpenAIServer
from ontarget.scoring.judge.endpoint import Endpoint, ReplyCache
from ontarget.scoring.judge.response_files import pair_up, read_prompts, read_responses
from ontarget.scoring.judge.win_rate import WinRate
from ontarget.scoring.judge.win_rate import judge as judge_pairs
from ontarget.served_model import API_KEY_ENV
from ontarget.tables import terminal_frame


def judge(
    ours: Annotated[
        Path, typer.Argument(metavar="A", help="Responses of system A, one per line or as JSON lines.")
    ],
    theirs: Annotated[Path, typer.Argument(metavar="B", help="Responses of system B, in the same order.")],
    url: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Base URL of an OpenAI-compatible server, up to /v1.", show_default=False
        ),
    ],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the judge model on the server.", show_default=False)
    ],
    instructions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instructions, one per line, or as JSON (default: those in A or B).",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Use only the first N pairs.", show_default=False)
    ] = None,
    api_key_env: ApiKeyEnv = API_KEY_ENV,
    cache: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Cache of judge replies; cached questions are not sent again."),
    ] = Path("judge.jsonl"),
    concurrency: Concurrency = 8,
    price: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="IN OUT",
            help="Prices per million input and output tokens; adds the cost.",
            show_default=False,
        ),
    ] = None,
    no_temperature: Annotated[
        bool, typer.Option("--no-temperature", help="Do not send temperature=0, which some models reject.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare the responses of A and B with an LLM as judge: a pairwise win rate, as in AlpacaEval.

    Use a hosted model, or your own server:

        ontarget judge lat.jsonl mt.jsonl --url https://api.openai.com/v1 --model gpt-4o --price 2.5 10
        ontarget judge a.txt b.txt --instructions asked.txt --url http://localhost:8000/v1 --model my-judge

    Each pair is judged in both orders; one win each counts as a tie. Files are plain text, JSON lines or a
    JSON list with the keys `instruction` and `output`.

    You can stop it at any time; the same command resumes and sends no cached question again.
    """
    require_new_place("--cache", cache, [str(ours), str(theirs), str(instructions or "")])
    pairs = pair_up(
        read_responses(ours), read_responses(theirs), read_prompts(instructions) if instructions else None
    )
    settings = {} if no_temperature else {"temperature": 0}
    endpoint = Endpoint(OpenAIServer(url, api_key_env, concurrency), model, ReplyCache(cache), settings)
    try:
        with TerminalProgress().task(f"judging with {model}") as advance:
            rate = judge_pairs(
                pairs[:limit],
                endpoint,
                progress=lambda done, total: advance(done, total, "comparisons"),
            )
    except KeyboardInterrupt as request:
        stopped(request)
    if as_json:
        typer.echo(json.dumps(_as_dict(rate, price), indent=2))
    else:
        _print(str(ours), str(theirs), rate, price)


def _as_dict(rate: WinRate, price: tuple[float, float] | None) -> dict[str, object]:
    return {
        "win_rate": {"value": rate.score.value, "n": rate.score.n, "signature": rate.score.signature},
        "interval": [rate.interval.low, rate.interval.high],
        **{verdict: rate.counts[verdict] for verdict in ("win", "tie", "loss", "invalid")},
        **dict(zip(("tokens_in", "tokens_out"), rate.tokens(), strict=True)),
        **({"cost": _cost(rate, price), "cost_now": _cost(rate, price, fresh=True)} if price else {}),
    }


def _print(ours: str, theirs: str, rate: WinRate, price: tuple[float, float] | None) -> None:
    console = Console(highlight=False)
    headers = ["A against B", "Win rate %", "95 % interval", "Wins", "Ties", "Losses", "Invalid"]
    table = terminal_frame(headers, unwrapped=range(1, len(headers)))
    interval = f"{rate.interval.low:.1f} to {rate.interval.high:.1f}"
    counts = [str(rate.counts[verdict]) for verdict in ("win", "tie", "loss", "invalid")]
    table.add_row(Text(f"{ours}\n{theirs}"), f"{rate.score.value:.1f}", interval, *counts)
    console.print(table)
    read, written = rate.tokens()
    said = f"{read} input tokens, {written} output tokens"
    if price:
        said += f"; cost {_cost(rate, price):.2f}, of which {_cost(rate, price, fresh=True):.2f} in this call"
    console.print(said)
    console.print(rate.score.settings, style="dim", markup=False, soft_wrap=True)


def _cost(rate: WinRate, price: tuple[float, float], *, fresh: bool = False) -> float:
    """The cost, in the currency of `price`, which is per million tokens."""
    return sum(tokens * of_one for tokens, of_one in zip(rate.tokens(fresh=fresh), price, strict=True)) / 1e6
