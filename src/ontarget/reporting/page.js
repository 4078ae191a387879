"use strict";
(async () => {
  const form = document.getElementById("filters");
  const list = document.getElementById("segments");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const AT_ONCE = 20;

  const unpack = async () => {
    const packed = atob(document.getElementById("outputs-data").textContent.trim());
    const bytes = Uint8Array.from(packed, (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };
  let data;
  try {
    data = await unpack();
  } catch {
    count.textContent = "This browser cannot unpack the outputs; one of 2023 or later can. They are in the run's folder outputs/, too.";
    return;
  }

  const ids = (name) => [...form.elements[name].options].filter((o) => o.dataset.place !== undefined);
  const systems = ids("system");
  const directions = ids("direction");

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

  const answer = (system, [text, language, percent, off, outcome, cut, start, end]) => {
    const name = data.languages[language];
    const verdict = make("div", "language", (off ? "✗ off-target: " : "✓ ") + name);
    if (name !== "empty") verdict.append(" ", make("small", "", (percent / 100).toFixed(2)));
    const why = data.outcomes[outcome];
    if (["copy", "run-on", "unknown", "script"].includes(why)) verdict.append(" ", make("small", "", why));
    const words = make("div", "text");
    words.dir = "auto";
    if (start < 0) words.append(text);
    else words.append(text.slice(0, start), make("mark", "", text.slice(start, end)), text.slice(end));
    if (cut) words.append(" ", make("span", "remark", "(cut at the length limit)"));
    return make("div", off ? "answer off" : "answer", make("div", "system", system.text), verdict, words);
  };

  const show = ([direction, line, source, reference], answers) => {
    const option = directions[direction];
    const head = make("div", "given", given(`${option.text}, line ${line}`, source, option.dataset.source));
    if (reference) head.append(given("Reference", reference, option.dataset.target));
    return make("div", "segment", head, ...answers.map(([place, found]) => answer(systems[place], found)));
  };

  const find = () => {
    const system = form.elements.system.value;
    const direction = form.elements.direction.value;
    const off = form.elements.off.checked;
    const words = form.elements.q.value.toLowerCase();
    const fitting = directions.map((o) => !direction || o.value === direction || o.dataset.kind === direction);
    const has = (text) => text.toLowerCase().includes(words);
    const found = [];
    for (const segment of data.segments) {
      const [place, , source, reference, all] = segment;
      if (!fitting[place]) continue;
      const inGiven = !words || has(source) || has(reference);
      const answers = [];
      all.forEach((one, i) => {
        if (one && (!system || systems[i].value === system) && (!off || one[3]) && (inGiven || has(one[0]))) answers.push([i, one]);
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

  // The filters stand in the address, so that a view can be sent to somebody: #system=mt&off=1&q=hat
  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (![...wanted.keys()].some((key) => key in form.elements)) return false; // a link to a section
    for (const key of ["system", "direction", "q"]) {
      const field = form.elements[key];
      field.value = wanted.get(key) ?? "";
      if (field.selectedIndex === -1) field.selectedIndex = 0;
    }
    form.elements.off.checked = wanted.get("off") === "1";
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
