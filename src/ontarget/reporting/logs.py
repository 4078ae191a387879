"""The training log of a run: its `log.jsonl`, or the logs of its models."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ontarget.reporting.text_files import lines_of, read_text


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A step in `log.jsonl`: losses in nats; `probability` is the mean p of the tokens to unlearn.

    If the stage was evaluated during training, also BLEU and OTR on validation text, means over directions.
    """

    stage: str
    step: int
    loss: float | None = None
    likelihood: float | None = None
    unlikelihood: float | None = None
    probability: float | None = None
    preference: float | None = None
    zero_shot_bleu: float | None = None
    zero_shot_otr: float | None = None
    supervised_bleu: float | None = None
    supervised_otr: float | None = None


def read_logs(directory: Path) -> dict[str, tuple[LogRecord, ...]]:
    """The records of each stage: from the log of its model, or else from the log of the run."""
    logs: dict[str, list[LogRecord]] = {}
    run_log = directory / "log.jsonl"
    if run_log.exists():
        for record in _records(run_log, {}):
            _append(logs.setdefault(record.stage, []), record)
    for path in sorted(directory.glob("models/[!.]*/log.jsonl")):
        records = logs[path.parent.name] = []
        for record in _records(path, {"stage": path.parent.name}):
            _append(records, record)
    return {stage: tuple(records) for stage, records in logs.items()}


def _records(path: Path, more: Mapping[str, str]) -> Iterator[LogRecord]:
    names = [field.name for field in fields(LogRecord)]
    for line in lines_of(read_text(path)):
        try:
            row = {**json.loads(line), **more}
            yield LogRecord(**{name: row[name] for name in names if name in row})
        except (json.JSONDecodeError, TypeError):
            continue  # a log is appended to: a kill may leave half a line, and a curve can miss a point


def _append(records: list[LogRecord], record: LogRecord) -> None:
    """Appends a record; if a step was repeated after a kill, the later record counts.

    Losses and evaluation of one step are two lines in the log and become one record.
    """
    while records and records[-1].step > record.step:
        records.pop()
    if records and records[-1].step == record.step:
        earlier = records.pop()
        both = {
            f.name: getattr(record, f.name) for f in fields(record) if getattr(record, f.name) is not None
        }
        record = replace(earlier, **both)
    records.append(record)
