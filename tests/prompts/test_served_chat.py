"""Prompts for a chat template on a server: messages, in which users' text stays what it is."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.chat import Turn
from ontarget.prompts.segment import Segment, text_of
from ontarget.prompts.served_chat import ServedChat, messages_of
from ontarget.prompts.template import PromptTemplate

DE_FR = Direction(Language("de"), Language("fr"))
ALPACA = replace(PromptTemplate.load("alpaca"), chat=ServedChat("m", ""))


def test_demonstrations_are_turns() -> None:
    shown = ALPACA.render("Hund", DE_FR, demonstrations=[Translation("Katze", "chat", DE_FR)])
    messages = messages_of(shown)
    assert messages is not None
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == "chat"
    assert messages[3]["content"].endswith("Hund\n\n### Response:")
    assert messages[1]["content"].replace("Katze", "Hund") == messages[3]["content"]


@given(st.text())
def test_no_users_text_becomes_a_turn(text: str) -> None:
    mark = text_of(ALPACA.render("", DE_FR))[:20]
    messages = messages_of(ALPACA.render(f"x{mark}{text}x", DE_FR))
    assert messages is not None
    assert len(messages) == 2
    assert f"x{mark}{text}x" in messages[1]["content"]


def test_users_text_alone_is_changed_and_white_space_around_messages_goes() -> None:
    turns = [
        Turn("system", [Segment(" our ", True)]),
        Turn("user", [Segment("ours ", True), Segment("his ", False)]),
    ]
    prompt = ServedChat("m", "").prompt(turns)
    assert messages_of(prompt, str.upper) == [
        {"role": "system", "content": "our"},
        {"role": "user", "content": "ours HIS"},
    ]
    kept = ServedChat("m", "").prompt(turns, trim=False)
    assert messages_of(kept)[0] == {"role": "system", "content": " our "}  # type: ignore[index]


def test_a_content_list_has_its_fields() -> None:
    turn = Turn("user", [Segment("Hund", False)], (("type", "text"), ("source_lang_code", "de")))
    assert messages_of(ServedChat("m", "").prompt([turn])) == [
        {"role": "user", "content": [{"type": "text", "source_lang_code": "de", "text": "Hund"}]}
    ]


def test_other_prompts_are_no_messages() -> None:
    assert messages_of(PromptTemplate.load("alpaca").render("\ue000Turn[]\ue001", DE_FR)) is None
    assert messages_of((Segment("\ue000Turn[]\ue001", False),)) is None
    assert messages_of(()) is None
