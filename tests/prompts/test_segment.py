from ontarget.prompts.segment import Segment, text_of


def test_text_of_is_the_prompt_as_it_reads() -> None:
    assert text_of((Segment("a ", True), Segment("</s>", False), Segment("", True))) == "a </s>"
    assert text_of(()) == ""
