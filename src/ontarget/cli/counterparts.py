"""Which sources and references belong to a file of outputs, by the names of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.named import Named, files_of


@dataclass(frozen=True, slots=True)
class Output:
    """A file of hypotheses and its languages, by its name or by the options."""

    file: Named
    target: Language
    source: Language | None

    @property
    def direction(self) -> Direction | None:
        """The direction, if the source's language is known."""
        return Direction(self.source, self.target) if self.source else None

    def __str__(self) -> str:
        return str(self.direction or self.target)


@dataclass(frozen=True, slots=True)
class Files:
    """What one `--reference` or `--source` names.

    Attributes:
        name: as it was given.
        files: one, or those of a folder or pattern.
        single: whether it is one file, which need not be for all outputs.
    """

    name: str
    files: Sequence[Named]
    single: bool

    @property
    def is_for_all(self) -> bool:
        """Whether it is a file whose name says nothing."""
        return self.single and not self.files[0].tells

    def source_of(self, output: Output) -> Named:
        """The source text of an output.

        Raises:
            UserError: there is none, or several.
        """
        fitting = self._fitting(output, output.source)
        if not fitting:
            raise self.missing("--source", output)
        if len(fitting) > 1:
            both = " and ".join(f"'{file.path}'" for file in fitting[:2])
            remedy = "remove one" if output.source else "give --from"
            raise UserError(f"{both} are both named as the source of '{output.file.path}'; {remedy}")
        return fitting[0]

    def references_of(self, output: Output) -> list[Named]:
        """The references of an output: all that a folder has; none if a single file is that of another.

        Raises:
            UserError: there is none, or files are named alike.
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

    def missing(self, option: str, output: Output) -> UserError:
        """The error that nothing belongs to an output."""
        named = ", ".join(sorted({str(file.direction or file.language) for file in self.files if file.tells}))
        return UserError(
            f"{option} '{self.name}' has no file for {output} ('{output.file.path}'); it has "
            f"{named or 'none whose name tells a language'}; add it, or give --to with the languages to score"
        )

    def _fitting(self, output: Output, language: Language | None) -> list[Named]:
        """The files that belong to an output, and whose text is in a language where that is known."""
        if self.is_for_all:
            return list(self.files)
        by_name: dict[tuple[object, ...], list[Named]] = {}
        for file in self.files:
            if _belongs(file, output, language):
                by_name.setdefault((file.system, file.direction), []).append(file)
        return [_as_written(files, output) for files in by_name.values()]


def files_given(name: str) -> Files:
    """What `--reference` or `--source` names.

    Raises:
        UserError: it is a folder or a pattern, and there are no files.
    """
    files = files_of(name)
    return Files(name, files, len(files) == 1 and files[0].path == str(Path(name)))


def _belongs(file: Named, output: Output, language: Language | None) -> bool:
    if None not in (file.language, language) and file.language != language:
        return False
    if file.direction is None:
        return file.language is not None
    return file.direction == output.direction if output.source else file.direction.target == output.target


def _as_written(files: Sequence[Named], output: Output) -> Named:
    """Of files that differ in the spelling of a code alone the one that is spelt as in the output's name."""
    spelt = [file for file in files if _codes(file) == _codes(output.file)]
    if len(files) > 1 and len(spelt) != 1:
        raise UserError(
            f"'{files[0].path}' and '{files[1].path}' are named for the same language, for "
            f"'{output.file.path}'; remove one"
        )
    return spelt[0] if len(files) > 1 else files[0]


def _codes(file: Named) -> str:
    return file.direction.written if file.direction else file.language.written if file.language else ""
