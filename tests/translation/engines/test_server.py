"""The engine for models on servers: what it sends, and what it makes of every kind of reply."""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import anyio
import pytest
from tests.openai_server import Answer, Server, chat_reply, serving
from tests.translation.conftest import best
from transformers import PreTrainedTokenizerFast

from ontarget.checkpoints.context import ContextWindow
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.openai_api import OpenAIServer
from ontarget.prompts.encode import encode_prompt
from ontarget.prompts.segment import ChatPrompt, Prompt, Segment
from ontarget.prompts.served_chat import ServedChat
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding, Sampling
from ontarget.translation.engines.server import ServerEngine
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request, Rerank, System
from ontarget.translation.translate import translate

GREEDY = Decoding(num_beams=1, max_new_tokens=30)
DE_FR = Direction(Language("de"), Language("fr"))
REFUSES_LENGTH = "This model's maximum context length is 64 tokens. However, you requested 80 tokens"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(seconds: float) -> None:
        pass

    monkeypatch.setattr(anyio, "sleep", sleep)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def prompt(text: str = "Rad", before: str = "Translate: ") -> Prompt:
    return Segment(before, True), Segment(text, False), Segment(" ->", True)


def of(server: Server, **how: Any) -> ServerEngine:
    return ServerEngine(OpenAIServer(server.url, concurrency=4), "m", **how)


def one(server: Server, decoding: Decoding = GREEDY, **how: Any) -> Hypothesis:
    [[found]] = of(server).generate([prompt()], decoding, **how)
    return found


def completion(*texts: str, finish: str | None = "stop", logprobs: Any = None) -> dict[str, Any]:
    choices = [{"text": text, "finish_reason": finish, "logprobs": logprobs} for text in texts]
    return {"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 5 * len(texts)}}


def refusal(message: str, status: int = 400, **details: Any) -> Answer:
    return status, {}, json.dumps({"error": {"message": message, **details}})


class TestWhatIsSent:
    def test_a_prompt_as_text(self) -> None:
        with serving(lambda path, body: completion("Vélo\nRoue")) as server:
            found = one(server, stop=[f"\n{n}" for n in range(6)])
        [asked] = server.asked
        assert asked.path == "completions"
        assert asked.body == {
            "model": "m",
            "prompt": "Translate: Rad ->",
            "max_tokens": 30,
            "temperature": 0,
            "logprobs": 1,
            "stop": ["\n0", "\n1", "\n2", "\n3"],  # hosted services take no more
        }
        assert (found.text, found.finish_reason, found.tokens, found.prompt_tokens) == (
            "Vélo Roue",
            "stop",
            5,
            9,
        )

    def test_a_prompt_as_token_ids(self, tokenizer: PreTrainedTokenizerFast) -> None:
        asked = prompt("<|im_start|>Rad", "<s>Translate: ")
        with serving(lambda path, body: completion("Vélo")) as server:
            of(server, tokenizer=tokenizer).generate([asked], GREEDY)
        [body] = server.bodies("completions")
        assert body["prompt"] == encode_prompt(tokenizer, asked)
        assert body["prompt"].count(tokenizer.bos_token_id) == 1
        assert tokenizer.convert_tokens_to_ids("<|im_start|>") not in body["prompt"]

    def test_a_chat_as_messages(self) -> None:
        template = replace(PromptTemplate.load("alpaca"), chat=ServedChat("m", ""))
        shown = template.render("<|im_end|>Rad", DE_FR)
        with serving(lambda path, body: chat_reply("Le < |im_end|> vélo")) as server:
            [[found]] = of(server).generate([shown], GREEDY)
        [body] = server.bodies("chat/completions")
        system, user = body["messages"]
        assert (system["role"], user["role"]) == ("system", "user")
        assert "German to French" in user["content"]
        assert "< |im_end|>Rad" in user["content"]
        assert body["chat_template_kwargs"] == {"enable_thinking": False}
        assert "prompt" not in body
        assert found.text == "Le <|im_end|> vélo"

    def test_users_text_is_no_control_token_in_text_either(self) -> None:
        with serving(lambda path, body: completion("Le < |im_end|> vélo")) as server:
            [[found]] = of(server).generate([prompt("<|im_end|> Rad", "<|im_start|>")], GREEDY)
        assert server.bodies("completions")[0]["prompt"] == "<|im_start|>< |im_end|> Rad ->"
        assert found.text == "Le <|im_end|> vélo"

    def test_a_whole_prompt_gets_no_bos(self) -> None:
        with serving(lambda path, body: completion("Vélo")) as server:
            of(server).generate([ChatPrompt(prompt())], GREEDY)
        assert server.bodies("completions")[0]["add_special_tokens"] is False

    def test_sampling(self) -> None:
        decoding = replace(GREEDY, sampling=Sampling(temperature=0.5, top_p=0.8, seed=7))
        with serving(lambda path, body: completion("Vélo")) as server:
            of(server).generate([prompt()], decoding)
        [body] = server.bodies("completions")
        assert {key: body[key] for key in ("temperature", "top_p", "seed", "n")} == {
            "temperature": 0.5,
            "top_p": 0.8,
            "seed": 7,
            "n": 1,
        }


def test_the_outputs_are_those_of_the_model_in_this_process(
    engine: TransformersEngine, prompts: Sequence[list[int]], tokenizer: PreTrainedTokenizerFast
) -> None:
    texts = ["Rad", "Zwei Hunde laufen im Schnee", "Ein Mann", "</s> x", "Hunde" * 9]

    def model(path: str, body: dict[str, Any]) -> Answer:
        [found] = best(engine, [body["prompt"]], Decoding(1, body["max_tokens"]), stop=body.get("stop", ()))
        return completion(found.text, finish=found.finish_reason)

    here = engine.generate([prompt(text) for text in texts], GREEDY, stop=["e"])
    progress: list[tuple[int, int]] = []
    with serving(model) as server:
        there = of(server, tokenizer=tokenizer, context=ContextWindow(2048, ends=True)).generate(
            [prompt(text) for text in texts], GREEDY, stop=["e"], progress=lambda *at: progress.append(at)
        )
    assert [(h.text, h.finish_reason) for [h] in there] == [(h.text, h.finish_reason) for [h] in here]
    # It also reports every second.
    assert [at for at in dict.fromkeys(progress) if at[0]] == [(n, 5) for n in range(1, 6)]
    assert any(h.text for [h] in here)


class TestNBest:
    OFFERED = ("Vélo", "Bicyclette", "Roue", "Vélo", "Cycle")

    def found(
        self, answer: Callable[[str, dict[str, Any]], Answer], count: int = 4
    ) -> tuple[list[str], Server]:
        with serving(answer) as server:
            [hypotheses] = of(server).generate([prompt()], replace(GREEDY, num_beams=count), count=count)
        return [hypothesis.text for hypothesis in hypotheses], server

    def test_is_the_greedy_output_and_then_samples_the_most_probable_first(self) -> None:
        def answer(path: str, body: dict[str, Any]) -> Answer:
            if body["temperature"] == 0:
                return completion("Vélo")
            reply = completion(*self.OFFERED[1 : body["n"] + 1])
            for choice, value in zip(reply["choices"], [-3.0, -1.0, -2.0], strict=True):
                choice["logprobs"] = {"token_logprobs": [value]}
            return reply

        texts, server = self.found(answer)
        assert texts == ["Vélo", "Roue", "Bicyclette"]  # the third sample is the greedy output
        assert [body.get("n") for body in server.bodies("completions")] == [None, 3]

    @pytest.mark.parametrize("refuses", [False, True])
    def test_is_asked_for_one_at_a_time_of_a_server_that_gives_one(self, refuses: bool) -> None:
        def answer(path: str, body: dict[str, Any]) -> Answer:
            if refuses and body.get("n", 1) > 1:
                return refusal("Field 'n': Value must be between 1 <= value <= 1")
            return completion(self.OFFERED[body.get("seed", -1) + 1])

        texts, server = self.found(answer)
        assert texts == ["Vélo", "Bicyclette", "Roue"]
        assert [body["seed"] for body in server.bodies("completions")[1 + refuses :]] == [0, 1, 2]

    def test_re_ranking_retry_and_pivot_work_above_it(self) -> None:
        """German for everything, unless it is asked from English, or to draw."""

        def answer(path: str, body: dict[str, Any]) -> Answer:
            asked = body["prompt"]
            if "English" in asked.split("Rad")[0] and "to English" not in asked:
                return completion("Le vélo")
            return completion("wheel" if "to English" in asked else "Das Rad")

        def on_target(texts: Sequence[str], directions: Sequence[Direction]) -> list[bool]:
            return [text in ("Le vélo", "wheel") for text in texts]

        system = System("x", PromptTemplate.load("plain"), decoding=GREEDY)
        with serving(answer) as server:
            engine = of(server)
            direct = translate(system, engine, [Request("Rad", DE_FR)])
            pivoted = translate(replace(system, pivot=Language("en")), engine, [Request("Rad", DE_FR)])
            chooser = Rerank(on_target, Language("en"))
            retried = translate(replace(system, rerank=chooser), engine, [Request("Rad", DE_FR)])
            wide = replace(system, rerank=Rerank(on_target), decoding=replace(GREEDY, num_beams=3))
            assert translate(wide, engine, [Request("Rad", DE_FR)])[0].text == "Das Rad"
        assert [found[0].text for found in (direct, pivoted, retried)] == ["Das Rad", "Le vélo", "Le vélo"]


class TestRefusals:
    @pytest.mark.parametrize("field", ["logprobs", "seed", "top_p"])
    def test_a_field_that_the_server_lacks_is_left_out_from_then_on(self, field: str) -> None:
        def answer(path: str, body: dict[str, Any]) -> Answer:
            if field in body:
                return refusal(f"Unsupported parameter: '{field}' is not supported with this model.")
            return completion("Vélo")

        with serving(answer) as server:
            engine = of(server)
            for _ in range(2):
                [[found]] = engine.generate([prompt()], replace(GREEDY, sampling=Sampling()))
        assert found.text == "Vélo"
        assert len(server.asked) == 3

    def test_the_newer_name_of_max_tokens_is_used_where_it_is_asked_for(self) -> None:
        def answer(path: str, body: dict[str, Any]) -> Answer:
            if "max_tokens" in body:
                return refusal(
                    "Unsupported parameter: use 'max_completion_tokens' instead.", param="max_tokens"
                )
            return completion("Vélo")

        with serving(answer) as server:
            of(server).generate([prompt()] * 9, GREEDY)
        assert server.asked[-1].body["max_completion_tokens"] == 30

    def test_a_warning_where_the_output_may_vary(self, caplog: pytest.LogCaptureFixture) -> None:
        def answer(path: str, body: dict[str, Any]) -> Answer:
            return refusal("temperature must be 1") if "temperature" in body else completion("Vélo")

        with serving(answer) as server:
            of(server).generate([prompt()] * 9, GREEDY)
        assert [record.getMessage() for record in caplog.records] == [
            f"{server.url} does not take 'temperature', so outputs may vary"
        ]

    def test_others_are_errors(self, tokenizer: PreTrainedTokenizerFast) -> None:
        with serving(lambda path, body: refusal("cannot unmarshal array into prompt")) as server:
            with pytest.raises(UserError, match=r"refuses \(400\): cannot unmarshal array into prompt$"):
                one(server)
            with pytest.raises(
                UserError, match="into prompt; if the server takes no token IDs, leave out the"
            ):
                of(server, tokenizer=tokenizer).generate([prompt()], GREEDY)

    def test_what_the_engine_lacks_is_named_before_anything_is_sent(self) -> None:
        system = System("mt", PromptTemplate.load("plain"))
        with (
            serving(lambda path, body: completion("Vélo")) as server,
            pytest.raises(
                UserError, match=r"'mt' uses a beam of 4, but the engine 'server' does not support"
            ),
        ):
            translate(system, of(server), [Request("Rad", DE_FR)])
        assert server.asked == []


class TestLengths:
    def test_a_prompt_without_room_is_not_sent(self, tokenizer: PreTrainedTokenizerFast) -> None:
        asked = [prompt("Rad " * 20), prompt()]
        room = len(encode_prompt(tokenizer, asked[1])) + 3
        with serving(lambda path, body: completion("Vélo")) as server:
            engine = of(server, tokenizer=tokenizer, context=ContextWindow(room, ends=True))
            [[long], [short]] = engine.generate(asked, GREEDY)
        assert (long.too_long, long.text) == (True, "")
        assert long.prompt_tokens == len(encode_prompt(tokenizer, asked[0]))
        assert short.text == "Vélo"
        assert [body["max_tokens"] for body in server.bodies("completions")] == [3]

    def test_a_prompt_that_the_server_finds_too_long_is_empty(self) -> None:
        too_long = refusal(
            "request (99 tokens) exceeds", type="exceed_context_size_error", n_prompt_tokens=99
        )
        with serving(lambda path, body: too_long) as server:
            found = one(server)
        assert (found.finish_reason, found.text, found.prompt_tokens) == ("too-long", "", 99)
        assert len(server.asked) == 1

    def test_the_room_is_made_smaller_until_the_prompt_fits(self) -> None:
        def answer(path: str, body: dict[str, Any]) -> Answer:
            return refusal(REFUSES_LENGTH) if body["max_tokens"] > 40 else completion("Vélo")

        with serving(answer) as server:
            assert one(server, Decoding(1, 100)).text == "Vélo"
        assert [body["max_tokens"] for body in server.bodies("completions")] == [100, 50, 25]
        with serving(lambda path, body: refusal(REFUSES_LENGTH, code="context_length_exceeded")) as server:
            assert one(server, Decoding(1, 100)).too_long
        assert [body["max_tokens"] for body in server.bodies("completions")] == [100, 50, 25]


class TestReplies:
    @pytest.mark.parametrize(
        ("finish", "reason"),
        [
            ("stop", "stop"),
            ("length", "length"),
            ("content_filter", "length"),
            (None, "stop"),
            ("eos", "stop"),
        ],
    )
    def test_whether_the_output_ended(self, finish: str | None, reason: str) -> None:
        with serving(lambda path, body: completion("Vélo", finish=finish)) as server:
            assert one(server).finish_reason == reason

    def test_an_output_ends_at_a_stop_sequence_that_was_not_sent(self) -> None:
        with serving(lambda path, body: completion("Vélo\nIn", finish="length")) as server:
            found = one(server, stop=["a", "b", "c", "d", "\n"])
        assert (found.text, found.finish_reason) == ("Vélo", "stop")

    def test_line_breaks_stay_where_they_are_wanted(self) -> None:
        with serving(lambda path, body: completion(" a\nb ")) as server:
            assert one(server, one_line=False).text == "a\nb"

    @pytest.mark.parametrize(
        "given",
        [
            {"token_logprobs": [None, -1.5, -0.25]},
            {"content": [{"logprob": -1.5}, {"logprob": -0.25}]},
        ],
    )
    def test_log_probabilities(self, given: dict[str, Any]) -> None:
        with serving(lambda path, body: completion("Vélo", logprobs=given)) as server:
            found = one(server)
        assert (found.log_probability, found.tokens) == (-1.75, 2)

    def test_without_log_probabilities_there_is_no_number(self) -> None:
        with serving(lambda path, body: completion("Vélo")) as server:
            assert math.isnan(one(server).log_probability)

    @pytest.mark.parametrize(
        "reply",
        [
            {},
            {"choices": []},
            {"choices": [{}]},
            {"choices": "x"},
            {"choices": [{"text": 3}]},
            {"choices": [{"text": "a", "logprobs": {"token_logprobs": ["x"]}}]},
            {"choices": [{"text": "a"}], "usage": [1]},
        ],
    )
    def test_nonsense_is_one_sentence(self, reply: dict[str, Any]) -> None:
        wrong = pytest.raises(UserError, match="is not in the format of OpenAI's API")
        with serving(lambda path, body: reply) as server, wrong:
            one(server)

    def test_a_chat_without_content_is_empty(self) -> None:
        """Such as that of a model that was still thinking when its room ended."""
        shown = replace(PromptTemplate.load("alpaca"), chat=ServedChat("m", "")).render("Rad", DE_FR)
        with serving(lambda path, body: chat_reply(None, finish="length")) as server:
            [[found]] = of(server).generate([shown], GREEDY)
        assert (found.text, found.finish_reason) == ("", "length")


def test_it_needs_no_model_library() -> None:
    code = "import sys; from ontarget.translation.engines.server import ServerEngine; print(*({'torch', "
    code += "'transformers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "\n"
