"""An uploaded file that is ready to be translated: read, checked, and with the languages of its request."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ontarget.checked.source import AUTO
from ontarget.documents.glossary import Glossary
from ontarget.documents.parts import Document
from ontarget.errors import UserError
from ontarget.serving.documents import ServedDocument, characters_of, read_upload, translate_upload
from ontarget.serving.failure import wrong
from ontarget.serving.required import require_document_on_target
from ontarget.serving.service import TranslationService
from ontarget.serving.uploads import Upload
from ontarget.translators.document import DocumentOptions


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file that can be translated.

    Attributes:
        upload: the file.
        document: its text.
        options: languages and glossary.
        characters: number of characters of its text.
        model: the name of the model.
        strict: whether an off-target segment is an error.
    """

    upload: Upload
    document: Document
    options: DocumentOptions
    characters: int
    model: str
    strict: bool

    async def translate(
        self, http: Request, service: TranslationService, *, background: bool = False
    ) -> ServedDocument:
        """Translates the file.

        Args:
            http: the request; if its client leaves, the work ends.
            service: translates.
            background: whether the work goes on without the client, who is charged for it elsewhere.
        Raises:
            Failure: the server is busy or not ready, the translation cannot be written in this file, or
                `strict` and a segment is off-target.
        """
        found = await service.run(
            http,
            0 if background else self.characters,
            lambda translate: translate_upload(
                self.upload, self.document, self.options, translate, service.offered
            ),
            background=background,
            model=self.model,
        )
        service.metrics.translated(self.characters, [one.checked for one in found.segments])
        if self.strict:
            require_document_on_target(found)
        return found


async def prepared(
    service: TranslationService,
    upload: Upload,
    source: str | None,
    target: str | None,
    glossary: Glossary | None = None,
    model: str | None = None,
    *,
    strict: bool = False,
) -> PreparedFile:
    """Reads an uploaded file.

    Args:
        service: translates.
        upload: the file.
        source: code of its language; None or `auto`: it is identified.
        target: code of the language to translate into.
        glossary: terms with their translations.
        model: the name of the model; None or empty, as in a form: the default.
        strict: whether an off-target segment is an error; always with a strict server.
    Raises:
        Failure: a language, the model or the file is wrong, or it is too large.
    """
    if not target:
        raise wrong("the form names no target language; add its field, such as fr")
    chosen = service.models.resolved(model or None)
    into = service.offered.named(target)
    known = AUTO if source in (None, "", AUTO) else service.offered.named(str(source))
    try:
        options = DocumentOptions(known, into, glossary=glossary)
    except UserError as error:
        raise wrong(str(error), "same_language") from None
    # In a thread, since reading a large file takes time.
    document = await run_in_threadpool(read_upload, upload, options, service.limits)
    return PreparedFile(upload, document, options, characters_of(document), chosen, strict or service.strict)
