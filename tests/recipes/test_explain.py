"""A wrong key or value is named by its whole path, with what is allowed there."""

import pytest

from ontarget.errors import UserError
from ontarget.recipes.loading import load


@pytest.mark.parametrize(
    ("override", "message"),
    [
        # a misspelt key is named, not the one that is missing for it
        ("stages.mt.evaluation.evry=1", "unknown key 'stages.mt.evaluation.evry'; did you mean 'every'?"),
        ("served.nam=x", "unknown key 'served.nam'; did you mean 'name'?"),
        ("sed=1", "unknown key 'sed'; did you mean 'seed' or"),
        ("stages.mt.sample=1", "unknown key 'stages.mt.sample'; did you mean 'samples'?"),
        (
            "stages.mt.tuning.lerning_rate=1",
            "unknown key 'stages.mt.tuning.lerning_rate'; did you mean 'learning_rate'",
        ),
        ("stages.base.model.layer=3", "unknown key 'stages.base.model.layer'; did you mean 'layers'?"),
        ("stages.lat.conflict.polcy=x", "unknown key 'stages.lat.conflict.polcy'; did you mean 'policy'?"),
        (
            "systems.mt.decoding.num_beems=3",
            "unknown key 'systems.mt.decoding.num_beems'; did you mean 'num_beams'?",
        ),
        (
            "decoding.zzz=3",
            "unknown key 'decoding.zzz'; known here: num_beams, max_new_tokens, length_penalty,",
        ),
        ("stages.mt.start=base", "unknown key 'stages.mt.start'"),
        ("stages.mt.samples=-3", "'stages.mt.samples' is -3: should be greater than 0 or 'all'"),
        ("test_lines=many", "'test_lines' is 'many': should be a whole number or 'all'"),
        (
            "stages.lat.conflict.policy=any",
            "'stages.lat.conflict.policy' is 'any': should be 'any-instruction',",
        ),
        (
            "stages.lat.preset=papre",
            "'stages.lat.preset' is 'papre': should be 'paper', 'ontarget' or 'first-token'",
        ),
        (
            "stages.lat.conflict.policy=far-targt",
            r"'stages.lat.conflict.policy' is 'far-targt': .*; did you mean 'wrong-target'\?$",
        ),
        ("split=tset", "'split' is 'tset': should be 'validation' or 'test'; did you mean 'test'?"),
        ("split=zzz", r"'split' is 'zzz': should be .* or 'test'$"),
        (
            "stages.mt.samples=al",
            r"'stages\.mt\.samples' is 'al': .* or 'all'; did you mean 'all'\?$",
        ),
        (
            "stages.mt.kind=language-awar",
            r"'stages\.mt\.kind' is 'language-awar': .*distillation'; did you mean 'language-aware'\?$",
        ),
        ("stages.lat.preset=[paper]", "'stages.lat.preset' is ['paper']: should be 'paper', 'ontarget' or"),
        (
            "stages.mt.kind=likelyhood",
            "'stages.mt.kind' is 'likelyhood': it should be one of 'pretraining', ",
        ),
        ("stages.new={from: base}", "'stages.new.kind' is missing: it should be one of 'pretraining'"),
        ("stages.mt={kind: sft, tuning: {epochs: 1}}", "'stages.mt.from' is missing"),
        ("stages.mt={kind: sft, from: base}", "'stages.mt.tuning' is missing"),
        (
            "stages.mt.tuning.max_steps=3",
            "'stages.mt.tuning': both `epochs` and `max_steps` are given; keep one",
        ),
        ("decoding=3", "'decoding' is 3: should be a mapping of keys to values"),
        ("stages=3", "'stages' is 3: should be a mapping of keys to values"),
        ("languages='en,de'", "'languages' is 'en,de': should be a list"),
        ("languages=[en]", "'languages' is ['en']: should have at least 2 entries"),
        ("seed=2.5", "'seed' is 2.5: should be a whole number"),
        ("seed=null", "'seed' is null: should be a whole number"),
        ("stages.lat.alpha=1.0.e5", "'stages.lat.alpha' is '1.0.e5': should be a number"),
        ("systems.mt.pivot=3", "'systems.mt.pivot' is 3: should be true or false"),
        ("name=my run", "'name' is 'my run': a name has letters from a to z, digits,"),
        ("systems={my row: {model: mt}}", "'systems.my row' is 'my row': a name has letters"),
        (
            "stages.lat.conflict.counts=[1]",
            "'stages.lat.conflict.counts' is [1]: should be a string or",
        ),
        ("stages.lat.conflict.counts={fr: 1}", "'stages.lat.conflict.counts.fr' is 1: should be a mapping"),
        ("corpus={files: {train: {en: a.en}}}", "'corpus.files.train' is {'en': 'a.en'}: should be a list"),
        (
            "corpus={catalogue: {name: wmt, train: [1]}}",
            "'corpus.catalogue.train.0' is 1: should be a",
        ),
        (
            "languages=[en, germn]",
            r"'languages.1' is 'germn': unknown language 'germn'; did you mean de \(German\)",
        ),
    ],
)
def test_the_message_names_path_value_and_remedy(override: str, message: str) -> None:
    import re

    pattern = message if "\\" in message or ".*" in message else re.escape(message)
    with pytest.raises(UserError, match=f"^phrasebook-tiny: {pattern}") as caught:
        load("phrasebook-tiny", [override])
    assert "\n" not in str(caught.value)
