"""Options on how to translate and check, which `translate` and `serve` share."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ontarget.pipeline.execution.systems import settings_called
from ontarget.served_model import ServedModel
from ontarget.translation.engines.loading import Place

NumBeams = Annotated[
    int | None,
    typer.Option(
        "--num-beams",
        min=1,
        metavar="N",
        help="Beam size; 1 is greedy decoding (default: 4, or 1 for a model on a server).",
        show_default=False,
    ),
]
NoRepeatNgramSize = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Forbid repeated n-grams of size N; try 3 for repetitive output."),
]
Retry = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="What to try for off-target lines, in this order: rerank, sampling, pivot (through English), "
        "model:NAME (another model).",
    ),
]
CheckLid = Annotated[
    str,
    typer.Option(
        "--lid",
        metavar="NAME|PATH",
        help="Language identifier of the check: lid.176.ftz, lingua, or a fastText model.",
    ),
]


def beam_size(
    chosen: int | None, place: Place, system: str | None, retries: Sequence[tuple[str, Place | None]]
) -> int:
    """The beam size: the chosen one, or else 4, or 1 on a server.

    A server has no beam. It draws the further hypotheses that re-ranking needs, as many as the beam size.
    """
    by_system = system is not None and settings_called(system).rerank is not None
    ranks = by_system or any(name == "rerank" for name, _ in retries)
    return chosen or (1 if isinstance(place, ServedModel) and not ranks else 4)
