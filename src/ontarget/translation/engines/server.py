"""The engine for a model on a server with OpenAI's API: vLLM, llama.cpp, Ollama, SGLang or a hosted one.

It needs no model library. With the model's tokenizer, prompts are token ids of ours, as for a model in this
process; without it they are text, or messages for the server's own chat template. Fields of a request that a
server does not know are left out after its first refusal.
"""

import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ontarget.checkpoints.context import ContextWindow
from ontarget.openai_api import OpenAIServer, Refused, ServerFailed, Session
from ontarget.prompts.encode import FastTokenizer, encode_prompt
from ontarget.prompts.segment import Prompt, WholePrompt
from ontarget.prompts.served_chat import messages_of
from ontarget.served_model import ServedModel
from ontarget.settings.decoding import Decoding, Sampling
from ontarget.translation.engines.control_tokens import broken, mended
from ontarget.translation.engines.output_text import before_stop, output_text
from ontarget.translation.engines.protocol import Capability, Progress
from ontarget.translation.engines.server_models import find_model
from ontarget.translation.hypothesis import Hypothesis

if TYPE_CHECKING:
    from ontarget.translation.adjustment import Adjuster

_LOG = logging.getLogger(__name__)
_STOPS = 4  # hosted services take no more; outputs are cut here, too
_FEWEST = 16  # tokens; a translation in fewer would be cut
_REFUSED = {400, 413, 422}
_TOO_LONG = re.compile(r"context[ _](length|size|window)|maximum (context|model) length|too long", re.I)
_CUT = {"length", "max_tokens", "model_length", "content_filter"}
# Fields that a server may lack. Without those of the second line, outputs may be others.
_OPTIONAL = ("n", "add_special_tokens", "chat_template_kwargs", "logprobs", "top_logprobs")
_DECIDING = ("seed", "stop", "temperature", "top_p")


@dataclass(frozen=True, slots=True)
class _Request:
    """A request without settings of decoding, and facts about its prompt.

    Attributes:
        path: the path below the server's URL.
        body: its fields.
        users: users' texts in the prompt, if the server reads it as text.
        tokens: number of tokens of the prompt; None if only the server can count them.
    """

    path: str
    body: Mapping[str, Any]
    users: str = ""
    tokens: int | None = None


class _TooLong(Exception):
    """The server refuses a prompt as too long; `tokens` is its length, if the server tells."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens


class ServerEngine:
    """A model on a server. See `Engine`.

    It has no beam search: the n-best list of a search is the greedy output, followed by samples.

    Args:
        server: the server.
        model: the model's name on the server.
        context: the number of tokens that the model takes.
        tokenizer: the model's tokenizer, to send prompts as token ids.
    """

    name = "server"
    capabilities = frozenset({Capability.N_BEST, Capability.SAMPLING})

    def __init__(
        self,
        server: OpenAIServer,
        model: str,
        context: ContextWindow | None = None,
        tokenizer: FastTokenizer | None = None,
    ) -> None:
        self.context, self.tokenizer = context or ContextWindow(None, ends=False), tokenizer
        self._server, self._model = server, model
        self._room, self._left_out = "max_tokens", set[str]()

    @classmethod
    def load(cls, model: ServedModel, *, trust_remote_code: bool = False) -> Self:
        """Looks the model up on its server, and loads its tokenizer if there is one.

        Raises:
            UserError: the server does not reply or does not have the model, or the tokenizer does not exist.
        """
        server = OpenAIServer(model.url, model.api_key_env, model.concurrency)
        name, context = find_model(server, model.name)
        if model.tokenizer is None:
            return cls(server, name, context)
        from ontarget.checkpoints.load import load_tokenizer
        from ontarget.model_place import locate

        tokenizer = load_tokenizer(locate(model.tokenizer), trust_remote_code=trust_remote_code)
        return cls(server, name, context, tokenizer)

    def generate(
        self,
        prompts: Sequence[Prompt],
        decoding: Decoding,
        *,
        count: int = 1,
        stop: Sequence[str] = (),
        end: str = "",
        one_line: bool = True,
        adjusters: "Sequence[Adjuster]" = (),
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        """See `Engine`. `progress` is called in another thread.

        Raises:
            UserError: the server refuses, or does not reply.
        """

        async def answer(session: Session, prompt: Prompt) -> list[Hypothesis]:
            request, room = self._request(prompt), decoding.max_new_tokens
            if request.tokens is not None:
                room = self.context.room(request.tokens, room)

            async def ask(**fields: Any) -> list[Hypothesis]:
                reply = await self._post(session, request, fields | ending, room)
                return _hypotheses(session, reply, request, stop, one_line)

            async def draw(sampling: Sampling, number: int) -> list[Hypothesis]:
                drawn = list[Hypothesis]()
                while len(drawn) < number:  # some servers give one at a time
                    more, seed = number - len(drawn), sampling.seed + len(drawn)
                    drawn += await ask(
                        temperature=sampling.temperature, top_p=sampling.top_p, seed=seed, n=more
                    )
                return sorted(drawn, key=lambda one: _rank(one, decoding.length_penalty))

            try:
                if room < 1:
                    raise _TooLong(request.tokens or 0)
                if decoding.sampling is not None:
                    found = await draw(decoding.sampling, count)
                else:
                    found = (await ask(temperature=0))[:1] + await draw(Sampling(), count - 1)
            except _TooLong as refused:
                return [Hypothesis("", "too-long", 0.0, 0, refused.tokens)]
            unique = dict[str, Hypothesis]()
            for one in found:
                unique.setdefault(one.text, one)
            return list(unique.values())

        ending = {"stop": list(stop[:_STOPS])} if stop else {}
        return self._server.each(answer, prompts, progress)

    def _request(self, prompt: Prompt) -> _Request:
        users = "\n".join(segment.text for segment in prompt if not segment.trusted)
        body: dict[str, Any] = {"model": self._model}
        if (messages := messages_of(prompt, broken)) is not None:
            body |= {"messages": messages, "logprobs": True, "top_logprobs": 1}
            # As in prompts/chat.py, which renders templates here.
            body["chat_template_kwargs"] = {"enable_thinking": False}
            return _Request("chat/completions", body, users)
        if self.tokenizer is not None:
            ids = encode_prompt(self.tokenizer, prompt)
            return _Request("completions", body | {"prompt": ids, "logprobs": 1}, tokens=len(ids))
        text = "".join(segment.text if segment.trusted else broken(segment.text) for segment in prompt)
        if isinstance(prompt, WholePrompt):
            body["add_special_tokens"] = False
        return _Request("completions", body | {"prompt": text, "logprobs": 1}, users)

    async def _post(
        self, session: Session, request: _Request, fields: Mapping[str, Any], room: int
    ) -> dict[str, Any]:
        """The reply to a request, without the fields that the server refuses."""
        while True:
            whole = {**request.body, **fields, self._room: room}
            sent = {name: value for name, value in whole.items() if name not in self._left_out}
            try:
                return await session.post(request.path, sent)
            except Refused as refused:
                if refused.status not in _REFUSED:
                    raise
                if _is_too_long(refused):
                    # Most servers count the room for the output, too.
                    tokens = refused.details.get("n_prompt_tokens")
                    if isinstance(tokens, int) or room < 2 * _FEWEST:
                        raise _TooLong(tokens if isinstance(tokens, int) else request.tokens or 0) from None
                    room //= 2
                elif not self._does_without(refused, sent):
                    if request.tokens is None:
                        raise
                    remedy = "; if the server takes no token IDs, leave out the tokenizer"
                    raise ServerFailed(f"{refused}{remedy}", f"{refused.cause}{remedy}") from None

    def _does_without(self, refused: Refused, sent: Mapping[str, Any]) -> bool:
        """Whether the refusal is of an optional field, which is left out from now on."""
        said = f"{refused.reason} {refused.details.get('param', '')}"
        if "max_completion_tokens" in said and "max_tokens" in sent:
            self._room = "max_completion_tokens"
            return True
        for field in (*_OPTIONAL, *_DECIDING):
            if field in sent and re.search(rf"\b{field}\b", said):
                if field in _DECIDING and field not in self._left_out:
                    _LOG.warning("%s does not take '%s', so outputs may vary", self._server.url, field)
                self._left_out.add(field)
                return True
        return False


def _is_too_long(refused: Refused) -> bool:
    kinds = {refused.details.get("type"), refused.details.get("code")}
    known = {"exceed_context_size_error", "context_length_exceeded"}
    return bool(kinds & known) or _TOO_LONG.search(refused.reason) is not None


def _hypotheses(
    session: Session, reply: Mapping[str, Any], request: _Request, stop: Sequence[str], one_line: bool
) -> list[Hypothesis]:
    """The choices of a reply; at least one."""
    try:
        choices, usage = reply["choices"], reply.get("usage") or {}
        found = []
        for choice in choices:
            message = choice["message"]["content"] if "messages" in request.body else choice["text"]
            text = mended(message or "", request.users)
            cut = choice.get("finish_reason") in _CUT and before_stop(text, stop) is None
            each = _log_probabilities(choice.get("logprobs"))
            found.append(
                Hypothesis(
                    output_text(text, stop, one_line),
                    "length" if cut else "stop",
                    math.nan if each is None else math.fsum(each),
                    int(usage.get("completion_tokens") or 0) // len(choices) if each is None else len(each),
                    int(usage.get("prompt_tokens") or request.tokens or 0),
                )
            )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise session.nonsense(reply) from None
    if not found:
        raise session.nonsense(reply)
    return found


def _log_probabilities(given: Any) -> list[float] | None:
    """Those of the output's tokens, in the form of chats or of completions; None without them."""
    if not isinstance(given, dict):
        return None
    if given.get("content"):
        return [float(token["logprob"]) for token in given["content"]]
    of_tokens = given.get("token_logprobs")
    return [float(one) for one in of_tokens if one is not None] if of_tokens else None


def _rank(found: Hypothesis, length_penalty: float) -> float:
    """Less for better hypotheses; the same for all if the server has no log-probabilities."""
    if math.isnan(found.log_probability):
        return 0.0
    return -found.log_probability / math.pow(max(found.tokens, 1), length_penalty)
