// The text to translate. A mirror behind the text area grows with it, and shows which sentence is meant.

import { divided } from "./text.js";

const form = document.getElementById("form");
const area = form.elements.text;
const mirror = document.querySelector(".mirror");
const characters = document.getElementById("characters");
const clear = document.getElementById("clear");
const limit = Number(form.dataset.limit);

let pieces = []; // elements of the mirror, one for each sentence

export const text = () => area.value;

export function setText(value) {
  area.value = value;
  refresh();
}

/** Puts the sentences of the text into the mirror, where they can be highlighted. */
export function divide(sources) {
  mirror.replaceChildren();
  pieces = sources.map((source) => {
    const { before, inner, after } = divided(source);
    const piece = Object.assign(document.createElement("span"), { textContent: inner });
    mirror.append(before, piece, after);
    return piece;
  });
  mirror.append("\n");
}

/** Highlights a sentence; no sentence with -1. */
export function highlight(number) {
  pieces.forEach((piece, place) => piece.classList.toggle("on", place === number));
}

/** Calls back with the sentence under the pointer or the caret; -1: there is none. */
export function onPoint(pointed) {
  area.addEventListener("mousemove", (event) => pointed(sentenceAt(event.clientX, event.clientY)));
  area.addEventListener("mouseleave", () => pointed(-1));
  area.addEventListener("blur", () => pointed(-1));
  document.addEventListener("selectionchange", () => {
    if (document.activeElement === area) pointed(sentenceOf(area.selectionStart));
  });
}

/** Calls back after each change of the text by its user. */
export function onChange(changed) {
  area.addEventListener("input", () => {
    refresh();
    changed();
  });
  clear.addEventListener("click", () => {
    setText("");
    area.focus();
    changed();
  });
}

function refresh() {
  pieces = [];
  mirror.textContent = `${area.value}\n`; // without its last line break, an empty line would not grow the mirror
  const length = [...area.value].length;
  characters.textContent = `${length.toLocaleString("en")} / ${limit.toLocaleString("en")}`;
  characters.classList.toggle("over", length > limit);
  clear.hidden = !area.value;
}

function sentenceAt(x, y) {
  const holds = (box) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
  return pieces.findIndex((piece) => [...piece.getClientRects()].some(holds));
}

function sentenceOf(place) {
  let end = 0;
  return pieces.findIndex((piece) => {
    const begin = area.value.indexOf(piece.textContent, end);
    end = begin + piece.textContent.length;
    return piece.textContent && begin <= place && place <= end;
  });
}

refresh();
