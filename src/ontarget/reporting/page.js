"use strict";
(async () => {
  const form = document.getElementById("filters");
  const list = document.getElementById("segments");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const AT_ONCE = 20;

  const read = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  };
  let data;
  try {
    data = await read(document.getElementById("outputs-data").textContent.trim());
  } catch {
    count.textContent = "This browser cannot show the outputs; please use a browser from 2023 or later. They are also in the run's folder outputs/.";
    return;
  }

  const ids = (name) => [...form.elements[name].options].filter((o) => o.dataset.place !== undefined);
  const systems = ids("system");
  const directions = ids("direction");

  const answer = (packed) => {
    if (packed === null) return null;
    const [text, verdict, percent, start = 0, length = 0] = packed;
    const [language, state, outcome, cut] = data.verdicts[verdict];
    return { text, language, state, outcome, cut, percent, start, length };
  };
  const segments = data.segments.map(([place, line, source, reference, outputs]) => ({
    place, line, source, reference, answers: outputs.map(answer),
  }));

  // Texts of users and models are inserted as text, never as HTML.
  const make = (tag, name, ...children) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children);
    return element;
  };

  const given = (title, text, language) => {
    const words = make("bdi", "text", text);
    words.lang = language;
    return make("p", "", make("span", "", title), " ", words);
  };

  const SAID = { on: "✓ ", off: "✗ off-target: ", unsure: "? unsure: ", neutral: "○ neutral" };
  const shownAnswer = (system, { text, language, state, outcome, cut, percent, start, length }) => {
    const verdict = make("div", "language", SAID[state] + (state === "neutral" ? "" : language));
    if (language !== "empty" && state !== "neutral") verdict.append(" ", make("small", "", (percent / 100).toFixed(2)));
    if (["copy", "run-on", "unknown", "script"].includes(outcome)) verdict.append(" ", make("small", "", outcome));
    const words = make("div", "text");
    words.dir = "auto";
    const end = start + length;
    if (length) words.append(text.slice(0, start), make("mark", "", text.slice(start, end)), text.slice(end));
    else words.append(text);
    if (cut) words.append(" ", make("span", "remark", "(cut at the length limit)"));
    return make("div", state === "on" ? "answer" : `answer ${state}`, make("div", "system", system.text), verdict, words);
  };

  const show = ({ place, line, source, reference }, answers) => {
    const option = directions[place];
    const head = make("div", "given", given(`${option.text}, line ${line}`, source, option.dataset.source));
    if (reference) head.append(given("Reference", reference, option.dataset.target));
    return make("div", "segment", head, ...answers.map(([i, one]) => shownAnswer(systems[i], one)));
  };

  const find = () => {
    const system = form.elements.system.value;
    const direction = form.elements.direction.value;
    const state = form.elements.state.value;
    const words = form.elements.q.value.toLowerCase();
    const fitting = directions.map((o) => !direction || o.value === direction || o.dataset.kind === direction);
    const has = (text) => text !== null && text.toLowerCase().includes(words);
    const found = [];
    for (const segment of segments) {
      if (!fitting[segment.place]) continue;
      const inGiven = !words || has(segment.source) || has(segment.reference);
      const answers = [];
      segment.answers.forEach((one, i) => {
        if (one && (!system || systems[i].value === system) && (!state || one.state === state) && (inGiven || has(one.text))) answers.push([i, one]);
      });
      if (answers.length) found.push([segment, answers]);
    }
    return found;
  };

  let found = [];
  let shown = 0;
  const extend = () => {
    list.append(...found.slice(shown, shown + AT_ONCE).map(([segment, answers]) => show(segment, answers)));
    shown = Math.min(shown + AT_ONCE, found.length);
    more.hidden = shown === found.length;
    more.textContent = `Show more (${(found.length - shown).toLocaleString("en")} segments left)`;
  };
  const update = () => {
    found = find();
    shown = 0;
    list.replaceChildren();
    const outputs = found.reduce((sum, [, answers]) => sum + answers.length, 0);
    count.textContent = found.length
      ? `${outputs.toLocaleString("en")} outputs of ${found.length.toLocaleString("en")} segments`
      : "No output matches these filters.";
    extend();
  };

  // The address holds the filters, so that a view can be shared: #system=mt&state=off&q=hat
  const readAddress = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (![...wanted.keys()].some((key) => key in form.elements)) return false; // the address links to a section
    for (const key of ["system", "direction", "state", "q"]) {
      const field = form.elements[key];
      field.value = wanted.get(key) ?? "";
      if (field.selectedIndex === -1) field.selectedIndex = 0;
    }
    return true;
  };
  const write = () => {
    const chosen = new URLSearchParams(new FormData(form));
    for (const [key, value] of [...chosen]) if (!value) chosen.delete(key);
    history.replaceState(null, "", `#${chosen.toString() || "outputs"}`);
  };

  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { write(); update(); }, 150);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", extend);
  addEventListener("hashchange", () => {
    if (!readAddress()) return;
    update();
    form.scrollIntoView(); // the page itself has links to views
  });
  readAddress();
  update();
})();
