"use strict";
(async () => {
  const form = document.getElementById("filters");
  const list = document.getElementById("segments");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const AT_ONCE = 20;

  const inflate = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  let bytes;
  try {
    bytes = await inflate(document.getElementById("outputs-data").textContent.trim());
  } catch {
    count.textContent = "This browser cannot unpack the outputs; one of 2023 or later can. They are in the run's folder outputs/, too.";
    return;
  }

  const ids = (name) => [...form.elements[name].options].filter((o) => o.dataset.place !== undefined);
  const systems = ids("system");
  const directions = ids("direction");

  // A header, and numbers of seven bits a byte; words by their places (compact.py, browser.py).
  const unpack = () => {
    const header = bytes.indexOf(10);
    const { verdicts, words } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, header)));
    let at = header + 1;
    const number = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        value |= (byte & 127) << shift;
        if (byte < 128) return value;
      }
    };
    const column = () => Array.from({ length: number() }, number);
    const [places, lines, said, found, percents, starts, lengths] = Array.from({ length: 7 }, column);
    const texts = Array.from({ length: number() }, () => {
      let text = "";
      for (let word = number(); word; word = number()) text += words[word - 1];
      return text;
    });
    let told = 0, known = 0, judged = 0;
    const text = () => {
      const back = said[told++];
      return back === 0 ? null : back === 1 ? texts[known++] : texts[known + 1 - back];
    };
    const answer = () => {
      const words = text();
      if (words === null) return null;
      const i = judged++;
      const [language, state, outcome, cut] = verdicts[found[i]];
      return { text: words, language, state, outcome, cut, percent: percents[i], start: starts[i], length: lengths[i] };
    };
    return places.map((place, i) => ({
      place, line: lines[i], source: text(), reference: text(), answers: systems.map(answer),
    }));
  };
  const segments = unpack();

  // All that the user gave and all that a model wrote goes into the page as text, never as HTML.
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
  const answer = (system, { text, language, state, outcome, cut, percent, start, length }) => {
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
    return make("div", "segment", head, ...answers.map(([i, one]) => answer(systems[i], one)));
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
      : "No output fits these filters.";
    extend();
  };

  // The filters stand in the address, so that a view can be sent to somebody: #system=mt&state=off&q=hat
  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (![...wanted.keys()].some((key) => key in form.elements)) return false; // a link to a section
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
  addEventListener("hashchange", () => { if (read()) update(); });
  read();
  update();
})();
