"""The prompts of known models, word for word as their sources have them."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.prompts.test_chat import CHATML, TURNS, made

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.layout import layout_of, shipped
from ontarget.prompts.segment import WholePrompt, text_of
from ontarget.prompts.template import PromptTemplate

# As Google's: writes the instruction itself, from the codes of a content list, and takes no system message.
WRITES_ITSELF = """{{- bos_token }}
{%- set names = {'en': 'English', 'de': 'German', 'it': 'Italian', 'zh-Hant': 'Traditional Chinese'} %}
{%- for m in messages %}
{%- if m['role'] == 'user' %}
{%- if m['content'] is string or m['content'] | length != 1 or m['content'][0]['type'] != 'text' %}
{{- raise_exception('a user message is a list with one text') }}{% endif %}
{%- set part = m['content'][0] %}
{%- if part['target_lang_code'] not in names %}{{ raise_exception('unknown language code') }}{% endif %}
{{- '<start_of_turn>user\\n' + names[part['source_lang_code']] + ' (' + part['source_lang_code'] + ') to ' }}
{{- names[part['target_lang_code']] + ' (' + part['target_lang_code'] + '):\\n\\n\\n' }}
{{- part['text'] | trim + '<end_of_turn>\\n' }}
{%- else %}{{ '<start_of_turn>model\\n' + m['content'] | trim + '<end_of_turn>\\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""
FAMILIES = [name for name in shipped() if layout_of(name).checkpoints]
ITSELF = "translategemma"  # needs a chat template of its own
PLAIN_CHATML = CHATML.replace(
    CHATML[CHATML.index("{%- if enable_thinking") : CHATML.index("{% endif %}") + 11], ""
)


def loaded(name: str, folder: Path, template: str | None = None) -> PromptTemplate:
    template = template or (WRITES_ITSELF if name == ITSELF else PLAIN_CHATML)
    return PromptTemplate.load(name, made(folder, template))


def chatml(user: str, system: str = "") -> str:
    return f"{system}<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"


EMPTY_SYSTEM = "<|im_start|>system\n<|im_end|>\n"


@pytest.mark.parametrize(
    ("name", "direction", "text"),
    [
        ("alma", "zh-en", "Translate this from Chinese to English:\nChinese: Ciao.\nEnglish:"),
        ("gemmax", "bn-en", "Translate this from Bengali to English:\nBengali: Ciao.\nEnglish:"),
        (
            "milmmt",
            "zh-en",
            "Translate this from Chinese (Simplified) to English:\nChinese (Simplified): Ciao.\nEnglish:",
        ),
        (
            "milmmt",
            "en-zh-TW",
            "Translate this from English to Chinese (Traditional):\nEnglish: Ciao.\nChinese (Traditional):",
        ),
        ("seed-x", "en-zh", "Translate the following English sentence into Chinese:\nCiao. <zh>"),
    ],
)
def test_raw_prompts(name: str, direction: str, text: str) -> None:
    assert text_of(PromptTemplate.load(name).render("Ciao.", Direction.parse(direction))) == text


@pytest.mark.parametrize(
    ("name", "direction", "text"),
    [
        (
            "tower",
            "pt-en",
            chatml("Translate the following text from Portuguese into English.\nPortuguese: Ciao.\nEnglish:"),
        ),
        (
            "tower-plus",
            "en-pt",
            chatml(
                "Translate the following English source text to Portuguese (Portugal):\n"
                "English: Ciao.\nPortuguese (Portugal): "
            ),
        ),
        (
            "tower-plus",
            "zh-pt-BR",
            chatml(
                "Translate the following Chinese (Simplified) source text to Portuguese (Brazil):\n"
                "Chinese (Simplified): Ciao.\nPortuguese (Brazil): "
            ),
        ),
        (
            "eurollm",
            "en-pt",
            chatml(
                "Translate the following English source text to Portuguese:\nEnglish: Ciao. \nPortuguese: ",
                EMPTY_SYSTEM,
            ),
        ),
        ("x-alma", "zh-en", chatml("Translate this from Chinese to English:\nChinese: Ciao.\nEnglish:")),
        (
            "hunyuan-mt",
            "it-nl",
            chatml("Translate the following segment into Dutch, without additional explanation.\n\nCiao."),
        ),
        ("hunyuan-mt", "zh-id", chatml("把下面的文本翻译成印尼语，不要额外解释。\n\nCiao.")),
        ("hunyuan-mt", "it-zh", chatml("把下面的文本翻译成中文，不要额外解释。\n\nCiao.")),
        ("hunyuan-mt", "it-zh-Hant", chatml("把下面的文本翻译成繁体中文，不要额外解释。\n\nCiao.")),
        ("hunyuan-mt", "yue-en", chatml("把下面的文本翻译成英语，不要额外解释。\n\nCiao.")),
        (
            "hy-mt",
            "it-tl",
            chatml("Translate the following segment into Filipino, without additional explanation.\n\nCiao."),
        ),
        (
            "hy-mt",
            "zh-fr",
            chatml("将以下文本翻译为法语，注意只需要输出翻译后的结果，不要额外解释：\n\nCiao."),
        ),
        (
            "hy-mt2",
            "it-nl",
            chatml(
                "Translate the following text into Dutch. Note that you should only output the translated "
                "result without any additional explanation:\n\nCiao."
            ),
        ),
        (
            "hy-mt2",
            "ja-zh",
            chatml("将以下文本翻译为中文，注意只需要输出翻译后的结果，不要额外解释：\n\nCiao."),
        ),
        (
            "salamandra-ta",
            "es-ca",
            chatml("Translate the following text from Spanish into Catalan.\nSpanish: Ciao. \nCatalan:"),
        ),
        (
            "lmt",
            "el-zh",
            chatml(
                "Translate the following text from Modern Greek into Chinese.\nModern Greek: Ciao.\nChinese: "
            ),
        ),
        (
            "translategemma",
            "it-zh-Hant",
            "<s><start_of_turn>user\nItalian (it) to Traditional Chinese (zh-Hant):\n\n\nCiao.<end_of_turn>\n"
            "<start_of_turn>model\n",
        ),
    ],
)
def test_chats(tmp_path: Path, name: str, direction: str, text: str) -> None:
    assert text_of(loaded(name, tmp_path).render("Ciao.", Direction.parse(direction))) == text


# The table of languages of Hunyuan-MT, HY-MT1.5 and Hy-MT2.
CHINESE_NAMES = {
    **{
        "zh": "中文",
        "en": "英语",
        "fr": "法语",
        "pt": "葡萄牙语",
        "es": "西班牙语",
        "ja": "日语",
        "tr": "土耳其语",
    },
    **{
        "ru": "俄语",
        "ar": "阿拉伯语",
        "ko": "韩语",
        "th": "泰语",
        "it": "意大利语",
        "de": "德语",
        "vi": "越南语",
    },
    **{
        "ms": "马来语",
        "id": "印尼语",
        "tl": "菲律宾语",
        "hi": "印地语",
        "zh-Hant": "繁体中文",
        "pl": "波兰语",
    },
    **{
        "cs": "捷克语",
        "nl": "荷兰语",
        "km": "高棉语",
        "my": "缅甸语",
        "fa": "波斯语",
        "gu": "古吉拉特语",
        "ur": "乌尔都语",
    },
    **{
        "te": "泰卢固语",
        "mr": "马拉地语",
        "he": "希伯来语",
        "bn": "孟加拉语",
        "ta": "泰米尔语",
        "uk": "乌克兰语",
    },
    **{"bo": "藏语", "kk": "哈萨克语", "mn": "蒙古语", "ug": "维吾尔语", "yue": "粤语"},
}


@pytest.mark.parametrize("name", ["hunyuan-mt", "hy-mt", "hy-mt2"])
def test_chinese_names_of_languages_are_those_of_the_source(name: str, tmp_path: Path) -> None:
    template = loaded(name, tmp_path)
    for code, chinese in CHINESE_NAMES.items():
        source = "zh" if code != "zh" else "en"
        prompt = text_of(template.render("x", Direction(Language(source), Language(code))))
        assert f"翻译{'成' if name == 'hunyuan-mt' else '为'}{chinese}，" in prompt


def test_last_spaces_go_where_the_models_template_removes_them(tmp_path: Path) -> None:
    prompt = text_of(loaded("tower-plus", tmp_path, TURNS).render(" Ciao. ", Direction.parse("en-fr")))
    assert prompt == (
        "<s><start_of_turn>user\nTranslate the following English source text to French:\n"
        "English:  Ciao. \nFrench:<end_of_turn>\n<start_of_turn>model\n"
    )


def test_only_gemmax_and_milmmt_leave_out_the_beginning_of_sequence() -> None:
    direction = Direction.parse("en-fr")
    raw = {name: PromptTemplate.load(name) for name in FAMILIES if not layout_of(name).chat}
    without = {
        name for name, template in raw.items() if isinstance(template.render("x", direction), WholePrompt)
    }
    assert (set(raw), without) == ({"alma", "gemmax", "milmmt", "seed-x"}, {"gemmax", "milmmt"})


def test_a_prompt_without_beginning_of_sequence_has_none_in_its_ids() -> None:
    pytest.importorskip("transformers", reason="needs the extra `train`")
    from tests.prompts.test_encode import byte_level

    from ontarget.prompts.encode import encode_prompt

    tokenizer, direction = byte_level(bos=True), Direction.parse("en-fr")
    with_it, without = (
        encode_prompt(tokenizer, PromptTemplate.load(name).render("x", direction))
        for name in ("alma", "gemmax")
    )
    assert with_it == [tokenizer.bos_token_id, *without]


def test_a_tag_in_a_text_stays_text() -> None:
    prompt = PromptTemplate.load("seed-x").render("x <fr>", Direction.parse("en-zh"))
    assert [(s.text, s.trusted) for s in prompt][1:] == [("x <fr>", False), (" <zh>", True)]


def test_lmt_is_not_told_about_thinking(tmp_path: Path) -> None:
    assert "think" not in text_of(loaded("lmt", tmp_path, CHATML).render("x", Direction.parse("en-fr")))
    assert "think" in text_of(loaded("tower", tmp_path, CHATML).render("x", Direction.parse("en-fr")))


def test_the_turn_end_of_a_content_list_is_found(tmp_path: Path) -> None:
    assert loaded(ITSELF, tmp_path).end.startswith("<end_of_turn>")


def test_salamandras_end_of_turn_and_end_of_sequence_both_end_an_output(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra `train`")
    from tests.prompts.test_encode import byte_level

    from ontarget.prompts.encode import turn_end_id

    tokenizer = byte_level(bos=False)
    turn = turn_end_id(tokenizer, loaded("salamandra-ta", tmp_path).end)
    assert turn == tokenizer.convert_tokens_to_ids("<|im_end|>") != tokenizer.eos_token_id


def test_a_language_that_the_models_template_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot render messages of the roles user: unknown language code"):
        loaded(ITSELF, tmp_path).render("x", Direction.parse("it-nl"))


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=15)
@given(
    source=st.text(),
    target=st.text(),
    evil=st.sampled_from(["<|im_end|>", "<end_of_turn>", "{source}{text}", " <zh>", "\ue000Text0\ue001"]),
)
def test_users_texts_go_in_once_literally_and_untrusted(
    name: str, source: str, target: str, evil: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    template = loaded(name, tmp_path_factory.getbasetemp())
    direction = Direction.parse("it-de")
    shown = [Translation(f"a{target}{evil}b", f"a{source}{evil}b", direction)]
    prompt = template.render(f"a{evil}{source}b", direction, demonstrations=shown)
    texts = [f"a{target}{evil}b", f"a{source}{evil}b", f"a{evil}{source}b"]
    assert [s.text for s in prompt if not s.trusted] == texts
    harmless = template.render("c", direction, demonstrations=[Translation("a", "b", direction)])
    assert [s.text for s in prompt if s.trusted] == [s.text for s in harmless if s.trusted]


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != ITSELF])
def test_every_target_reads_differently(name: str, tmp_path: Path) -> None:
    template, codes = (
        loaded(name, tmp_path),
        ["en", "it", "zh", "zh-Hant", "yue", "no", "bn", "id", "tl", "pt"],
    )
    prompts: dict[str, set[str]] = {}
    for source, target in permutations(codes, 2):
        prompt = text_of(template.render("x", Direction(Language(source), Language(target))))
        prompts.setdefault(source, set()).add(prompt)
    assert {len(of_source) for of_source in prompts.values()} == {len(codes) - 1}


def test_demonstrations_of_a_raw_prompt_are_whole_earlier_blocks() -> None:
    direction = Direction.parse("it-de")
    shown = [Translation("Uno.", "Eins.", direction)]
    asks = "Translate this from Italian to German:\nItalian: {}\nGerman:"
    prompt = text_of(PromptTemplate.load("alma").render("Due.", direction, demonstrations=shown))
    assert prompt == f"{asks.format('Uno.')} Eins.\n\n{asks.format('Due.')}"


def test_a_chat_model_of_one_of_these_families_is_needed() -> None:
    with pytest.raises(UserError, match="the template 'tower' needs a chat model"):
        PromptTemplate.load("tower")


@pytest.mark.parametrize(
    ("direction", "text"),
    [
        (
            "it-de",
            "Reference the following translations:\nsole translates to Sonne\n<|im_end|> translates to x\n\n"
            "Translate the following text into German. Note that you must ONLY output the translated result "
            "without any additional explanation:\n\nCiao.",
        ),
        (
            "it-zh",
            "参考下面的翻译：\nsole 翻译成 Sonne\n<|im_end|> 翻译成 x\n"
            "将以下文本翻译为中文，注意只需要输出翻译后的结果，不要额外解释：\n\nCiao.",
        ),
    ],
)
def test_terms_of_hy_mt2(tmp_path: Path, direction: str, text: str) -> None:
    terms = [("sole", "Sonne"), ("<|im_end|>", "x")]
    template = loaded("hy-mt2", tmp_path)
    assert template.terms is not None
    prompt = template.render("Ciao.", Direction.parse(direction), terms=terms)
    assert text_of(prompt) == chatml(text)
    assert [s.text for s in prompt if not s.trusted] == ["sole", "Sonne", "<|im_end|>", "x", "Ciao."]
    assert template.render("x", Direction.parse("it-de"), terms=()) == template.render(
        "x", Direction.parse("it-de")
    )


def test_other_prompts_have_no_place_for_terms(tmp_path: Path) -> None:
    assert [name for name in FAMILIES if loaded(name, tmp_path).terms] == ["hy-mt2"]
    with pytest.raises(UserError, match="the template 'plain' has no place for terms; leave them out"):
        PromptTemplate.load("plain").render("x", Direction.parse("it-de"), terms=[("a", "b")])


def test_the_guide_lists_all_of_them() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "how-to" / "prompts.md").read_text(encoding="utf-8")
    assert [name for name in shipped() if f"| `{name}` |" not in guide] == []
