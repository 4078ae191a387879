"""Matches sources and references with a file of outputs by their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.reading.named_files import Named, files_of


@dataclass(frozen=True, slots=True)
class HypothesisFile:
    """A file of hypotheses and its languages, from its name or the options."""

    file: Named
    target: Language
    source: Language | None

    @property
    def direction(self) -> Direction | None:
        """The direction, if the source language is known."""
        return Direction(self.source, self.target) if self.source else None

    def __str__(self) -> str:
        return str(self.direction or self.target)


@dataclass(frozen=True, slots=True)
class Counterparts:
    """The files of one `--reference` or `--source`.

    Attributes:
        name: the value as given.
        files: one, or those of a folder or pattern.
        single: whether it is one file, which may be for only some of the outputs.
    """

    name: str
    files: Sequence[Named]
    single: bool

    @property
    def is_for_all(self) -> bool:
        """Whether it is a single file whose name contains no language."""
        return self.single and not self.files[0].tells

    def source_of(self, output: HypothesisFile) -> Named:
        """The source text of an output.

        Raises:
            UserError: no file matches, or several do.
        """
        fitting = self._fitting(output, output.source)
        if not fitting:
            raise self.missing("--source", output)
        if len(fitting) > 1:
            both = " and ".join(f"'{file.path}'" for file in fitting[:2])
            remedy = "remove one" if output.source else "give --from"
            raise UserError(f"{both} both match as the source of '{output.file.path}'; {remedy}")
        return fitting[0]

    def references_of(self, output: HypothesisFile) -> list[Named]:
        """The references of an output: all in a folder; none if a single file is for another output.

        Raises:
            UserError: no file matches, or the match is ambiguous.
        """
        fitting = self._fitting(output, output.target)
        if not fitting and not self.single:
            raise self.missing("--reference", output)
        directions = list(dict.fromkeys(str(file.direction) for file in fitting if file.direction))
        if len(directions) > 1:
            raise UserError(
                f"--reference '{self.name}' has {' and '.join(directions)} "
                f"for '{output.file.path}'; give --from"
            )
        return fitting

    def missing(self, option: str, output: HypothesisFile) -> UserError:
        """The error for an output without a matching file."""
        named = ", ".join(sorted({str(file.direction or file.language) for file in self.files if file.tells}))
        return UserError(
            f"{option} '{self.name}' has no file for {output} ('{output.file.path}'); it has "
            f"{named or 'no file whose name contains a language'}; add it, or choose languages with --to"
        )

    def _fitting(self, output: HypothesisFile, language: Language | None) -> list[Named]:
        """The files that match an output and, where known, a language."""
        if self.is_for_all:
            return list(self.files)
        by_name: dict[tuple[object, ...], list[Named]] = {}
        for file in self.files:
            if _belongs(file, output, language):
                by_name.setdefault((file.system, file.direction), []).append(file)
        return [_as_written(files, output) for files in by_name.values()]


def counterparts_of(name: str) -> Counterparts:
    """The files of `--reference` or `--source`.

    Raises:
        UserError: a folder or pattern has no files.
    """
    files = files_of(name)
    return Counterparts(name, files, len(files) == 1 and files[0].path == str(Path(name)))


def _belongs(file: Named, output: HypothesisFile, language: Language | None) -> bool:
    if None not in (file.language, language) and file.language != language:
        return False
    if file.direction is None:
        return file.language is not None
    return file.direction == output.direction if output.source else file.direction.target == output.target


def _as_written(files: Sequence[Named], output: HypothesisFile) -> Named:
    """Of files whose codes differ only in spelling, the one spelt as in the name of the output."""
    spelt = [file for file in files if _codes(file) == _codes(output.file)]
    if len(files) > 1 and len(spelt) != 1:
        raise UserError(
            f"'{files[0].path}' and '{files[1].path}' both match the language of "
            f"'{output.file.path}'; remove one"
        )
    return spelt[0] if len(files) > 1 else files[0]


def _codes(file: Named) -> str:
    return file.direction.written if file.direction else file.language.written if file.language else ""
