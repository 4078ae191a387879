// Joins the parts of the page. Without this script, the page is a form that works alone.

import * as documents from "./documents.js";
import * as editor from "./editor.js";
import * as history from "./history.js";
import * as output from "./output.js";
import { isReady, messageOf, rememberKey, rememberedKey, translated } from "./request.js";
import { readData, write } from "./storage.js";

const CHOICES = "ontarget.choices"; // languages and glossary of the last visit
const OTHERS = 4; // other translations that are asked for
const POLL = 2000; // milliseconds

const form = document.getElementById("form");
const { source, target, terms, swap, model, api_key: key } = form.elements;
const card = document.getElementById("card");
const error = document.getElementById("error");
const status = document.getElementById("status");
const button = document.getElementById("translate");
const copy = document.getElementById("copy");

const DETECT = source.options[0].textContent;

let running = null; // the AbortController of the translation in progress
let detected = null; // {source, name}, the identified language of the text that is shown

async function translate() {
  running?.abort();
  const text = editor.text();
  output.clear(target.value);
  editor.setText(text);
  detect(null);
  say("", "");
  if (!text.trim()) return;
  const own = (running = new AbortController());
  busy(true);
  const request = { text, source: source.value, target: target.value };
  try {
    for await (const found of translated({ ...request, ...settings() }, own.signal)) {
      if (own.signal.aborted) return;
      if (found.sentence) output.add(found.sentence);
      if (found.done) finish(request, found.done);
    }
  } catch (problem) {
    if (own.signal.aborted) return;
    say(messageOf(problem), "");
    if (problem.status === 401 || problem.status === 403) key?.focus();
  } finally {
    if (running === own) busy(false);
  }
}

const settings = () => ({ terms: terms.value, model: model?.value ?? "" });

function finish(request, done) {
  const sentences = output.sentences();
  if (editor.text() === request.text) editor.divide(sentences.map((one) => one.source));
  if (request.source === "auto") detect(done);
  announce(`${detected ? `Detected language: ${done.name}. ` : ""}Translated: ${output.summary()}.`);
  const names = [done.name ?? source.selectedOptions[0].textContent, target.selectedOptions[0].textContent];
  history.keep({ ...request, names, sentences, done });
}

/** Shows the identified language {source, name} in the place of "Detect language"; null or {}: it is not known. */
function detect(found) {
  detected = found?.source ? found : null;
  source.options[0].textContent = detected ? `${detected.name} (detected)` : DETECT;
}

function busy(is) {
  card.classList.toggle("busy", is);
  button.textContent = is ? "Stop" : "Translate";
  if (is) say("", "Translating …");
  else running = null;
}

function stop() {
  running?.abort();
  busy(false);
  say("", "Stopped.");
}

function say(wrong, news) {
  error.textContent = wrong;
  status.textContent = news;
  status.className = "";
}

/** Tells a screen reader what the page shows. */
function announce(news) {
  say("", news);
  status.className = "unseen";
}

function outdate() {
  detect(null);
  output.outdate();
  point(-1);
}

function point(number) {
  const place = output.isStale() ? -1 : number;
  editor.highlight(place);
  output.highlight(place);
}

function exchange() {
  const from = source.value === "auto" ? detected?.source : source.value;
  if (!from || ![...target.options].some((option) => option.value === from)) {
    say("Choose the source language before you swap.", "");
    source.focus();
    return;
  }
  [source.value, target.value] = [target.value, from];
  remember();
  if (!output.text() || output.isStale()) {
    outdate();
    return;
  }
  editor.setText(output.text());
  translate();
}

function restore(entry) {
  running?.abort();
  busy(false);
  source.value = entry.source;
  target.value = entry.target;
  editor.setText(entry.text);
  output.clear(entry.target);
  entry.sentences.forEach(output.add);
  editor.divide(entry.sentences.map((one) => one.source));
  detect(entry.source === "auto" ? entry.done : null);
  say("", "");
  scrollTo({ top: 0 });
}

async function others(sentence) {
  const from = source.value === "auto" ? detected?.source ?? "auto" : source.value;
  const request = { text: sentence.source.trim(), source: from, target: target.value, alternatives: OTHERS };
  const found = [];
  for await (const line of translated({ ...request, ...settings() })) {
    if (line.alternative) found.push(line.alternative);
  }
  return found.filter((one) => one.text.trim() !== sentence.text.trim());
}

function remember() {
  const choices = { source: source.value, target: target.value, terms: terms.value };
  write("localStorage", CHOICES, JSON.stringify(choices));
}

function recall() {
  const choices = readData("localStorage", CHOICES);
  for (const field of [source, target]) {
    const value = choices?.[field.name];
    if ([...field.options].some((option) => option.value === value)) field.value = value;
  }
  terms.value ||= choices?.terms ?? "";
}

async function waitUntilReady() {
  if (await isReady()) return;
  say("", "The model is being loaded …");
  while (!(await isReady())) await new Promise((done) => setTimeout(done, POLL));
  say("", "The model is ready.");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter === swap) exchange();
  else if (event.submitter?.id === "send") [...form.elements.file.files].forEach(documents.translateFile);
  else if (running) stop();
  else translate();
});
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (event.shiftKey) exchange();
    else translate();
  } else if (event.key === "Escape" && running) {
    stop();
  } else if (event.target.matches?.(".badge") && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    event.preventDefault();
    output.go(event.target, event.key === "ArrowRight" ? 1 : -1);
  }
});
for (const field of [source, target, ...(model ? [model] : [])]) {
  field.addEventListener("change", () => {
    remember();
    outdate();
    if (output.text()) translate();
  });
}
terms.addEventListener("change", remember);
key?.addEventListener("input", () => rememberKey(key.value));
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(output.text());
  say("", "Copied.");
});

if (key) key.value = rememberedKey();
recall();
editor.onChange(outdate);
editor.onPoint(point);
output.onPoint(point);
output.onAsk(others);
history.onRestore(restore);
documents.takeDrops();
document.documentElement.classList.add("script");
waitUntilReady();
