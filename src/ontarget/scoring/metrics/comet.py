"""COMET and MetricX, run as programs in virtual environments of their own.

Both require versions of transformers that conflict with ontarget's, and large dependencies. Each therefore
has a virtual environment, in which its own command computes the scores.
"""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.errors import UserError, counted
from ontarget.files import cache_folder
from ontarget.text import in_one_line

_NOT_FETCHED = "not supported by COMET"
"""Part of COMET's (2.2) message for any model that it cannot download, whatever the reason."""


@dataclass(frozen=True, slots=True)
class NeuralMetric:
    """A family of neural metrics.

    Attributes:
        name: the name of the scores, `comet` or `metricx`.
        worst: the worst score of a segment: COMET's are mostly from 0 to 1, MetricX's from 0 to 25 errors.
        program: the file that must exist, relative to the environment.
        make: the two commands that make an environment.
    """

    name: str
    worst: float
    program: str
    make: tuple[str, str]

    @property
    def environment(self) -> Path:
        """The default place of the environment."""
        return cache_folder() / self.name

    def setup(self, environment: Path) -> str:
        """The commands that make the environment."""
        where = shlex.quote(str(environment))
        return " && ".join(command.format(where) for command in self.make)


COMET = NeuralMetric(
    "comet", 0.0, "bin/comet-score", ("python3 -m venv {}", "{}/bin/pip install unbabel-comet")
)
METRICX = NeuralMetric(  # not a package: it runs from its own folder
    "metricx",
    25.0,
    "metricx24/predict.py",
    (
        "git clone https://github.com/google-research/metricx {0} && python3 -m venv {0}",
        "{0}/bin/pip install -r {0}/requirements.txt",
    ),
)


def neural_metric(model: str) -> NeuralMetric:
    """The family of a model: MetricX for names such as `google/metricx-24-hybrid-large-v2p6`, else COMET."""
    return METRICX if "metricx" in model.lower() else COMET


def segment_scores(
    model: str,
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str] | None,
    environment: Path | None = None,
) -> list[float]:
    """The model's score of each segment, in the model's own units.

    Args:
        model: a name on the Hugging Face hub, such as `Unbabel/wmt22-comet-da`, or a checkpoint's path.
        sources: the source of each segment.
        hypotheses: the hypothesis of each segment.
        references: the reference of each segment; None for models without references, such as
            `Unbabel/wmt22-cometkiwi-da`.
        environment: a virtual environment with the metric. Default: `NeuralMetric.environment`.

    Raises:
        UserError: the environment does not exist (the message says how to make it), or the metric failed.
    """
    metric = neural_metric(model)
    environment = (environment or metric.environment).expanduser().absolute()
    if not (environment / metric.program).is_file():
        raise UserError(
            f"{model} needs '{environment / metric.program}', which does not exist; "
            f"make it with: {metric.setup(environment)}"
        )
    run = _metricx if metric is METRICX else _comet
    with tempfile.TemporaryDirectory(prefix="ontarget-") as folder:
        scores = run(model, sources, hypotheses, references, environment, Path(folder))
    if len(scores) != len(hypotheses):
        raise UserError(
            f"{model} gave {counted(len(scores), 'score')} for {counted(len(hypotheses), 'segment')}"
        )
    return scores


def version_of(metric: NeuralMetric, environment: Path | None = None) -> str:
    """The installed version of COMET, for signatures; `unknown` if it cannot be determined."""
    folder = (environment or metric.environment).expanduser()
    found = sorted(folder.glob("lib/python*/site-packages/unbabel_comet-*.dist-info"))
    return found[-1].name.removesuffix(".dist-info").rpartition("-")[2] if found else "unknown"


def _comet(
    model: str,
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str] | None,
    environment: Path,
    folder: Path,
) -> list[float]:
    """`comet-score`; its JSON is `{file of translations: [{"src", "mt", "ref", "COMET"}, ...]}`."""
    arguments = ["--model", model, "--quiet", "--to_json", str(folder / "scores.json")]
    arguments += ["--gpus", "1" if shutil.which("nvidia-smi") else "0"]
    for option, lines in (("-s", sources), ("-t", hypotheses), ("-r", references)):
        if lines is not None:
            file = folder / f"lines{option}.txt"
            text = "".join(f"{in_one_line(line)}\n" for line in lines)
            file.write_text(text, encoding="utf-8", newline="\n")
            arguments += [option, str(file)]
    _run([str(environment / COMET.program), *arguments], folder, model)

    def read(text: str) -> list[float]:
        [segments] = json.loads(text).values()
        return [float(segment["COMET"]) for segment in segments]

    return _parsed(folder / "scores.json", model, read)


def _metricx(
    model: str,
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str] | None,
    environment: Path,
    folder: Path,
) -> list[float]:
    """`metricx24.predict`: JSON lines in, the same with `prediction` out."""
    rows = [
        {"source": source, "hypothesis": hypothesis, "reference": reference}
        for source, hypothesis, reference in zip(
            sources, hypotheses, references or [""] * len(hypotheses), strict=True
        )
    ]
    given = folder / "input.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    arguments = ["--tokenizer", "google/mt5-xl", "--model_name_or_path", model, "--batch_size", "1"]
    arguments += ["--max_input_length", "1536", "--input_file", str(given)]
    arguments += ["--output_file", str(folder / "output.jsonl"), *([] if references else ["--qe"])]
    _run([str(environment / "bin" / "python"), "-m", "metricx24.predict", *arguments], environment, model)

    def read(text: str) -> list[float]:
        return [float(json.loads(line)["prediction"]) for line in text.split("\n") if line]

    return _parsed(folder / "output.jsonl", model, read)


def _run(command: list[str], folder: Path, model: str) -> None:
    """Runs a command in `folder`, without the paths of our own Python."""
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    variables = {name: value for name, value in os.environ.items() if name not in ours}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=variables,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise UserError(f"cannot run '{command[0]}': {error.strerror}") from None
    if done.returncode:
        messages = [line for line in (done.stderr or done.stdout).strip().split("\n") if line.strip()]
        why = messages[-1].strip() if messages else f"exit code {done.returncode}"
        if _NOT_FETCHED in why:
            raise UserError(
                f"{model} is not on this machine, and comet-score could not fetch it; run it once with a "
                "network, name another model of the Hugging Face hub, or give a checkpoint's path"
            )
        raise UserError(f"{model} could not score: '{Path(command[0]).name}' ended with: {why}")


def _parsed(file: Path, model: str, read: Callable[[str], list[float]]) -> list[float]:
    try:
        return read(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{model} ended without readable scores ({error!r})") from None
