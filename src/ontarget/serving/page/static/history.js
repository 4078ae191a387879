// Former translations, in this browser alone.

import { readData, write } from "./storage.js";

const NAME = "ontarget.history";
const MOST = 50; // entries

const entries = document.getElementById("entries");
const choices = document.getElementById("form").elements;

let restore = () => {};

/** Calls back with the entry that the user chooses. */
export function onRestore(callback) {
  restore = callback;
}

/** Keeps {source, target, text, names, sentences, done}; of the same text and languages, only the last. */
export function keep(entry) {
  const same = (one) => ["source", "target", "text"].every((name) => one[name] === entry[name]);
  let kept = [{ ...entry, at: Date.now() }, ...all().filter((one) => !same(one))].slice(0, MOST);
  while (kept.length && !write("localStorage", NAME, JSON.stringify(kept))) kept = kept.slice(0, -1); // the browser's room is full
  show();
}

function all() {
  const found = readData("localStorage", NAME);
  return Array.isArray(found) ? found.filter(isEntry) : [];
}

/** Whether it can be shown: another version of the page may have kept it, or another program of this address. */
function isEntry(one) {
  const texts = [one?.source, one?.target, one?.text];
  return texts.every(isText) && isList(one.names, isText) && isList(one.sentences, isSentence);
}

const isText = (one) => typeof one === "string";
const isList = (one, of) => Array.isArray(one) && one.every(of);
const isSentence = (one) => isText(one?.text) && isText(one.source) && (!one.badge || isList(one.badge.notes, isText));

/** Whether the server translates from and into its languages: an earlier server of this address may have had others. */
const isOffered = (entry) =>
  ["source", "target"].every((name) => [...choices[name].options].some((option) => option.value === entry[name]));

function show() {
  const kept = all();
  entries.replaceChildren(
    ...kept.filter(isOffered).map((entry) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      const line = (name, text) => button.append(Object.assign(document.createElement(name), { textContent: text }));
      line("small", `${entry.names.join(" → ")}, ${new Date(entry.at).toLocaleString("en-GB")}`);
      line("span", entry.text);
      line("span", entry.sentences.map((one) => one.text).join(""));
      button.addEventListener("click", () => restore(entry));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
  document.getElementById("forget").hidden = !kept.length;
}

document.getElementById("forget").addEventListener("click", () => {
  write("localStorage", NAME, null);
  show();
});
show();
