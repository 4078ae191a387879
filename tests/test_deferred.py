import subprocess
import sys

import pytest

from ontarget.deferred import deferred


def test_a_deferred_module_is_imported_by_the_first_call_of_a_function() -> None:
    for name in ("colorsys", "this_module_is_missing"):
        sys.modules.pop(name, None)
    with deferred("colorsys", "this_module_is_missing"):
        import colorsys

        import this_module_is_missing  # type: ignore[import-not-found]
    assert "colorsys" not in sys.modules
    assert colorsys.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    assert sys.modules["colorsys"] is not colorsys
    with pytest.raises(ModuleNotFoundError, match="this_module_is_missing"):
        this_module_is_missing.function()


def test_a_module_that_is_loaded_already_is_not_replaced() -> None:
    import colorsys as real

    with deferred("colorsys"):
        import colorsys
    assert colorsys is real


def test_an_error_within_the_block_leaves_no_stand_in() -> None:
    sys.modules.pop("colorsys", None)
    with pytest.raises(KeyError), deferred("colorsys"):
        raise KeyError
    assert "colorsys" not in sys.modules


def test_sacrebleu_works_whole_after_our_metrics_have_loaded_it() -> None:
    code = """import io, sys
import ontarget.scoring.metrics.sacrebleu
assert not {"lxml.etree", "portalocker", "tabulate"}.intersection(sys.modules)
import sacrebleu.dataset.wmt_xml, sacrebleu.utils
print(sacrebleu.dataset.wmt_xml.ET.parse(io.BytesIO(b"<a><b/></a>")).getroot().tag)
print(sacrebleu.utils.tabulate([["BLEU", "12"]], tablefmt="tsv"))
with sacrebleu.utils.portalocker.Lock(sys.argv[1], timeout=1) as file:
    print(file.write("locked"))
import lxml.etree
print(lxml.etree.fromstring("<c/>").tag)"""
    result = subprocess.run(
        [sys.executable, "-c", code, "/dev/null"], capture_output=True, encoding="utf-8", check=False
    )
    assert (result.stdout.split(), result.stderr) == (["a", "BLEU", "12", "6", "c"], "")
