"""Outputs of many systems and languages, identified by their file names."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ontarget.cli.aligned import Text, aligned, hypothesis, test_set, text
from ontarget.cli.counterparts import HypothesisFile, counterparts_of
from ontarget.cli.given import SHELL_EXPANSION, Given, check_keys, check_not_reference, check_options, in_both
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.reading.hypotheses import Hypotheses
from ontarget.scoring.reading.json_keys import Wanted
from ontarget.scoring.reading.named_files import EXAMPLES, STDIN, Named, files_of, short_names


def hypotheses_by_name(names: Sequence[str], given: Given) -> list[Hypotheses]:
    """The hypotheses in files named after their languages, with their sources and references.

    Raises:
        UserError: a file name lacks the language, files are ambiguous, or a source or reference is missing.
    """
    check_options(given)
    outputs = _outputs(names, given)
    check_keys(given, [output.file.path for output in outputs])
    called = short_names(output.file.system for output in outputs)
    found = _of_test_set(str(given.test_set)) if given.test_set else _of_files(given, outputs)
    every = []
    for output in outputs:
        source_language, source, references = found(output)
        lines = aligned(
            hypothesis(
                output.file.path, Wanted("hypothesis", output.target, given.keys, alone=len(outputs) == 1)
            ),
            source,
            references,
            given.num_refs,
        )
        every.append(
            Hypotheses(
                called[output.file.system],
                output.target,
                source_language,
                lines,
                output.file.path,
                named=True,
            )
        )
    return every


_Found = Callable[[HypothesisFile], tuple[Language | None, Text | None, list[Text]]]
"""The source's language, source and references of an output."""


def _outputs(names: Sequence[str], given: Given) -> list[HypothesisFile]:
    """The outputs selected by `--to` and `--from`, each once, sorted by direction within a system."""
    asked = [Language(code.strip()) for code in (given.to or "").split(",") if code.strip()]
    source = Language(given.from_) if given.from_ else None
    if given.to and not asked:
        raise UserError("--to is empty; separate codes by commas: --to de,fr")
    beside = _beside(given)
    files = [file for name in names for file in _files(name, asked, beside)]
    if given.test_set and (silent := next((file for file in files if not file.tells), None)):
        raise _without_direction(given.test_set, silent)
    outputs = [_output(file, source, asked) for file in files]
    left = [
        output
        for output in outputs
        if (not asked or output.target in asked) and (source is None or output.source == source)
    ]
    _check_asked(asked, source, outputs, left)
    return _each_once(left)


def _beside(given: Given) -> set[Path]:
    """The files of `--reference` and `--source`."""
    names = [*given.references, *([given.source] if given.source else [])]
    return {Path(file.path).resolve() for name in names if name != STDIN for file in files_of(name)}


def _files(name: str, asked: Sequence[Language], beside: Collection[Path]) -> list[Named]:
    """The files of a name; those of `beside` are left out of a folder or a pattern.

    A single requested language takes precedence over the name of a single file.
    """
    files = files_of(name)
    single = len(files) == 1 and files[0].path == str(Path(name))
    if not single and not (files := _without(beside, files)):
        raise UserError(
            f"every file of '{name}' is also one of --reference or --source; mark their names by a pattern, "
            "such as --reference 'ref.{language}'"
        )
    if single and len(asked) != 1 and not _without(beside, files):
        raise in_both(name, "--reference or --source")
    if len(asked) == 1 and (single or not any(file.tells for file in files)):
        return [replace(file, language=asked[0], direction=None) for file in files]
    return files


def _without(beside: Collection[Path], files: Sequence[Named]) -> list[Named]:
    """The files that are not in `beside`, or hold several texts: JSON may have hypothesis and reference."""
    from ontarget.scoring.reading.texts import is_plain_text

    paths = ((file, Path(file.path)) for file in files)
    return [file for file, path in paths if path.resolve() not in beside or not is_plain_text(path)]


def _output(file: Named, source: Language | None, asked: Sequence[Language]) -> HypothesisFile:
    if file.target is None:
        if file.path == STDIN:
            raise UserError("--to is missing; give the requested language, such as --to fr")
        lacking = "" if asked else "--to is missing, and "
        raise UserError(
            f"{lacking}the name of '{file.path}' does not contain its language; name files such as "
            f"{EXAMPLES}, or give the position of the code in a pattern: 'out/{{language}}.txt'"
        )
    if file.direction is not None and file.target != file.direction.target:
        raise UserError(
            f"the name of '{file.path}' contains both {file.direction} and {file.target}, which disagree; "
            f"a translation {file.direction} is in {file.direction.target}"
        )
    source = file.source or source
    if source == file.target and asked and file.target not in asked:
        source = None  # `--to` leaves the file out
    if source == file.target:
        raise UserError(
            f"'{file.path}' was read as a hypothesis from {source} into itself; omit it, or give another "
            f"--from ({SHELL_EXPANSION})"
        )
    return HypothesisFile(file, file.target, source)


def _check_asked(
    asked: Sequence[Language],
    source: Language | None,
    outputs: Sequence[HypothesisFile],
    left: Sequence[HypothesisFile],
) -> None:
    there = ", ".join(sorted({str(output) for output in outputs}))
    for language in asked:
        if not any(output.target == language for output in left):
            origin = f" from {source}" if source else ""
            raise UserError(f"no file name matches --to {language}{origin}; found {there}")
    if not left:
        raise UserError(f"no file name matches --from {source}; found {there}")


def _each_once(outputs: Sequence[HypothesisFile]) -> list[HypothesisFile]:
    seen: dict[tuple[tuple[str, ...], Language, Language | None], HypothesisFile] = {}
    for output in outputs:
        key = (output.file.system, output.target, output.source)
        if key in seen:
            one, other = seen[key].file.path, output.file.path
            if one == other:
                raise UserError(f"'{one}' is given twice")
            raise UserError(
                f"'{one}' and '{other}' are both outputs of the same system for {output}; remove one, or "
                "distinguish systems by a pattern with {system}"
            )
        seen[key] = output
    systems = list(dict.fromkeys(output.file.system for output in outputs))
    return sorted(seen.values(), key=lambda output: (systems.index(output.file.system), str(output)))


def _of_test_set(name: str) -> _Found:
    def found(output: HypothesisFile) -> tuple[Language | None, Text | None, list[Text]]:
        if output.direction is None:
            raise _without_direction(name, output.file)
        if output.direction not in known:
            known[output.direction] = test_set(name, output.direction)
        return (output.source, *known[output.direction])

    known: dict[Direction, tuple[Text, list[Text]]] = {}
    return found


def _without_direction(test_set: str, file: Named) -> UserError:
    return UserError(
        f"--test-set {test_set} needs --direction, such as --direction de-fr; "
        f"the name of '{file.path}' does not contain it"
    )


def _of_files(given: Given, outputs: Sequence[HypothesisFile]) -> _Found:
    source_files = counterparts_of(given.source) if given.source else None
    references = [counterparts_of(name) for name in given.references]
    targets = list(dict.fromkeys(str(output.target) for output in outputs))
    for files in references:
        if files.is_for_all and len(targets) > 1:
            raise UserError(
                f"the name of --reference '{files.name}' does not contain its language, but the outputs are "
                f"in {', '.join(targets)}; give one for each, or a pattern such as 'ref/{{language}}.txt'"
            )

    def found(output: HypothesisFile) -> tuple[Language | None, Text | None, list[Text]]:
        language, source = output.source, None
        if source_files is not None:
            file = source_files.source_of(output)
            language = language or file.source or file.language
            if language is None:
                raise UserError("--source needs --from, its language")
            key = [given.source_key] if given.source_key else []
            source = text(file.path, Wanted("source", language, key, alone=True), again=True)
        files = [file for one in references for file in one.references_of(output)]
        if references and not files:
            raise references[0].missing("--reference", output)
        check_not_reference(output.file.path, [file.path for file in files])
        key = [given.reference_key] if given.reference_key else []
        wanted = Wanted("reference", output.target, key, alone=len(files) == 1)
        return language, source, [text(file.path, wanted, again=True) for file in files]

    return found
