"""`ontarget judge`: whose answers are better, by an LLM behind an address."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ontarget.cli.options import require_new_place
from ontarget.cli.progress import Shown, stopped
from ontarget.scoring.endpoint import Endpoint, Kept
from ontarget.scoring.judge import WinRate
from ontarget.scoring.judge import judge as judge_pairs
from ontarget.scoring.judge_answers import pair_up, read_answers


def judge(
    ours: Annotated[Path, typer.Argument(metavar="A", help="Answers, one a line, or JSON lines.")],
    theirs: Annotated[Path, typer.Argument(metavar="B", help="The other system's, in the same order.")],
    url: Annotated[
        str, typer.Option(metavar="URL", help="An OpenAI-compatible server, up to /v1.", show_default=False)
    ],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The judge, as the server calls it.", show_default=False)
    ],
    instructions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What was asked, line by line; or A or B has it.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The first N pairs alone.", show_default=False)
    ] = None,
    key: Annotated[
        str, typer.Option(metavar="VARIABLE", help="The environment variable that holds the key.")
    ] = "OPENAI_API_KEY",
    kept: Annotated[
        Path, typer.Option(metavar="FILE", help="Answers of the judge; what is in it is not asked again.")
    ] = Path("judge.jsonl"),
    threads: Annotated[int, typer.Option(min=1, metavar="N", help="Questions at a time.")] = 8,
    price: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="IN OUT", help="Of a million tokens, read and written: adds the cost.", show_default=False
        ),
    ] = None,
    no_temperature: Annotated[
        bool, typer.Option("--no-temperature", help="For judges that refuse temperature=0.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge whose answers are better, A's or B's: a pairwise win rate, as AlpacaEval has it.

    Each pair is judged in both orders; one win each is a tie. Files are plain text, JSON lines or a JSON list
    with the keys `instruction` and `output`.

        ontarget judge lat.jsonl mt.jsonl --url https://api.openai.com/v1 --model gpt-4o --price 2.5 10
        ontarget judge a.txt b.txt --instructions asked.txt --url http://localhost:8000/v1 --model my-judge

    Stop it when you like: the same command goes on, and pays for no question twice.
    """
    require_new_place("--kept", kept, [str(ours), str(theirs), str(instructions or "")])
    pairs = pair_up(
        read_answers(ours), read_answers(theirs), read_answers(instructions) if instructions else None
    )
    settings = {} if no_temperature else {"temperature": 0}
    endpoint = Endpoint(url, model, Kept(kept), key, settings)
    try:
        with Shown().task(f"judging by {model}") as advance:
            rate = judge_pairs(
                pairs[:limit],
                endpoint,
                threads=threads,
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
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("A against B")
    for title in ("Win rate %", "95 % interval", "Wins", "Ties", "Losses", "Invalid"):
        table.add_column(title, justify="right", no_wrap=True)
    interval = f"{rate.interval.low:.1f} to {rate.interval.high:.1f}"
    counts = [str(rate.counts[verdict]) for verdict in ("win", "tie", "loss", "invalid")]
    table.add_row(Text(f"{ours}\n{theirs}"), f"{rate.score.value:.1f}", interval, *counts)
    console.print(table)
    read, written = rate.tokens()
    said = f"{read} tokens read, {written} written"
    if price:
        said += f": {_cost(rate, price):.2f}, of it now {_cost(rate, price, fresh=True):.2f}"
    console.print(said)
    console.print(rate.score.settings, style="dim", markup=False, soft_wrap=True)


def _cost(rate: WinRate, price: tuple[float, float], *, fresh: bool = False) -> float:
    """In the currency of `price`, which is of a million tokens."""
    return sum(tokens * of_one for tokens, of_one in zip(rate.tokens(fresh=fresh), price, strict=True)) / 1e6
