// Requests to this server. The API key stays in the tab.

import { read, write } from "./storage.js";

const ROOT = new URL("..", import.meta.url); // a proxy may have the server under any path
const KEY = "ontarget.key";
// Messages, by the code of an error, where the usual one speaks of what the page does not show.
const IN_THE_FORM = { invalid_api_key: "the API key is missing or wrong; enter it in the field 'API key'" };

/** What the server refuses, with its message. */
export class Refusal extends Error {
  constructor(status, error) {
    super(sentence(IN_THE_FORM[error?.code] ?? error?.message ?? `the server answered with status ${status}`));
    this.status = status;
    this.code = error?.code;
  }
}

/** What went wrong, for people: browsers have words of their own for a connection that fails. */
export function messageOf(problem) {
  return problem instanceof TypeError ? "The server cannot be reached; try again." : problem.message;
}

export function rememberedKey() {
  return read("sessionStorage", KEY) ?? "";
}

export function rememberKey(key) {
  write("sessionStorage", KEY, key);
}

/** A reply of the server for a path from its root; throws a Refusal unless all is well. */
export async function posted(path, body, { headers = {}, signal } = {}) {
  const key = rememberedKey();
  const authorization = key ? { Authorization: `Bearer ${key}` } : {};
  const reply = await fetch(new URL(path, ROOT), { method: "POST", body, headers: { ...headers, ...authorization }, signal });
  if (!reply.ok) {
    const found = await reply.json().catch(() => null);
    throw new Refusal(reply.status, found?.error);
  }
  return reply;
}

/** The objects with which the server answers the fields of the page, as they come. */
export async function* translated(fields, signal) {
  const headers = { "Content-Type": "application/json" };
  const reply = await posted("", JSON.stringify(fields), { headers, signal });
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let done = false;
  for (;;) {
    const piece = await reader.read();
    if (piece.done) break;
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const found = JSON.parse(line);
      if (found.error) throw new Refusal(reply.status, found.error);
      done ||= "done" in found;
      yield found;
    }
  }
  if (!done) throw new Error("The connection ended before the translation; try again.");
}

/** Whether the model is loaded. */
export async function isReady() {
  const reply = await fetch(new URL("ready", ROOT)).catch(() => null);
  return reply === null || reply.status !== 503;
}

/** A message of the server as a sentence. */
function sentence(message) {
  return message[0].toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? "" : ".");
}
