// Documents: chosen or dropped, translated by the server, saved by the browser.

import { messageOf, posted } from "./request.js";

const form = document.getElementById("form");
const panel = document.getElementById("documents");
const files = document.getElementById("files");
const COUNTED = { on_target: "right language", unsure: "unsure", off_target: "wrong language", neutral: "no words" };

export async function translateFile(file) {
  panel.open = true;
  const item = document.createElement("li");
  item.textContent = `${file.name}: translating …`;
  files.prepend(item);
  const body = new FormData();
  body.append("file", file);
  body.append("source", form.elements.source.value);
  body.append("target", form.elements.target.value);
  body.append("glossary", tabbed(form.elements.terms.value));
  if (form.elements.model) body.append("model", form.elements.model.value);
  try {
    const reply = await posted("document", body);
    const report = JSON.parse(reply.headers.get("Ontarget-Report") ?? "{}");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await reply.blob());
    link.download = link.textContent = nameIn(reply, file.name);
    item.replaceChildren("Save ", link, ` ${counted(report.outcomes ?? {})}`);
  } catch (error) {
    item.className = "failed";
    const message = messageOf(error);
    item.textContent = message.includes(file.name) ? message : `${file.name}: ${message}`;
  }
}

/** Documents that are dropped anywhere on the page. */
export function takeDrops() {
  const has = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!has(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!has(event)) return;
    event.preventDefault();
    for (const file of event.dataTransfer.files) translateFile(file);
  });
}

/** Lines of the glossary with tabs in the place of commas and quotes. */
function tabbed(terms) {
  return terms.replace(/^(?:"([^"]*)"|([^,\t]+)),\s*/gm, "$1$2\t").replace(/\t"([^"]*)"$/gm, "\t$1");
}

function nameIn(reply, name) {
  const found = /filename\*=utf-8''([^;]+)/i.exec(reply.headers.get("Content-Disposition") ?? "");
  return found ? decodeURIComponent(found[1]) : name;
}

function counted(outcomes) {
  const parts = Object.entries(COUNTED).flatMap(([name, words]) => (outcomes[name] ? `${outcomes[name]} ${words}` : []));
  return parts.length ? `(${parts.join(", ")})` : "";
}
