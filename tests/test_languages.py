import re
from itertools import product

import pytest

from ontarget import languages
from ontarget.errors import UserError
from ontarget.languages import Direction, Language, apart
from ontarget.scoring.off_target import off_target_ratio

FLORES_200 = """
ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab afr_Latn ajp_Arab aka_Latn als_Latn amh_Ethi apc_Arab
arb_Arab arb_Latn ars_Arab ary_Arab arz_Arab asm_Beng ast_Latn awa_Deva ayr_Latn azb_Arab azj_Latn
bak_Cyrl bam_Latn ban_Latn bel_Cyrl bem_Latn ben_Beng bho_Deva bjn_Arab bjn_Latn bod_Tibt bos_Latn
bug_Latn bul_Cyrl cat_Latn ceb_Latn ces_Latn cjk_Latn ckb_Arab crh_Latn cym_Latn dan_Latn deu_Latn
dik_Latn dyu_Latn dzo_Tibt ell_Grek eng_Latn epo_Latn est_Latn eus_Latn ewe_Latn fao_Latn fij_Latn
fin_Latn fon_Latn fra_Latn fur_Latn fuv_Latn gla_Latn gle_Latn glg_Latn grn_Latn guj_Gujr hat_Latn
hau_Latn heb_Hebr hin_Deva hne_Deva hrv_Latn hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn
ita_Latn jav_Latn jpn_Jpan kab_Latn kac_Latn kam_Latn kan_Knda kas_Arab kas_Deva kat_Geor knc_Arab
knc_Latn kaz_Cyrl kbp_Latn kea_Latn khm_Khmr kik_Latn kin_Latn kir_Cyrl kmb_Latn kmr_Latn kon_Latn
kor_Hang lao_Laoo lij_Latn lim_Latn lin_Latn lit_Latn lmo_Latn ltg_Latn ltz_Latn lua_Latn lug_Latn
luo_Latn lus_Latn lvs_Latn mag_Deva mai_Deva mal_Mlym mar_Deva min_Arab min_Latn mkd_Cyrl plt_Latn
mlt_Latn mni_Beng khk_Cyrl mos_Latn mri_Latn mya_Mymr nld_Latn nno_Latn nob_Latn npi_Deva nso_Latn
nus_Latn nya_Latn oci_Latn gaz_Latn ory_Orya pag_Latn pan_Guru pap_Latn pes_Arab pol_Latn por_Latn
prs_Arab pbt_Arab quy_Latn ron_Latn run_Latn rus_Cyrl sag_Latn san_Deva sat_Olck scn_Latn shn_Mymr
sin_Sinh slk_Latn slv_Latn smo_Latn sna_Latn snd_Arab som_Latn sot_Latn spa_Latn srd_Latn srp_Cyrl
ssw_Latn sun_Latn swe_Latn swh_Latn szl_Latn tam_Taml taq_Latn taq_Tfng tat_Cyrl tel_Telu tgk_Cyrl
tgl_Latn tha_Thai tir_Ethi tpi_Latn tsn_Latn tso_Latn tuk_Latn tum_Latn tur_Latn twi_Latn tzm_Tfng
uig_Arab ukr_Cyrl umb_Latn urd_Arab uzn_Latn vec_Latn vie_Latn war_Latn wol_Latn xho_Latn ydd_Hebr
yor_Latn yue_Hant zho_Hans zho_Hant zsm_Latn zul_Latn
"""


@pytest.mark.parametrize(
    ("given", "code"),
    [("it", "it"), ("IT", "it"), ("zh-hant", "zh-Hant"), ("pt_br", "pt-BR"), ("SR-LATN", "sr-Latn")],
)
def test_codes_are_put_in_their_usual_form(given: str, code: str) -> None:
    assert Language(given).code == code
    assert str(Language(given)) == code
    assert Language(given) == Language(code)
    assert hash(Language(given)) == hash(Language(code))


@pytest.mark.parametrize(
    ("code", "in_language", "name"),
    [
        ("ro", "it", "rumeno"),
        ("cs", "de", "Tschechisch"),
        ("nl", "en", "Dutch"),
        ("de", "cs", "němčina"),
        ("pt-BR", "en", "Brazilian Portuguese"),
        ("zh-Hant", "en", "Traditional Chinese"),
        ("zh-TW", "en", "Traditional Chinese"),
        ("zh-CN", "en", "Chinese"),
        ("sr-Latn", "en", "Serbian (Latin)"),  # a script that is not the usual one
        ("sr-Latn", "de", "Serbisch (Lateinisch)"),
        ("srp_Cyrl", "en", "Serbian"),
        ("de-LI", "en", "German"),  # CLDR has no name of its own for it
    ],
)
def test_names_are_those_of_cldr(code: str, in_language: str, name: str) -> None:
    assert Language(code).name(in_language) == name
    assert Language(code).name(Language(in_language)) == name


@pytest.mark.parametrize(
    "codes", [("zh", "zh-TW"), ("sr", "sr-Latn"), ("sr-Latn", "sr-Cyrl"), ("uz", "uz-Cyrl")]
)
def test_two_scripts_of_one_language_have_two_names(codes: tuple[str, str]) -> None:
    first, other = apart([Language(code) for code in codes])
    for language in ("en", "de", "zh"):
        assert first.name(language) != other.name(
            language
        )  # so prompts do not ask for both in the same words


def test_a_language_without_a_locale_still_has_a_name() -> None:
    assert Language("got").name() == "Gothic"
    assert Language("got").name("de") == "Gotisch"


def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompt of each sample has several of them."""
    looked, names = list[str](), languages._names_in
    monkeypatch.setattr(languages, "_NAMES", {})
    monkeypatch.setattr(languages, "_names_in", lambda tag: looked.append(tag) or names(tag))
    assert {Language("zh").name("de") for _ in range(5)} == {"Chinesisch"}
    assert looked == ["de"]
    for code in ("nb", "no", "zh-TW", "zh"):  # the first two are equal, as keys of a dictionary, too
        assert Language(code).name() == Language(code)._find_name("en")
    assert Language("nb").name() != Language("no").name()


def test_a_language_that_cldr_has_no_name_for_is_called_by_its_code() -> None:
    assert Language("gom").name() == "gom"  # Babel knows its locale, lid.176 its label


@pytest.mark.parametrize(("wrong", "hint"), [("Germn", r"de \(German\)"), ("Italiano", r"it \(Italian\)")])
def test_an_unknown_language_comes_with_the_nearest(wrong: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"unknown language '{wrong}'; did you mean {hint}"):
        Language(wrong)


@pytest.mark.parametrize("wrong", ["", "x", "xx", "123", "qqq", "en-", "../de"])
def test_what_is_no_language_is_an_error(wrong: str) -> None:
    with pytest.raises(UserError, match="unknown language"):
        Language(wrong)


@pytest.mark.parametrize(("code", "label"), [("zh-Hant", "zh"), ("nb", "no"), ("de", "de"), ("pt-BR", "pt")])
def test_fasttext_labels(code: str, label: str) -> None:
    assert Language(code).fasttext_label == label


@pytest.mark.parametrize(
    ("code", "script", "scripts"),
    [
        ("ru", "Cyrl", {"Cyrl"}),
        ("zh", "Hans", {"Hans", "Hant"}),
        ("zh-TW", "Hant", {"Hant"}),
        ("zh-Hans", "Hans", {"Hans"}),
        ("sr", "Cyrl", {"Cyrl", "Latn"}),
        ("sr-Latn", "Latn", {"Latn"}),
        ("pt-BR", "Latn", {"Latn"}),
        ("ja", "Jpan", {"Jpan"}),
        ("got", "Goth", {"Goth"}),
    ],
)
def test_scripts(code: str, script: str, scripts: set[str]) -> None:
    assert Language(code).script == script
    assert Language(code).scripts == scripts


@pytest.mark.parametrize(
    ("code", "primary", "region"), [("pt-BR", "pt", "BR"), ("zh-Hant", "zh", None), ("es-419", "es", "419")]
)
def test_parts_of_a_code(code: str, primary: str, region: str | None) -> None:
    assert (Language(code).primary, Language(code).region) == (primary, region)


@pytest.mark.parametrize(
    ("code", "tokenizer"), [("zh-Hans", "zh"), ("ja", "ja-mecab"), ("ko", "ko-mecab"), ("cs", "13a")]
)
def test_sacrebleu_tokenizers(code: str, tokenizer: str) -> None:
    assert Language(code).sacrebleu_tokenizer == tokenizer


def test_a_direction_reads_back_as_it_is_written() -> None:
    codes = ["it", "nl", "zh-Hant", "pt-BR", "sr-Latn", "nb", "fil"]
    for source, target in product(codes, codes):
        direction = Direction.parse(f"{source}-{target}")
        assert direction == Direction(Language(source), Language(target))
        assert str(direction) == f"{source}-{target}"


def test_a_region_that_is_named_like_a_language_stays_with_its_own() -> None:
    codes = ["en-CA", "fr", "sv-FI", "fi", "en-MT", "mt", "ca-ES", "es", "de"]
    for source, target in product(codes, codes):
        direction = Direction(Language(source), Language(target))
        assert Direction.parse(str(direction)) == direction
    assert Direction.parse("sv-fi-FI") == Direction(Language("sv"), Language("fi-FI"))


def test_the_way_back() -> None:
    assert Direction.parse("it-nl").reverse == Direction.parse("nl-it")
    assert Direction.parse("it-nl").sides == (Language("it"), Language("nl"))


@pytest.mark.parametrize("wrong", ["", "it", "it-", "-nl", "it-qqq", "it>nl"])
def test_what_is_no_direction_is_an_error(wrong: str) -> None:
    with pytest.raises(UserError, match=f"'{wrong}' is not a direction such as it-nl"):
        Direction.parse(wrong)


def test_a_misspelt_direction_names_the_nearest_language() -> None:
    with pytest.raises(UserError, match=r"did you mean de \(German\)"):
        Direction.parse("en-germn")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("deu", "de"),
        ("fra_Latn", "fr"),
        ("zho_Hant", "zh-Hant"),
        ("srp_Cyrl", "sr"),
        ("srp_Latn", "sr-Latn"),
        ("zho_Hans", "zh"),
        ("cmn_Hans", "zh"),
        ("zh-Hans-CN", "zh-CN"),
        ("zh-Hant-TW", "zh-TW"),
        ("zh-Hans-TW", "zh-Hans-TW"),
        ("zh_TW.UTF-8", "zh-TW"),
        ("eng_Latn", "en"),
        ("hin_Deva", "hi"),
        ("uzn_Latn", "uz"),
        ("khk_Cyrl", "mn"),
        ("kas_Deva", "ks-Deva"),
        ("knc_Arab", "kr-Arab"),
        ("ger", "de"),
        ("fre", "fr"),
        ("rum", "ro"),
        ("in", "id"),
        ("ji", "yi"),
        ("prs_Arab", "fa-AF"),
        ("pbt_Arab", "ps"),
        ("en_UK", "en-GB"),
        ("ca_valencia", "ca-valencia"),
        ("tgl_Latn", "tl"),
        ("nob_Latn", "nb"),
        ("NB no", "nb-NO"),
        ("Portuguese", "pt"),
        ("brazilian portuguese", "pt-BR"),
        ("Traditional Chinese", "zh-Hant"),
        ("arb_Arab", "ar"),
        ("iw", "he"),
        ("ceb_Latn", "ceb"),
        ("no", "no"),
        ("tl", "tl"),
        ("yue", "yue"),
    ],
)
def test_codes_of_other_lists_are_those_of_ours(given: str, code: str) -> None:
    assert str(Language(given)) == code
    assert Language(given) == Language(code)
    assert Language(given).written == given


@pytest.mark.parametrize(("one", "other"), [("no", "nb"), ("tl", "fil"), ("tgl_Latn", "fil"), ("cmn", "zh")])
def test_two_codes_of_one_language_are_equal_and_keep_their_names(one: str, other: str) -> None:
    assert Language(one) == Language(other)
    assert len({Language(one), Language(other)}) == 1
    assert Language("no").name() == "Norwegian"
    assert Language("nb").name() == "Norwegian Bokmål"
    assert Language("no") != Language("nn")


def test_every_code_of_flores_200_is_a_language_however_it_is_written() -> None:
    for code in FLORES_200.split():
        language = Language(code)
        assert Language(str(language)) == language, code
        assert Language(code.lower()) == Language(code.replace("_", "-").upper()) == language, code
    assert len({Language(code) for code in FLORES_200.split()}) == len(FLORES_200.split())


@pytest.mark.parametrize(
    ("country", "language"),
    [("cz", "cs"), ("jp", "ja"), ("cn", "zh"), ("dk", "da"), ("gr", "el"), ("ua", "uk")],
)
def test_the_code_of_a_country_comes_with_its_language(country: str, language: str) -> None:
    with pytest.raises(UserError, match=rf"unknown language '{country}'; did you mean {language} \("):
        Language(country)


def test_a_language_whose_code_is_a_country_s_has_the_hint_where_it_is_not_known() -> None:
    assert Language("se").name() == "Northern Sami"
    with pytest.raises(
        UserError,
        match=r"cannot recognise Northern Sami \(se\).*did you mean sv \(Swedish\), spoken in Sweden",
    ):
        off_target_ratio(["Hej."], "se")


def test_a_language_without_a_name_may_be_a_slip() -> None:
    with pytest.raises(UserError, match=r"cannot recognise dee \(dee\).*did you mean 'ee' or 'de'"):
        off_target_ratio(["Hallo."], "dee")


@pytest.mark.parametrize(
    "column", ["de_len", "en_url", "de-score", "de_text", "de_src", "fr.txt.gz", "de-XX"]
)
def test_what_follows_a_code_must_be_a_subtag(column: str) -> None:
    with pytest.raises(UserError, match=f"unknown language '{column}'"):
        Language(column)


def test_a_list_with_two_scripts_of_a_language_keeps_them_apart() -> None:
    simplified, english, traditional = apart([Language("zh"), Language("en"), Language("zh-TW")])
    assert (simplified.scripts, traditional.scripts) == ({"Hans"}, {"Hant"})
    assert (simplified.code, simplified.written, simplified.name()) == ("zh", "zh", "Simplified Chinese")
    assert english.scripts == Language("en").scripts
    assert apart([Language("zh"), Language("ja")])[0].scripts == {"Hans", "Hant"}
    serbian, latin = apart([Language("sr"), Language("srp_Latn")])
    assert (serbian.scripts, latin.scripts) == ({"Cyrl"}, {"Latn"})
    assert serbian != latin


@pytest.mark.parametrize(
    ("language", "other", "covers"),
    [
        *[("pt", "pt-BR", True), ("pt-BR", "pt", False), ("pt-BR", "pt-PT", False), ("no", "nb-NO", True)],
        *[
            ("zh", "zh-TW", True),
            ("zh-Hans", "zh-TW", False),
            ("zh-Hant", "zh-TW", True),
            ("de", "nl", False),
        ],
        *[("eng_Latn", "en-GB", True), ("no", "nn", False)],
    ],
)
def test_what_text_a_language_covers(language: str, other: str, covers: bool) -> None:
    assert Language(language).covers(Language(other)) is covers


def test_a_direction_in_the_place_of_a_language_is_an_error() -> None:
    message = (
        "'en-de' looks like a direction; give one language, 'en' or 'de' (if you mean the region, write "
    )
    for given in (lambda: Language("en-de"), lambda: off_target_ratio(["Ein Haus."], "en-de")):
        with pytest.raises(UserError, match=re.escape(message)):
            given()
    assert Language("pt-br") == Language("pt-BR")
    assert str(Direction.parse("pt-br-en")) == "pt-BR-en"
