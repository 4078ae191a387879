"""What the page says of a translated document that is not wholly in the target language."""

from collections import Counter
from dataclasses import dataclass

from ontarget.errors import counted
from ontarget.serving.documents import ServedDocument
from ontarget.serving.kept_files import KeptFiles
from ontarget.serving.page.badges import name_of

_NAMED = 5  # languages


@dataclass(frozen=True, slots=True)
class OffTargetFile:
    """A translated document that its reader has to be warned of.

    Attributes:
        name: the name of the file.
        path: where it can be downloaded, from the address of the page.
        sentence: how many segments have no translation into the target language, and what they have instead.
    """

    name: str
    path: str
    sentence: str


def off_target_file(found: ServedDocument, files: KeptFiles) -> OffTargetFile | None:
    """Keeps a document that is not wholly in the target language for a download.

    Args:
        found: the translated document.
        files: keeps it.
    Returns:
        None if each segment has a translation into the target language.
    Raises:
        Failure: there is no room for the file.
    """
    verdicts = [one.checked.verdict for one in found.segments]
    bad = Counter(
        "not translated" if one.untranslated else f"in {name_of(one.language)}"
        for one in verdicts
        if one.unusable
    )
    if not bad:
        return None
    number = bad.total()
    kinds = ", ".join(f"{count} {kind}" for kind, count in bad.most_common(_NAMED))
    more = ", …" if len(bad) > _NAMED else ""
    sentence = (
        f"{number} of {counted(len(verdicts), 'segment')} {'is' if number == 1 else 'are'} not in "
        f"{found.target.name()} ({kinds}{more}); correct the file before you use it."
    )
    return OffTargetFile(
        found.name, f"download_file/{files.put_for_download(found.name, found.data)}", sentence
    )
