// The translation: sentences with badges, whose details offer other translations.

import { messageOf } from "./request.js";
import { divided } from "./text.js";

const output = document.getElementById("output");
const counts = document.getElementById("counts");
const copy = document.getElementById("copy");

let shown = []; // {sentence, node, badge, details}
let pointed = () => {};
let asked = async () => [];

export const text = () => shown.map((one) => one.sentence.text).join("");
export const sentences = () => shown.map((one) => one.sentence);

/** Calls back with the sentence that is under the pointer or has the focus; -1: there is none. */
export function onPoint(callback) {
  pointed = callback;
}

/** Sets the function that gives other translations of a source. */
export function onAsk(callback) {
  asked = callback;
}

export function clear(language) {
  output.replaceChildren();
  output.lang = language;
  output.classList.remove("stale");
  shown = [];
  count();
}

/** Marks the translation as one of another text. */
export function outdate() {
  output.classList.toggle("stale", shown.length > 0);
}

export const isStale = () => output.classList.contains("stale");

export function add(sentence) {
  const { before, inner, after } = divided(sentence.text);
  const one = { sentence };
  output.append(before);
  if (sentence.badge && inner) {
    const place = shown.length;
    const part = document.getElementById("sentence").content.cloneNode(true);
    [one.node, one.badge, one.details] = part.children;
    one.details.id = one.badge.popoverTarget = `details-${place}`;
    one.badge.setAttribute("popovertarget", one.details.id);
    fill(one);
    wire(one, place);
    output.append(part);
  } else {
    output.append(inner);
  }
  output.append(after);
  shown.push(one);
  count();
}

export function highlight(number) {
  shown.forEach((one, place) => one.node?.classList.toggle("on", place === number));
}

/** Goes to the next badge in a direction, 1 or -1. */
export function go(badge, step) {
  const badges = shown.flatMap((one) => one.badge ?? []);
  badges[badges.indexOf(badge) + step]?.focus();
}

/** How many sentences have which verdict, in words. */
export const summary = () => [...counts.children].map((one) => one.textContent.trim()).join(", ");

function fill({ sentence, node, badge, details }) {
  const { state, label, notes, warning } = sentence.badge;
  node.textContent = sentence.text.trim();
  node.lang = sentence.language;
  node.dataset.state = badge.dataset.state = state;
  badge.querySelector("use").setAttribute("href", `#icon-${state}`);
  badge.querySelector(".label").textContent = label;
  badge.querySelector(".warning").hidden = !warning;
  details.querySelector("h2").textContent = label;
  details.querySelector("blockquote").textContent = sentence.source.trim();
  details.querySelector(".notes").replaceChildren(
    ...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })),
  );
}

function wire(one, place) {
  for (const element of [one.node, one.badge]) {
    element.addEventListener("mouseenter", () => pointed(place));
    element.addEventListener("mouseleave", () => pointed(-1));
  }
  one.badge.addEventListener("focus", () => pointed(place));
  one.badge.addEventListener("blur", () => pointed(-1));
  one.node.addEventListener("click", () => {
    if (!getSelection().toString()) one.badge.click(); // a selection is for copying
  });
  one.details.addEventListener("toggle", (event) => event.newState === "open" && offer(one));
}

async function offer(one) {
  const others = one.details.querySelector(".others");
  if (others.childElementCount) return;
  const title = document.createElement("h3");
  title.textContent = "Looking for other translations …";
  others.append(title);
  try {
    const found = await asked(one.sentence);
    title.textContent = found.length ? "Other translations" : "There are no other translations.";
    others.append(...found.map((other) => choice(one, other)));
  } catch (error) {
    title.textContent = messageOf(error);
  }
}

function choice(one, other) {
  const button = document.createElement("button");
  button.type = "button";
  button.lang = other.language;
  button.dataset.state = other.badge.state;
  const icon = one.badge.querySelector("svg").cloneNode(true);
  icon.querySelector("use").setAttribute("href", `#icon-${other.badge.state}`);
  const label = Object.assign(document.createElement("span"), { className: "unseen", textContent: other.badge.label });
  button.append(Object.assign(document.createElement("span"), { textContent: other.text.trim() }), label, icon);
  button.addEventListener("click", () => {
    const former = { ...one.sentence, text: one.sentence.text.trim() };
    const { before, after } = divided(one.sentence.text);
    one.sentence = { ...other, source: one.sentence.source, text: before + other.text.trim() + after };
    fill(one);
    button.replaceWith(choice(one, former));
    count();
    one.details.hidePopover();
    one.badge.focus();
  });
  return button;
}

function count() {
  const states = shown.flatMap((one) => one.sentence.badge?.state ?? []);
  counts.replaceChildren();
  for (const template of document.querySelectorAll("template[data-count]")) {
    const number = states.filter((state) => state === template.dataset.count).length;
    if (!number) continue;
    const part = template.content.cloneNode(true);
    part.querySelector("b").textContent = number;
    counts.append(part);
  }
  copy.hidden = shown.length === 0;
}
