import io

import pytest
from sacrebleu.dataset.wmt_xml import WMTXMLDataset

from ontarget.errors import UserError
from ontarget.scoring.reading.json_keys import Wanted
from ontarget.scoring.reading.wmt import is_markup, texts_of

XML = """<?xml version='1.0' encoding='ISO-8859-1'?>
<dataset id="newstest">
  <doc origlang="en" id="d1">
    <src lang="en"><p><seg id="2">Two &amp; a half.</seg><seg id="10">Ten.</seg></p>
      <p><seg id="1">Good
        morning.</seg></p></src>
    <ref lang="de" translator="A"><p><seg id="1">Guten Morgen.</seg><seg id="2">Zwei.</seg></p>
      <p><seg id="10"></seg></p></ref>
    <ref lang="de" translator="B"><p><seg id="1">Morgen!</seg><seg id="2">Zwo.</seg></p></ref>
    <hyp lang="de" system="X"><p><seg id="1">Guten Tag.</seg><seg id="2">Zwei &lt;3&gt;.</seg>
      <seg id="10">Zehn.</seg></p></hyp>
    <hyp lang="de" system="Y"><p><seg id="1">Good morning.</seg><seg id="2"/><seg id="10">10</seg></p></hyp>
  </doc>
  <doc origlang="en" id="d2" testsuite="t">
    <src lang="en"><p><seg id="1">Suite.</seg></p></src>
    <ref lang="de" translator="A"><p><seg id="1">Suite.</seg></p></ref>
  </doc>
  <doc origlang="de" id="d3">
    <src lang="en"><p><seg id="1">It rains.</seg></p></src>
    <ref lang="de" translator="A"><p><seg id="1">Es regnet.</seg></p></ref>
    <hyp lang="de" system="X"><p><seg id="1">Regen.</seg></p></hyp>
    <hyp lang="de" system="Y"><p><seg id="1">It rains.</seg></p></hyp>
  </doc>
</dataset>
"""
SGM = """<refset setid="t" srclang="en" trglang="de" refid="R1">
<DOC docid="d1"><p>
<seg id="1">Guten
 Morgen &amp; Tag.</seg> <seg id="2"> AT&T &quot;&#39; </seg>
</p></DOC></refset>
<refset setid="t" srclang="en" trglang="de" refid="R2"><doc docid="d1"><hl><SEG id=1>Morgen!</SEG></hl>
<seg id=2></seg></doc></refset>
"""


def test_the_segments_are_those_that_sacrebleu_reads() -> None:
    fields = WMTXMLDataset._unwrap_wmt21_or_later(io.BytesIO(XML.encode()))
    theirs = {name: [" ".join((text or "").split()) for text in texts] for name, texts in fields.items()}
    assert len(theirs["src"]) == 3
    assert texts_of(XML, "x", Wanted("source")) == theirs["src"]
    for name in ("X", "Y"):
        assert texts_of(XML, "x", Wanted("hypothesis", keys=[name])) == theirs[name]
    for name in ("A", "B"):
        assert texts_of(XML, "x", Wanted("reference", keys=[name])) == theirs[f"ref:{name}"]


def test_hypotheses_need_no_references_beside_them() -> None:
    alone = (
        '<dataset><doc><src lang="en"><seg id="1">A</seg></src><hyp><seg id="1">B</seg></hyp></doc></dataset>'
    )
    assert texts_of(alone, "x", Wanted("hypothesis")) == ["B"]
    assert texts_of(alone.replace("src", "unknown"), "x", Wanted("hypothesis")) == ["B"]


def test_sgm_is_read_by_its_tags() -> None:
    assert texts_of(SGM, "x", Wanted("reference", keys=["R1"])) == [
        "Guten Morgen & Tag.",
        'AT&T "&#39;',
    ]
    assert texts_of(SGM, "x", Wanted("reference", keys=["R2"])) == ["Morgen!", ""]
    one_line = '<tstset setid="x"><doc sysid="S"><seg id="1">a</seg><seg id="2">b</seg></doc></tstset>'
    assert texts_of(one_line, "x", Wanted("hypothesis")) == ["a", "b"]
    iwslt = f'<?xml version="1.0"?><mteval>{one_line.replace("tstset", "srcset")}</mteval>'
    assert texts_of(iwslt, "x", Wanted("source")) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "wanted", "complaint"),
    [
        (XML, Wanted("hypothesis"), "x has several hypotheses, of X, Y; choose one with --key NAME"),
        (XML, Wanted("reference"), "x has several references, of A, B; choose one with --reference-key NAME"),
        (XML, Wanted("hypothesis", keys=["Z"]), "x has no hypotheses of 'Z'; it has those of X, Y"),
        (
            XML.replace("hyp", "was"),
            Wanted("hypothesis"),
            "x has no hypotheses .<hyp>.; give a file that has",
        ),
        (SGM, Wanted("reference"), "of R1, R2; choose one"),
        (SGM.replace("</SEG>", ""), Wanted("reference"), "broken SGM: 4 <seg> but 3 </seg>"),
        (SGM.replace("Morgen!", "<seg></seg>"), Wanted("reference"), "broken SGM: a <seg> within a <seg>"),
        ("<srcset></srcset>", Wanted("source"), "x is broken SGM: 0 <seg>"),
        (XML[:500], Wanted("source"), r"x is broken XML \(.*line 10, column"),
        (
            "<?xml version='1.0'?><tmx/>",
            Wanted("source"),
            "x is XML, but not of WMT's format .its first element is <tmx>",
        ),
        (
            '<!DOCTYPE d [<!ENTITY a "b">]><dataset/>',
            Wanted("source"),
            "x defines entities, which are not supported",
        ),
        (
            XML.replace('<seg id="1">Guten Tag', '<seg id="3">Guten Tag'),
            Wanted("source"),
            "x, document 'd1': the system 'X' has no segment 1; add it",
        ),
        (XML.replace('id="10">Ten', 'id="ten">Ten'), Wanted("source"), "a <seg> has the id 'ten', which is"),
        (XML.replace('id="2">Two', 'id="1">Two'), Wanted("source"), "document 'd1': two <seg> have the id 1"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text: str, wanted: Wanted, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        texts_of(text, "x", wanted)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("<?xml version", True),
        ('<DOCTYPE "x">', False),
        ('<!DOCTYPE mteval SYSTEM "mteval.dtd">', True),
        ("  <SRCSET setid=", True),
        ("<p>Guten Morgen.</p>", False),
        ("<datasets>", False),
        ("< 3", False),
    ],
)
def test_markup_is_told_by_how_it_begins(start: str, expected: bool) -> None:
    assert is_markup(start) is expected
