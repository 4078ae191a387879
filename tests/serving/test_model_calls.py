import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontarget.checked.verdict import FLAGS, Checked, Verdict
from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.openai_api import NoReply, ServerFailed
from ontarget.serving.model_calls import (
    ModelBug,
    ModelCall,
    error_of_dict,
    error_to_dict,
    results_of_list,
    results_to_list,
)
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request

TEXTS = st.text(max_size=20) | st.sampled_from(["\ud83d", "</s>", "\x00\u2028"])
REQUESTS = st.builds(
    Request,
    TEXTS,
    st.sampled_from([Direction.parse(text) for text in ("de-fr", "zh-Hant-pt-BR", "no-sr-Latn")]),
    st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple),
)
HYPOTHESES = st.builds(
    Hypothesis,
    TEXTS,
    st.sampled_from(["stop", "length", "too-long"]),
    st.floats(allow_nan=False),
    st.integers(0),
    st.integers(0),
)
VERDICTS = st.builds(
    Verdict,
    st.sampled_from(["on_target", "off_target", "unsure", "neutral"]),
    st.sampled_from(["fr", "", "und"]),
    st.floats(0, 1),
    st.sampled_from(["none", "reranked"]),
    st.dictionaries(st.sampled_from(FLAGS), st.lists(TEXTS, max_size=2).map(tuple), max_size=2),
)


PAIRS = st.tuples(REQUESTS, st.lists(st.tuples(HYPOTHESES, VERDICTS), min_size=1, max_size=2))


@settings(max_examples=25)
@given(st.lists(PAIRS, max_size=3))
def test_calls_and_results_are_the_same_after_the_way_as_json(pairs: list[tuple[Request, list]]) -> None:
    call = ModelCall([request for request, _ in pairs], 2)
    assert ModelCall.of_dict(json.loads(json.dumps(call.to_dict()))) == call
    results = [
        [Checked(request.source, request.direction, *one) for one in of_request]
        for request, of_request in pairs
    ]
    assert results_of_list(json.loads(json.dumps(results_to_list(results))), call) == results


def test_a_log_probability_that_a_server_does_not_give_is_still_none() -> None:
    request = Request("a", Direction.parse("de-fr"))
    checked = Checked(
        "a", request.direction, Hypothesis("b", "stop", math.nan, 1), Verdict("unsure", "", 0.0)
    )
    data = json.loads(json.dumps(results_to_list([[checked]])))
    assert math.isnan(results_of_list(data, ModelCall([request]))[0][0].hypothesis.log_probability)


def test_results_of_another_number_of_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        results_of_list([], ModelCall([Request("a", Direction.parse("de-fr"))]))


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (NoReply("no reply to 'my text'", "no reply"), NoReply, "no reply"),
        (ServerFailed("refuses 'my text'", "refuses"), UserError, "refuses"),
        (UserError("there is no model"), UserError, "there is no model"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), ModuleNotFoundError, "torch"),
        (FileNotFoundError(2, "No such file", "x.yaml"), FileNotFoundError, "x.yaml"),
        (ZeroDivisionError("my text"), ModelBug, "ZeroDivisionError"),
        (OSError("my text"), ModelBug, "OSError"),
    ],
)
def test_an_error_comes_without_text_of_users(error: Exception, kind: type, said: str) -> None:
    arrived = error_of_dict(json.loads(json.dumps(error_to_dict(error))))
    assert type(arrived) is kind
    assert said in str(arrived)
    assert "my text" not in str(arrived)
