// The review in the browser: keys, drawing, saving. No library, no build step.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => Array.from(root.querySelectorAll(selector));
const block = $("#data");
const data = block ? JSON.parse(block.textContent) : null;
const opened = Date.now();

// ------------------------------------------------------------------ theme, state, alarm

$("#theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("mmskin:theme", next);
});

function tell(state, words) {
  const place = $("#state");
  place.dataset.state = state;
  place.textContent = words || state;
}

function shout(words, ...buttons) {
  const place = $("#alert");
  place.replaceChildren(document.createTextNode(words));
  for (const [label, action] of buttons) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", action);
    place.append(button);
  }
  place.hidden = false;
  if (buttons.length) $("button", place).focus();
}

function calm() {
  $("#alert").hidden = true;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  let content;
  try {
    content = await answer.json();
  } catch {
    content = { error: `the server answered ${answer.status}` };
  }
  return { status: answer.status, content };
}

// What could not be saved stays in the browser until it is.
const UNSAVED = "mmskin:unsaved";
let busy = false;

async function send(answers, onSaved) {
  if (busy) return;
  busy = true;
  tell("saving");
  localStorage.setItem(UNSAVED, JSON.stringify(answers));
  let found;
  try {
    found = await post("/decide", { answers });
  } catch {
    found = { status: 0, content: { error: "the server does not answer" } };
  }
  busy = false;
  const results = found.content.results || [];
  if (found.status === 200) {
    localStorage.removeItem(UNSAVED);
    for (const answer of answers) localStorage.removeItem(`mmskin:draft:${answer.task}`);
    calm();
    tell("saved");
    onSaved();
    return;
  }
  tell("failed", "NOT SAVED");
  const conflicts = results.filter((one) => one.conflict);
  if (conflicts.length) {
    const names = conflicts
      .map((one) => `${one.conflict.reviewer} decided "${one.conflict.verdict}"`)
      .slice(0, 3)
      .join("; ");
    shout(
      `Not saved: ${names} meanwhile.`,
      ["Keep theirs", () => { localStorage.removeItem(UNSAVED); onSaved(); }],
      ["Override with mine", () => {
        const known = new Map(conflicts.map((one) => [one.task, one.conflict.id]));
        const again = answers
          .filter((one) => known.has(one.task))
          .map((one) => ({ ...one, id: newId(), made_on: known.get(one.task), overrides: true }));
        send(again, onSaved);
      }],
    );
    return;
  }
  const wrong = results.filter((one) => one.error).map((one) => one.error);
  if (found.status === 422) {
    localStorage.removeItem(UNSAVED);
    const words = wrong[0] || found.content.error;
    shout(`Not saved: ${words}.`, ["Load again", () => location.reload()]);
    return;
  }
  shout(
    `NOT SAVED: ${found.content.error || "the server failed"}. Your answer is kept in this browser.`,
    ["Try again", () => send(answers, onSaved)],
  );
}

async function undo(decision) {
  tell("saving", "taking back");
  try {
    const { status, content } = await post("/undo", decision ? { decision } : {});
    if (status !== 200) {
      tell("failed", "nothing undone");
      shout(content.error, ["All right", calm]);
      return;
    }
    tell("saved", "taken back");
    location.assign(content.task ? `/task/${content.task}${query()}` : "/recent");
  } catch {
    tell("failed", "NOT TAKEN BACK");
    shout("Not taken back: the server does not answer.", ["Try again", () => undo(decision)]);
  }
}

const query = () => (data && data.query) || "";

function go(after) {
  const mark = after ? `${query() ? "&" : "?"}after=${after}` : "";
  location.assign(`/next${query()}${mark}`);
}

// An answer that a crash or a closed page left unsaved is tried again; a second time does no harm.
const left = localStorage.getItem(UNSAVED);
if (left) {
  try {
    send(JSON.parse(left), () => { if (data) location.reload(); });
  } catch {
    localStorage.removeItem(UNSAVED);
  }
}
addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });

// ------------------------------------------------------------------ veils

function unveil() {
  const button = $("#unveil");
  const show = !document.body.classList.contains("unveiled");
  document.body.classList.toggle("unveiled", show);
  if (button) button.setAttribute("aria-pressed", String(show));
  for (const image of $$("img[data-veiled='1']")) {
    image.src = image.getAttribute("src").split("?")[0] + (show ? "?clear=1" : "");
  }
}
if ($("#unveil")) $("#unveil").addEventListener("click", unveil);
const isVeiled = () => Boolean($("img[data-veiled='1']")) && !document.body.classList.contains("unveiled");

// ------------------------------------------------------------------ lists, home

for (const button of $$("button.undo")) {
  button.addEventListener("click", () => undo(button.dataset.id));
}
const form = $("#reviewer-form");
if (form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { status, content } = await post("/reviewer", { name: form.elements.name.value });
    if (status === 200) location.reload();
    else shout(content.error, ["All right", calm]);
  });
}
if ($("#undo")) $("#undo").addEventListener("click", () => undo());

// ------------------------------------------------------------------ boxes drawn by hand

const SVG = "http://www.w3.org/2000/svg";

class Boxes {
  // Rectangles in the units of an SVG's viewBox, drawn with a pointer or with keys.
  constructor(svg, onChange) {
    this.svg = svg;
    this.layer = $(".drawn", svg) || svg;
    this.onChange = onChange;
    this.all = [];
    this.chosen = -1;
    svg.addEventListener("pointerdown", (event) => this.begin(event));
  }

  get size() {
    const box = this.svg.viewBox.baseVal;
    return [box.width, box.height];
  }

  at(event) {
    const frame = this.svg.getBoundingClientRect();
    const [width, height] = this.size;
    const x = ((event.clientX - frame.left) / frame.width) * width;
    const y = ((event.clientY - frame.top) / frame.height) * height;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  begin(event) {
    if (!document.body.classList.contains("drawing")) return;
    event.preventDefault();
    const hit = this.all.findIndex((one) => one.rect === event.target);
    const start = this.at(event);
    const moving = hit >= 0;
    const index = moving ? hit : this.add([...start, ...start]);
    const before = [...this.all[index].box];
    this.choose(index);
    this.svg.setPointerCapture(event.pointerId);
    const move = (now) => {
      const [x, y] = this.at(now);
      this.all[index].box = moving
        ? this.shifted(before, x - start[0], y - start[1])
        : [Math.min(start[0], x), Math.min(start[1], y), Math.max(start[0], x), Math.max(start[1], y)];
      this.paint();
    };
    const end = () => {
      this.svg.removeEventListener("pointermove", move);
      this.svg.removeEventListener("pointerup", end);
      this.svg.removeEventListener("pointercancel", end);
      const [x0, y0, x1, y1] = this.all[index].box;
      const least = this.size[0] / 100;
      if (x1 - x0 < least || y1 - y0 < least) this.remove(index);
      this.onChange();
    };
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }

  shifted(box, dx, dy) {
    const [width, height] = this.size;
    dx = Math.min(width - box[2], Math.max(-box[0], dx));
    dy = Math.min(height - box[3], Math.max(-box[1], dy));
    return [box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy];
  }

  add(box) {
    const rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("class", "hand");
    this.layer.append(rect);
    this.all.push({ box, rect });
    this.choose(this.all.length - 1);
    return this.all.length - 1;
  }

  addInMiddle() {
    const [width, height] = this.size;
    this.add([width * 0.35, height * 0.35, width * 0.65, height * 0.65]);
    this.onChange();
  }

  remove(index) {
    if (index < 0 || index >= this.all.length) return;
    this.all[index].rect.remove();
    this.all.splice(index, 1);
    this.choose(this.all.length - 1);
    this.onChange();
  }

  clear() {
    for (const one of this.all) one.rect.remove();
    this.all = [];
    this.chosen = -1;
    this.onChange();
  }

  choose(index) {
    this.chosen = index;
    this.paint();
  }

  paint() {
    this.all.forEach(({ box, rect }, index) => {
      rect.setAttribute("x", box[0]);
      rect.setAttribute("y", box[1]);
      rect.setAttribute("width", box[2] - box[0]);
      rect.setAttribute("height", box[3] - box[1]);
      rect.classList.toggle("chosen", index === this.chosen);
    });
  }

  key(event) {
    // Arrows move the chosen box, with Shift they size it.
    const one = this.all[this.chosen];
    const step = this.size[0] / (event.altKey ? 400 : 60);
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key === "Delete" || event.key === "Backspace") {
      this.remove(this.chosen);
      return true;
    }
    if (event.key === "Tab" && this.all.length > 1) {
      this.choose((this.chosen + 1) % this.all.length);
      return true;
    }
    if (!one || !(event.key in ways)) return false;
    const [dx, dy] = ways[event.key];
    if (event.shiftKey) {
      const [width, height] = this.size;
      one.box[2] = Math.min(width, Math.max(one.box[0] + step, one.box[2] + dx));
      one.box[3] = Math.min(height, Math.max(one.box[1] + step, one.box[3] + dy));
    } else {
      one.box = this.shifted(one.box, dx, dy);
    }
    this.paint();
    this.onChange();
    return true;
  }

  get boxes() {
    return this.all.map(({ box }) => box.map((number) => Math.round(number * 100) / 100));
  }

  set boxes(all) {
    for (const one of this.all) one.rect.remove();
    this.all = [];
    for (const box of all) this.add([...box]);
    this.choose(this.all.length - 1);
  }
}

// ------------------------------------------------------------------ one task

function startTask() {
  const canvas = data.kind === "figure" ? $(".sheet.here svg") : $("#canvas");
  const draft = { value: null, caption: null, boxes: null, joined: false, letters: [], parts: [], fields: {} };
  const boxes = canvas ? new Boxes(canvas, keep) : null;
  const save = $("#save");
  let touched = false;

  const letters = () => $$(".panel .letter").map((input) => input.value.trim().toLowerCase());
  const parts = () => $$(".panel .part textarea").map((area) => area.value.trim());
  const fields = () => {
    const found = {};
    for (const name of ["question", "answer", "text"]) if ($(`#${name}`)) found[name] = $(`#${name}`).value;
    for (const input of $$("#patient [name]")) found[input.name] = input.value.trim();
    if ($("#reason")) found.reason = $("#reason").value;
    return found;
  };
  const first = { letters: letters(), parts: parts(), fields: fields() };

  function keep() {
    touched = true;
    Object.assign(draft, { letters: letters(), parts: parts(), fields: fields() });
    if (boxes) draft.boxes = boxes.boxes;
    localStorage.setItem(`mmskin:draft:${data.id}`, JSON.stringify({ ground: data.ground, draft }));
    offer();
    tell("editing", "not saved yet");
  }

  function restore() {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(`mmskin:draft:${data.id}`));
    } catch {
      kept = null;
    }
    if (!kept) return;
    if (kept.ground !== data.ground) {
      localStorage.removeItem(`mmskin:draft:${data.id}`);
      return;
    }
    Object.assign(draft, kept.draft);
    $$(".panel .letter").forEach((input, i) => { input.value = draft.letters[i] ?? input.value; });
    $$(".panel .part textarea").forEach((area, i) => { area.value = draft.parts[i] ?? area.value; });
    for (const [name, value] of Object.entries(draft.fields)) {
      const input = $(`#${name}`) || $(`#patient [name="${name}"]`);
      if (input) input.value = value;
    }
    if (boxes && draft.boxes) boxes.boxes = draft.boxes;
    if (draft.boxes && draft.boxes.length) drawing(true);
    if (draft.caption !== null) pick(draft.caption, true);
    touched = true;
    offer();
    tell("editing", "draft restored");
  }

  const changed = (name) => fields()[name] !== first.fields[name];
  const patientChanged = () => $$("#patient [name]").some((input) => changed(input.name));
  const panelsChanged = () =>
    draft.joined || (boxes && boxes.all.length > 0) ||
    letters().join("\n") !== first.letters.join("\n") || parts().join("\n") !== first.parts.join("\n");

  function drawing(on) {
    document.body.classList.toggle("drawing", on);
    if ($("#draw")) $("#draw").setAttribute("aria-pressed", String(on));
  }

  // What Enter would save: null where nothing but a choice is wanted.
  function pending() {
    if (data.kind === "sensitive" && (draft.value === "mask" || (boxes && boxes.all.length))) return "mask";
    if (data.kind === "demographics" && (draft.value === "changed" || patientChanged())) return "changed";
    if (data.kind === "qa" && draft.value === "rejected") return "rejected";
    if (data.kind === "qa" && (draft.value === "changed" || changed("question") || changed("answer"))) return "changed";
    if (data.kind === "sample" && draft.value === "wrong") return "wrong";
    if (data.kind === "figure") {
      if (draft.caption !== null) return "caption";
      if (changed("text")) return data.own === null ? "caption" : "accepted";
      if (panelsChanged()) return data.own === null && !fields().text ? "no_caption" : "accepted";
      if (draft.value) return draft.value;
    }
    return null;
  }

  function offer() {
    const value = pending();
    save.hidden = value === null;
    for (const button of $$("button.choice")) {
      button.setAttribute("aria-pressed", String(value !== null && button.dataset.value === value));
    }
  }

  function panels() {
    const drawn = boxes ? boxes.boxes : [];
    if (!panelsChanged()) return null;
    if (drawn.length) {
      return drawn.map((bbox, i) => ({ bbox, label: drawn.length > 1 ? letters()[i] || null : null, text: null }));
    }
    if (draft.joined) {
      const all = data.pictures.map((one) => one.bbox);
      const union = [0, 1, 2, 3].map((side) => (side < 2 ? Math.min : Math.max)(...all.map((box) => box[side])));
      return [{ bbox: union, label: null, text: null }];
    }
    return data.pictures.map((one, i) => ({ bbox: one.bbox, label: letters()[i] || null, text: parts()[i] || null }));
  }

  function answer(value) {
    const now = fields();
    const details = {};
    if (data.kind === "figure" && changed("text") && draft.caption === null) details.text = now.text;
    if (data.kind === "qa") {
      if (value === "changed") Object.assign(details, { question: now.question, answer: now.answer });
      if (value === "rejected") details.reason = now.reason;
    }
    if (data.kind === "sample" && value === "wrong") details.reason = now.reason;
    if (data.kind === "demographics" && value === "changed") {
      for (const input of $$("#patient [name]")) details[input.name] = input.value.trim();
    }
    return {
      task: data.id,
      id: newId(),
      value,
      ground: data.ground,
      made_on: data.madeOn,
      seconds: (Date.now() - opened) / 1000,
      details,
      caption: data.kind === "figure" ? draft.caption : undefined,
      boxes: value === "mask" ? boxes.boxes : undefined,
      panels: data.kind === "figure" && value !== "no_figure" ? panels() ?? undefined : undefined,
    };
  }

  function decide(value, all) {
    const answers = [answer(value)];
    if (all && !(data.kind === "sensitive" && value !== "drop")) {
      for (const other of data.siblings) {
        answers.push({ task: other.id, id: newId(), value, ground: other.ground, made_on: "", details: {} });
      }
    }
    send(answers, () => go());
  }

  function edit(input) {
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  // A choice is saved at once, unless it needs more than the choice.
  function choose(value, all) {
    if (data.kind === "sensitive" && value === "keep" && isVeiled()) {
      unveil(); // nobody keeps what they have not seen
      tell("editing", "look, then choose again");
      return;
    }
    draft.value = value;
    if (value === "mask") {
      if (isVeiled()) unveil();
      drawing(true);
      if (!boxes.all.length) boxes.boxes = data.pictures[0].boxes;
      keep();
    } else if (value === "caption") {
      document.body.classList.add("picking");
      keep();
      tell("editing", "click a caption, or press its number");
    } else if (value === "changed") {
      keep();
      edit($("#patient [name]") || $("#answer"));
    } else if ((value === "rejected" || value === "wrong") && $("#reason")) {
      keep();
      $("#reason").focus();
    } else if (data.kind === "figure" && value === "accepted" && pending() === "caption" && draft.caption !== null) {
      decide("caption", false);
    } else {
      decide(value, all);
    }
  }

  function pick(number, quiet) {
    draft.caption = number;
    for (const button of $$(".pick")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.number) === number));
    }
    const button = $(`.pick[data-number="${number}"]`);
    if (button) button.scrollIntoView({ block: "nearest" });
    if ($("#text") && number !== null) $("#text").value = data.captions[number].text;
    if (number !== null) first.fields.text = data.captions[number].text;
    if (!quiet) keep();
  }

  for (const button of $$(".pick")) {
    const place = data.captions[Number(button.dataset.number)];
    const view = $("svg", button.closest(".stage")).viewBox.baseVal;
    const [x0, y0, x1, y1] = place.bbox;
    button.style.left = `${(100 * x0) / view.width}%`;
    button.style.top = `${(100 * y0) / view.height}%`;
    button.style.width = `${(100 * (x1 - x0)) / view.width}%`;
    button.style.height = `${(100 * (y1 - y0)) / view.height}%`;
    button.addEventListener("click", () => { if (!document.body.classList.contains("drawing")) pick(Number(button.dataset.number)); });
  }
  for (const button of $$("button.choice")) {
    button.addEventListener("click", (event) => choose(button.dataset.value, event.shiftKey));
  }
  for (const input of $$("main input, main textarea, main select")) input.addEventListener("input", keep);
  save.addEventListener("click", () => { const value = pending(); if (value) decide(value, false); });
  $("#skip").addEventListener("click", () => go(data.id));
  if ($("#draw")) {
    $("#draw").addEventListener("click", () => {
      if (data.kind === "sensitive" && !document.body.classList.contains("unveiled") && $("#unveil")) unveil();
      drawing(!document.body.classList.contains("drawing"));
    });
    $("#erase").addEventListener("click", () => boxes.clear());
  }
  const join = () => { draft.joined = !draft.joined; $("#join").setAttribute("aria-pressed", String(draft.joined)); keep(); };
  if ($("#join")) $("#join").addEventListener("click", join);

  // Zoom: the stage grows inside a frame that scrolls.
  let zoom = 1;
  const fit = () => {
    for (const viewer of $$(".viewer")) {
      const image = $("img", viewer);
      const [width, height] = [Number(image.getAttribute("width")), Number(image.getAttribute("height"))];
      const scale = Math.min(viewer.clientWidth / width, viewer.clientHeight / height);
      $(".stage", viewer).style.width = `${Math.max(40, width * scale * zoom)}px`;
    }
    for (const sheet of $$(".sheet")) sheet.style.width = `${100 * zoom}%`;
  };
  const zoomBy = (factor) => { zoom = Math.min(12, Math.max(1, zoom * factor)); fit(); };
  for (const button of $$("[data-zoom]")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "fit") { zoom = 1; fit(); } else zoomBy(button.dataset.zoom === "in" ? 1.4 : 1 / 1.4);
    });
  }
  addEventListener("resize", fit);
  fit();
  const here = $(".sheet.here");
  const show = () => {
    if (!here) return;
    const frame = here.closest(".pages");
    const box = $(".box", here);
    const stage = $(".stage", here);
    const view = $("svg", here).viewBox.baseVal;
    const top = box ? (Number(box.getAttribute("y")) / view.height) * stage.clientHeight : 0;
    frame.scrollTop = here.offsetTop - frame.offsetTop + Math.max(0, top - 60);
  };
  show();
  addEventListener("load", show);

  restore();
  if (!touched) offer();

  let digits = "";
  return (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      drawing(false);
      document.body.classList.remove("picking");
      return true;
    }
    if (event.key === "Enter" && (!typing || event.ctrlKey || event.metaKey || event.target.tagName !== "TEXTAREA")) {
      if (!typing && event.target.tagName === "BUTTON" && !event.target.matches("button.choice, .pick, #draw")) return false;
      const value = pending();
      if (value) decide(value, false);
      return value !== null;
    }
    if (typing || event.ctrlKey || event.metaKey) return false;
    if (document.body.classList.contains("drawing") && boxes && boxes.key(event)) return true;
    const key = event.code.startsWith("Digit") ? event.code.slice(5) : event.key.toUpperCase();
    if (document.body.classList.contains("picking") && /^\d$/.test(key)) {
      digits = Number(digits + key) <= data.captions.length ? digits + key : key;
      const number = Number(digits) - 1;
      if (number >= 0 && number < data.captions.length) pick(number);
      return true;
    }
    const choice = $$("button.choice").find((button) => button.dataset.key === key);
    if (choice) { choose(choice.dataset.value, event.shiftKey); return true; }
    if (key === "Y" && ["modality", "annotated"].includes(data.kind)) { choose(data.proposed, event.shiftKey); return true; }
    if (key === "S") { go(data.id); return true; }
    if (key === "B" && $("#draw")) {
      if (data.kind === "sensitive" && !document.body.classList.contains("unveiled") && $("#unveil")) unveil();
      drawing(true);
      boxes.addInMiddle();
      return true;
    }
    if (key === "J" && $("#join")) { join(); return true; }
    if (key === "L" && $(".letter")) { $(".letter").focus(); $(".letter").select(); return true; }
    if (key === "E" && $("#text")) { edit($("#text")); return true; }
    if (event.key === "+" || event.key === "=") { zoomBy(1.4); return true; }
    if (event.key === "-") { zoomBy(1 / 1.4); return true; }
    if (event.key === "0") { zoom = 1; fit(); return true; }
    return false;
  };
}

// ------------------------------------------------------------------ the grid of 24

function startGallery() {
  const tiles = $$(".tile");
  const wrong = new Map(); // number to value, or to null where it stays open
  const key = `mmskin:draft:gallery:${data.tiles.map((one) => one.id).join(",").length}:${data.tiles[0].id}`;

  function paint(number) {
    const tile = tiles[number];
    const is = wrong.has(number);
    tile.classList.toggle("wrong", is);
    $(".toggle", tile).setAttribute("aria-pressed", String(is));
    $(".choice", tile).textContent = is ? wrong.get(number) || "wrong, stays open" : $(".choice", tile).dataset.words;
    for (const button of $$(".others button", tile)) {
      button.setAttribute("aria-pressed", String(is && wrong.get(number) === button.dataset.value));
    }
    sessionStorage.setItem(key, JSON.stringify([...wrong]));
  }

  tiles.forEach((tile, number) => {
    $(".toggle", tile).addEventListener("click", () => {
      if (wrong.has(number)) wrong.delete(number);
      else wrong.set(number, null);
      paint(number);
    });
    for (const button of $$(".others button", tile)) {
      button.addEventListener("click", () => { wrong.set(number, button.dataset.value); paint(number); });
    }
  });
  try {
    for (const [number, value] of JSON.parse(sessionStorage.getItem(key)) || []) { wrong.set(number, value); paint(number); }
  } catch {
    sessionStorage.removeItem(key);
  }

  function saveAll() {
    if (data.kind === "sensitive" && isVeiled()) {
      unveil(); // nobody keeps what they have not seen
      tell("editing", "look, then save again");
      return;
    }
    const seconds = (Date.now() - opened) / 1000 / tiles.length;
    const answers = data.tiles
      .map((one, number) => ({ one, value: wrong.has(number) ? wrong.get(number) : one.proposed }))
      .filter(({ value }) => value)
      .map(({ one, value }) => ({ task: one.id, id: newId(), value, ground: one.ground, made_on: one.madeOn, seconds, details: {} }));
    const open = data.tiles.find((one, number) => wrong.has(number) && !wrong.get(number));
    sessionStorage.removeItem(key);
    const last = data.tiles[data.tiles.length - 1].id;
    const next = () => location.assign(`/gallery${query()}${open ? `${query() ? "&" : "?"}after=${last}` : ""}`);
    if (answers.length) send(answers, next);
    else next();
  }

  const skip = () => location.assign(`/gallery${query()}${query() ? "&" : "?"}after=${data.tiles[data.tiles.length - 1].id}`);
  $("#save").addEventListener("click", saveAll);
  $("#skip").addEventListener("click", skip);

  return (event) => {
    if (event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return false;
    const tile = event.target.closest && event.target.closest(".tile");
    const number = tile ? tiles.indexOf(tile) : -1;
    if (event.key === "Enter" && !(tile && !event.target.matches(".toggle"))) {
      if (event.target.tagName === "A" || (event.target.tagName === "BUTTON" && !tile)) return false;
      saveAll();
      return true;
    }
    const columns = getComputedStyle($(".tiles")).gridTemplateColumns.split(" ").length;
    const ways = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key in ways) {
      const next = number < 0 ? 0 : Math.min(tiles.length - 1, Math.max(0, number + ways[event.key]));
      $(".toggle", tiles[next]).focus();
      return true;
    }
    if (number >= 0 && /^[1-9]$/.test(event.key)) {
      const button = $$(".others button", tile).find((one) => $("kbd", one).textContent === event.key);
      if (button) { wrong.set(number, button.dataset.value); paint(number); return true; }
      if (wrong.has(number)) { wrong.delete(number); paint(number); return true; }
    }
    if (event.key.toUpperCase() === "S") { skip(); return true; }
    return false;
  };
}

// ------------------------------------------------------------------ keys of all pages

const handle = data === null ? () => false : data.kind && data.tiles ? startGallery() : startTask();
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (!$("#alert").hidden && $("#alert").contains(event.target)) return;
  if (handle(event)) {
    event.preventDefault();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") location.assign("/help");
  else if (event.key === "u" || event.key === "U") undo();
  else if ((event.key === "v" || event.key === "V") && $("#unveil")) unveil();
  else if (event.key === "Enter" && $("#start") && event.target === document.body) location.assign("/next");
  else return;
  event.preventDefault();
});
document.documentElement.dataset.ready = "yes";
