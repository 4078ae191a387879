"""Finds commentary in an answer: what a model says about its translation, such as "Here is the translation:".

A match counts only if the source has nothing like it, so that text about translations can be translated. The
words are stems in about thirty languages, because a model may comment in any language.
"""

import re
from functools import cache

from babel.localedata import exists

from ontarget.languages import Direction

_TRANSLATION = (
    "translat|traduc|traduz|traduç|tradotto|tradotta|tradus|traduit|"  # en fr es pt it ro ca
    "übersetz|vertaling|vertaald|översätt|översatt|oversett|oversat|þýð|"  # Germanic
    "překlad|přelož|preklad|prelož|tłumacz|przekład|przetłumacz|prevod|preved|prijevod|"
    "перев[её]д|перевод|переклад|превод|"  # Slavic
    "fordítás|lefordít|käännös|käännet|tõlg|tõlk|tulkojum|vertim|çevir|çeviri|tercüme|"
    "terjemah|bản dịch|dịch sang|μετάφρασ|μεταφρασ|ترجم|תרגום|अनुवाद|অনুবাদ|"
    "翻译|翻譯|译文|譯文|翻訳|訳文|번역|คำแปล|แปลเป็น"
)
_NOTE = (
    "note|notes|explanation|anmerkung|hinweis|erläuterung|remarque|nota|notă|opmerking|toelichting|poznámka|"
    "uwaga|примечание|примітка|забележка|megjegyzés|huomautus|anm|bemærk|ghi chú|catatan|σημείωση|ملاحظة|"
    "注|注意|备注|備註|说明|說明|注釈|참고|หมายเหตุ"
)
_ABOUT = re.compile(_TRANSLATION, re.IGNORECASE)
# "Sure! Here is the translation into French:" - at most ten words up to a colon, one of them such a stem.
_OPENING = re.compile(
    rf"^[\W_]*+(?:[^\s:：]+\s+){{0,9}}?[^\s:：]*(?:{_TRANSLATION})[^:：]{{0,60}}[:：]", re.IGNORECASE
)
# "(Note: ...)" behind the answer.
_REMARK = re.compile(
    rf"(?:^|[.!?。！？)\]]\s*|\s[(\[*]+|[（【])(?:{_NOTE})\s*+(?:\d++\s*+)?[:：]", re.IGNORECASE
)
_ENGLISH = re.compile(r"\btranslat(?:e|ed|es|ion)\b", re.IGNORECASE)  # in text that is not to be English
_POLITE = re.compile(r"^(?:sure|certainly|of course|absolutely)\s*[!,.:]\s", re.IGNORECASE)
_REFUSAL = re.compile(
    r"\bas an? (?:ai|artificial intelligence)\b|\bi(?:'|\u2019)?m sorry, but i (?:can|am)|"
    r"\bi (?:can(?:no|')t|am (?:not able|unable) to) (?:assist|help|provide|translate|fulfil)|"
    r"\b(?:als ki|en tant qu['\u2019]ia|como (?:una )?ia|come ia|como um modelo)\b",
    re.IGNORECASE,
)
_HEADING = 200  # characters of the longest heading
_PROMPT = re.compile(r"^#{2,}\s|\s###\s|<think>|<\|\w+\|>|```")


def commentary_in(text: str, source: str, direction: Direction) -> str | None:
    """The commentary of an answer, as far as it was recognised; None if there is none.

    Args:
        text: the answer.
        source: the text that was translated; what it has itself is not commentary.
        direction: the direction, whose languages' names may head an answer: `French: ...`.
    """
    colon = ":" in text or "：" in text
    if colon and (opening := _OPENING.search(text)) and not _ABOUT.search(source):
        return opening[0]
    if colon and (remark := _REMARK.search(text)) and not _REMARK.search(source):
        return text[remark.start() :].strip()
    if colon and (heading := _heading(text, direction)) and not _begins_with_a_heading(source):
        return heading
    signs = "##" in text or "<" in text or "`" in text
    if signs and (prompt := _PROMPT.search(text)) and prompt[0].strip() not in source:
        return prompt[0].strip()
    if (refusal := _REFUSAL.search(text)) and not _REFUSAL.search(source):
        return refusal[0]
    if direction.target.primary == "en":
        return None
    for pattern, of_source in ((_ENGLISH, _ABOUT), (_POLITE, _POLITE)):
        if (found := pattern.search(text)) and not of_source.search(source):
            return found[0].strip()
    return None


def _heading(text: str, direction: Direction) -> str | None:
    """The name of one of the two languages, if the answer begins with it and a colon."""
    begin, _, _ = text.replace("：", ":").partition(":")
    return f"{begin.strip()}:" if begin.strip(" *_#").casefold() in _names(direction) else None


def _begins_with_a_heading(source: str) -> bool:
    return bool(re.match(r"^[\W_]*\w+(?:\s\([^)]*\))?\s*[:：]", source[:_HEADING]))


@cache
def _names(direction: Direction) -> frozenset[str]:
    """The names of both languages, in English and in both languages, in lower case."""
    codes = {"en", *(side.primary for side in direction.sides)}
    return frozenset(side.name(code).casefold() for side in direction.sides for code in codes if exists(code))
