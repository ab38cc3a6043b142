"use strict";
(() => {
  const report = JSON.parse(document.getElementById("data").textContent);
  const PAGES_AT_ONCE = 10, ROWS_AT_ONCE = 100;
  const ALIKE = 0.9; // share of a caption that two readers must have in common
  const STATUS = {
    paired: "paired",
    doubtful: "doubtful pair",
    image_without_caption: "image without caption",
    caption_without_image: "caption without image",
  };
  const $ = (id) => document.getElementById(id);
  const pageAt = new Map(report.pages.map((page) => [page.index, page]));

  report.figures.forEach((figure, order) => {
    figure.order = order;
    figure.doubtful = figure.confidence < report.doubtfulBelow;
    figure.group = figure.status === "paired" && figure.doubtful ? "doubtful" : figure.status;
    figure.haystack = [figure.id, figure.label, figure.caption, ...figure.flags,
      ...figure.panels.map((panel) => panel.text)].filter(Boolean).join("\n").toLowerCase();
  });
  const group = (items, keys) => {
    const found = new Map();
    for (const item of items) {
      for (const key of new Set(keys(item))) {
        if (!found.has(key)) found.set(key, []);
        found.get(key).push(item);
      }
    }
    return found;
  };
  const figuresOf = group(report.figures, (f) => [f.page, f.captionPage ?? f.page]);
  const rejectsOf = group(report.rejects.filter((r) => r.page !== null), (r) => [r.page]);
  const failuresOf = group(report.failures, (f) => [f.page]);
  const gapsOf = group(report.ledger, (gap) => [gap.page]);

  const state = {
    view: "pages", statuses: new Set(Object.keys(STATUS)), below: 1, withReject: false,
    words: "", start: 0, row: 0, current: null, sort: "order",
  };

  // ------------------------------------------------------------------------------ elements

  const NS = "http://www.w3.org/2000/svg";
  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  }
  const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
  const svg = (name, attributes, ...children) => fill(document.createElementNS(NS, name), attributes, children);
  const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many || one + "s"}`;
  const percent = (value) => `${Math.floor(value * 100)} %`;

  /** Text with the words searched for marked; never parsed as markup. */
  function marked(text) {
    if (!state.words) return text;
    const parts = [], lower = text.toLowerCase();
    let from = 0;
    for (let at = lower.indexOf(state.words); at >= 0; at = lower.indexOf(state.words, from)) {
      parts.push(text.slice(from, at), el("mark", {}, text.slice(at, at + state.words.length)));
      from = at + state.words.length;
    }
    return [...parts, text.slice(from)];
  }

  function pageName(index) {
    const page = pageAt.get(index);
    return `page ${index + 1}` + (page && page.label && page.label !== String(index + 1) ? ` (printed ${page.label})` : "");
  }

  // ------------------------------------------------------------------------------- filters

  function matches(figure) {
    return state.statuses.has(figure.group) &&
      (state.below >= 1 || figure.confidence < state.below) &&
      (!state.words || figure.haystack.includes(state.words));
  }
  const isFiltered = () => state.statuses.size < Object.keys(STATUS).length || state.below < 1 || state.words !== "";

  function visiblePages() {
    return report.pages.filter((page) => {
      if (state.withReject && !rejectsOf.has(page.index)) return false;
      if (!isFiltered()) return true;
      if ((figuresOf.get(page.index) || []).some(matches)) return true;
      return state.words !== "" && (rejectsOf.get(page.index) || []).some(rejectMatches);
    });
  }
  const visibleFigures = () => report.figures.filter((figure) =>
    matches(figure) && (!state.withReject || rejectsOf.has(figure.page)));
  const rejectMatches = (reject) => !state.words ||
    `${reject.id}\n${reject.reason}\n${reject.stage}\n${reject.detail}`.toLowerCase().includes(state.words);

  // --------------------------------------------------------------------------- page picture

  /** A box with its halo, drawn `room` points outside so that it covers nothing of what it frames. */
  const frame = (box, kind, room = 0) => {
    const [x0, y0, x1, y1] = box;
    const shape = { x: x0 - room, y: y0 - room, width: Math.max(0, x1 - x0) + 2 * room, height: Math.max(0, y1 - y0) + 2 * room };
    return [svg("rect", { ...shape, class: "halo" }), svg("rect", { ...shape, class: "area" }),
      svg("rect", { ...shape, class: `edge ${kind}` })];
  };
  function tag(box, text) {
    const width = 6 + text.length * 5.9;
    return svg("g", { class: "tag" }, svg("rect", { x: box[0], y: box[1], width, height: 14, rx: 2 }),
      svg("text", { x: box[0] + 3, y: box[1] + 10.5 }, text));
  }
  const middle = (box) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  /** The point of a box's edge on the way from its middle to `goal`. */
  function edgePoint(box, goal) {
    const [cx, cy] = middle(box), dx = goal[0] - cx, dy = goal[1] - cy;
    const share = Math.min(dx ? Math.abs((box[2] - box[0]) / 2 / dx) : 1, dy ? Math.abs((box[3] - box[1]) / 2 / dy) : 1, 1);
    return [cx + dx * share, cy + dy * share];
  }
  function tie(from, to) {
    const start = edgePoint(from, middle(to)), end = edgePoint(to, middle(from));
    return [svg("path", { class: "halo", d: `M${start} L${end}` }), svg("path", { class: "tie", d: `M${start} L${end}` }),
      svg("circle", { cx: end[0], cy: end[1], r: 3.2, fill: "currentColor" })];
  }

  /** A thin line from a letter or a part of the caption to the middle of its panel. */
  function strand(from, panel) {
    const end = middle(panel), start = edgePoint(from, end);
    return svg("g", { class: "strand" }, svg("path", { class: "strand-halo", d: `M${start} L${end}` }), svg("path", { class: "strand-line", d: `M${start} L${end}` }),
      svg("circle", { cx: end[0], cy: end[1], r: 2.2, fill: "currentColor" }));
  }

  function drawFigure(figure, page) {
    const own = figure.page === page.index, parts = [];
    const captionHere = figure.captionBbox && figure.captionPage === page.index;
    if (own && figure.bbox) {
      parts.push(frame(figure.bbox, "figure-edge", 1.5));
      const several = figure.panels.length > 1;
      for (const panel of figure.panels) {
        if (several) parts.push(frame(panel.bbox, "panel-edge"));
        for (const box of panel.overlays) parts.push(svg("rect", { x: box[0], y: box[1],
          width: box[2] - box[0], height: box[3] - box[1], class: "edge overlay-edge" }));
        if (panel.label) parts.push(tag([panel.bbox[2] - 6 - panel.label.length * 5.9 - 1, panel.bbox[1] + 1], panel.label));
      }
    }
    if (own) for (const panel of figure.panels) {
      if (panel.letterBbox) parts.push(frame(panel.letterBbox, "part-edge", 0.5), strand(panel.letterBbox, panel.bbox));
    }
    for (const panel of captionHere ? figure.panels : []) {
      if (!panel.partBbox) continue;
      const [x0, , x1, y1] = panel.partBbox;
      parts.push(svg("path", { class: "part-line", d: `M${x0},${y1} L${x1},${y1}` }));
      if (own) parts.push(strand(panel.partBbox, panel.bbox));
      if (panel.label && !own) parts.push(tag([panel.partBbox[0], panel.partBbox[1] - 14], panel.label));
    }
    if (captionHere) parts.push(frame(figure.captionBbox, "caption-edge", 3));
    if (own && figure.bbox && captionHere) parts.push(tie(figure.captionBbox, figure.bbox));
    const [width, height] = page.size;
    if (own && figure.bbox && figure.captionBbox && !captionHere) {
      const later = figure.captionPage > page.index;
      const edge = later ? [width, figure.bbox[1], width, figure.bbox[3]] : [0, figure.bbox[1], 0, figure.bbox[3]];
      parts.push(tie(edge, figure.bbox));
    }
    if (captionHere && !own && figure.bbox) {
      const later = figure.page > page.index, box = figure.captionBbox;
      parts.push(tie(box, later ? [width, box[1], width, box[3]] : [0, box[1], 0, box[3]]));
    }
    const place = own && figure.bbox ? figure.bbox : captionHere ? figure.captionBbox : null;
    if (place) {
      const name = figure.label || (figure.caption ? "no number" : "no caption");
      const above = captionHere && place === figure.bbox && figure.captionBbox[3] > place[1] - 17 && figure.captionBbox[1] < place[1];
      parts.push(tag([place[0], above ? place[1] : Math.max(0, Math.min(place[1] - 14, height - 14))], `${name} · ${percent(figure.confidence)}`));
    }
    return svg("g", { class: `item ${figure.group}${matches(figure) ? "" : " dim"}`, "data-figure": figure.id,
      onclick: () => select(figure, { card: true }) }, svg("title", {}, `${figure.label || figure.id}: ${STATUS[figure.group]}`), ...parts);
  }

  function drawSheet(page) {
    const [width, height] = page.size;
    const items = [
      ...(rejectsOf.get(page.index) || []).filter((reject) => reject.bbox).map((reject) =>
        svg("g", { class: "item reject" }, svg("title", {}, `dropped: ${reject.reason}`), ...frame(reject.bbox, "reject-edge"))),
      ...(figuresOf.get(page.index) || []).map((figure) => drawFigure(figure, page)),
    ];
    const overlay = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `Boxes on ${pageName(page.index)}` }, ...items);
    const picture = page.picture && el("img", { src: page.picture, loading: "lazy", decoding: "async",
      width: Math.round(width), height: Math.round(height), alt: `Picture of ${pageName(page.index)}` });
    return el("div", { class: picture ? "sheet" : "sheet blank" }, picture, overlay);
  }

  // ---------------------------------------------------------------------------------- cards

  function meter(value) {
    return el("span", { class: "meter", title: "confidence: the probability that this is right" },
      svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { x: 0, y: 0, width: value * 100, height: 10, fill: "currentColor" })), percent(value));
  }
  const pageLink = (index, text) => el("button", { type: "button", class: "link", onclick: () => showPage(index) }, text || pageName(index));

  function evidenceTable(figure) {
    return el("table", {}, el("thead", {}, el("tr", {}, ...["evidence", "value", "weight"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...figure.evidence.map((item) => el("tr", {}, el("td", {}, item.name.replaceAll("_", " ")), el("td", { class: "free" }, item.value),
        el("td", { class: "number" }, (item.weight > 0 ? "+" : "") + item.weight.toFixed(2))))));
  }

  function drawCard(figure, page) {
    const box = (name, value) => value && el("span", {}, ` ${name} [${value.map((v) => v.toFixed(1)).join(", ")}]`);
    const elsewhere = figure.page !== page.index ? figure.page : figure.captionPage !== null && figure.captionPage !== page.index ? figure.captionPage : null;
    const told = figure.panels.length > 1 || figure.panels.some((panel) => panel.label || panel.text);
    return el("section", { class: `card ${figure.group}${matches(figure) ? "" : " dim"}`, id: `${page.index}-${figure.order}`, "data-figure": figure.id,
      onclick: (event) => { if (!event.target.closest("button, summary, a") && !String(getSelection())) select(figure, {}); } },
      el("h3", {}, el("span", {}, marked(figure.label || (figure.caption ? "No number" : "No caption"))),
        el("span", { class: `badge ${figure.group}` }, STATUS[figure.group]), el("span", { class: figure.group }, meter(figure.confidence))),
      figure.caption ? el("p", {}, marked(figure.caption)) : el("p", { class: "none" }, "No caption was found for this image."),
      figure.bbox ? null : el("p", { class: "none" }, "No image was found for this caption."),
      elsewhere === null ? null : el("p", {}, figure.page !== page.index ? "Its image stands on " : "Its caption stands on ", pageLink(elsewhere), "."),
      told ? el("ul", { class: "panels", "aria-label": "Panels" }, ...figure.panels.map((panel) => el("li", {}, el("b", {}, panel.label || "·"),
        el("span", {}, panel.text ? marked(panel.text) : el("span", { class: "soft" }, "no part of its own"),
          panel.size ? el("span", { class: "soft" }, ` · ${panel.size[0]} × ${panel.size[1]} px, ${panel.source}`) : null)))) : null,
      figure.agreement !== null && figure.agreement < ALIKE ? el("p", { class: "bad" }, `A second reader has only ${percent(figure.agreement)} of this caption: compare it with the page.`) : null,
      figure.flags.length ? el("p", {}, ...figure.flags.map((flag) => [el("span", { class: "badge soft" }, flag.replaceAll("_", " ")), " "])) : null,
      el("details", { open: figure.evidence.length > 0 && (figure.doubtful || figure.status !== "paired") },
        el("summary", {}, `Evidence (${figure.evidence.length})`), figure.evidence.length ? evidenceTable(figure) : null,
        el("p", { class: "mono soft" }, figure.id, " · ", figure.kind, box("image", figure.bbox), box("caption", figure.captionBbox))));
  }

  const textLayer = (text) => !text.characters ? "no text layer that is seen"
    : `${text.characters.toLocaleString("en")} characters, ${text.doubtful ? `${(100 * text.doubtful).toFixed(1)} % without meaning` : "all with a meaning"}`;

  function drawPage(page) {
    const figures = figuresOf.get(page.index) || [], rejects = rejectsOf.get(page.index) || [];
    const notes = page.flags.map((flag) => flag.replaceAll("_", " "));
    if (page.text) notes.push(textLayer(page.text));
    const alike = figures.filter((f) => f.captionPage === page.index && f.agreement !== null).map((f) => f.agreement);
    if (alike.length) notes.push(`second reader: ${alike.length > 1 ? "captions agree" : "caption agrees"} to ${percent(Math.min(...alike))}${alike.length > 1 ? " or more" : ""}`);
    return el("article", { class: "page", id: `page-${page.index}` },
      el("h2", {}, `Page ${page.index + 1} of ${report.pageCount.toLocaleString("en")}`, page.label ? el("small", {}, `printed ${page.label}`) : null,
        notes.length ? el("small", {}, notes.join(" · ")) : null),
      el("div", { class: "spread" }, drawSheet(page), el("div", { class: "cards" },
        ...(failuresOf.get(page.index) || []).map((failure) => el("p", { class: "bad" }, `This page could not be read: ${failure.reason}. ${failure.detail}`)),
        ...(gapsOf.get(page.index) || []).map((gap) => el("p", { class: "bad" }, `Ledger: ${gap.detail}.`)),
        ...figures.map((figure) => drawCard(figure, page)),
        figures.length ? null : el("p", { class: "none soft" }, "No figure and no caption on this page."),
        rejects.length ? el("details", { open: rejects.length <= 4 }, el("summary", {}, `Dropped on this page (${rejects.length})`),
          el("ul", {}, ...rejects.map((reject) => el("li", { class: "reject" }, el("b", {}, marked(reject.reason)), ` ${reject.detail} `, el("span", { class: "mono" }, reject.id))))) : null)));
  }

  // ---------------------------------------------------------------------------------- views

  function pager(start, step, total, what, go) {
    const button = (text, to, off) => el("button", { type: "button", disabled: off, onclick: () => go(to) }, text);
    const last = Math.max(0, Math.floor((total - 1) / step) * step);
    return el("div", { class: "pager" }, button("« first", 0, start === 0), button("◂ previous", Math.max(0, start - step), start === 0),
      el("span", {}, total ? `${start + 1} to ${Math.min(total, start + step)} of ${plural(total, what)}` : `no ${what}`),
      button("next ▸", start + step, start + step >= total), button("last »", last, start >= last));
  }
  function viewPages() {
    const pages = visiblePages();
    state.start = Math.max(0, Math.min(state.start, Math.floor(Math.max(0, pages.length - 1) / PAGES_AT_ONCE) * PAGES_AT_ONCE));
    const go = (start) => { state.start = start; render(); scrollTo(0, 0); };
    const bar = () => pager(state.start, PAGES_AT_ONCE, pages.length, "page", go);
    if (!pages.length) return [el("p", { class: "empty" }, report.pages.length ? "No page matches these filters." : "Nothing was found in this book.")];
    return [bar(), ...pages.slice(state.start, state.start + PAGES_AT_ONCE).map(drawPage), bar()];
  }
  function table(heads, rows, none) {
    if (!rows.length) return el("p", { class: "empty" }, none);
    return el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", { class: typeof cell === "string" && cell.length > 30 || Array.isArray(cell) ? "free" : null }, cell)))))));
  }
  function viewFigures() {
    const figures = visibleFigures();
    if (state.sort === "confidence") figures.sort((a, b) => a.confidence - b.confidence || a.order - b.order);
    const shown = figures.slice(state.row, state.row + ROWS_AT_ONCE);
    const sorter = (key, text) => el("button", { type: "button", class: "link", "aria-pressed": String(state.sort === key),
      onclick: () => { state.sort = key; state.row = 0; render(); } }, text);
    return [pager(state.row, ROWS_AT_ONCE, figures.length, "figure", (row) => { state.row = row; render(); scrollTo(0, 0); }),
      table([sorter("order", "page"), "label", "status", sorter("confidence", "confidence"), "panels", "caption"], shown.map((figure) => [
        String(figure.page + 1), el("button", { type: "button", class: "link", onclick: () => showFigure(figure) }, figure.label || figure.id),
        el("span", { class: `badge ${figure.group}` }, STATUS[figure.group]), meter(figure.confidence), String(figure.panels.length || "–"),
        figure.caption ? marked(figure.caption.length > 240 ? figure.caption.slice(0, 240) + "…" : figure.caption) : "–"]), "No figure matches these filters.")];
  }
  function viewLedger() {
    const KIND = { missing: "never seen", duplicate: "seen more than once", out_of_order: "out of order" };
    return [el("p", { class: "soft" }, "Numbers run on in a printed book. A number that is never seen is most often a figure that was missed; a break in the order most often a caption on the wrong image."),
      report.ledger.length > ROWS_AT_ONCE ? pager(state.row, ROWS_AT_ONCE, report.ledger.length, "line", (row) => { state.row = row; render(); scrollTo(0, 0); }) : null,
      table(["what", "figure", "detail", "look at"], report.ledger.slice(state.row, state.row + ROWS_AT_ONCE).map((gap) => [el("span", { class: "bad" }, KIND[gap.kind]), gap.label, gap.detail,
        el("span", {}, pageLink(gap.page), gap.until > gap.page ? [" to ", pageLink(gap.until)] : null)]), "All figure numbers follow one another; none is missing.")].filter(Boolean);
  }
  function viewDropped() {
    const rejects = report.rejects.filter(rejectMatches);
    const counts = [...group(rejects, (reject) => [reject.reason])].map(([reason, all]) => [reason, all.length]).sort((a, b) => b[1] - a[1]);
    const shown = rejects.slice(state.row, state.row + ROWS_AT_ONCE);
    return [el("p", {}, ...counts.map(([reason, count]) => [el("span", { class: "badge reject" }, `${reason} ${count}`), " "])),
      pager(state.row, ROWS_AT_ONCE, rejects.length, "drop", (row) => { state.row = row; render(); scrollTo(0, 0); }),
      table(["page", "stage", "reason", "detail", "item"], shown.map((reject) => [reject.page === null ? "–" : pageLink(reject.page, String(reject.page + 1)),
        reject.stage, marked(reject.reason), marked(reject.detail), el("span", { class: "mono" }, reject.id)]), "Nothing was dropped.")];
  }
  function viewFailed() {
    return [table(["page", "reason", "detail"], report.failures.map((failure) => [pageLink(failure.page, String(failure.page + 1)), failure.reason, failure.detail]),
      "Every page could be read.")];
  }

  const VIEWS = {
    pages: ["Pages", () => report.pages.length, viewPages],
    figures: ["Figures", () => report.figures.length, viewFigures],
    ledger: ["Number ledger", () => report.ledger.length, viewLedger],
    dropped: ["Dropped", () => report.rejects.length, viewDropped],
    failed: ["Failed pages", () => report.failures.length, viewFailed],
  };

  function render() {
    $("tabs").replaceChildren(...Object.entries(VIEWS).map(([name, [title, count]]) => el("button", { type: "button",
      "aria-current": state.view === name ? "page" : null, onclick: () => { state.view = name; state.row = 0; render(); scrollTo(0, 0); } },
      `${title} (${count().toLocaleString("en")})`)));
    $("filters").hidden = !["pages", "figures", "dropped"].includes(state.view);
    $("main").replaceChildren(...VIEWS[state.view][2]());
    $("below-value").textContent = state.below >= 1 ? "any" : percent(state.below);
    if (state.current) mark(state.current);
    keepClear();
  }
  /** What is scrolled to must not end up below the bar at the top. */
  function keepClear() {
    const header = document.querySelector("header");
    const sticky = getComputedStyle(header).position === "sticky";
    document.documentElement.style.scrollPaddingTop = `${(sticky ? header.offsetHeight : 0) + 12}px`;
  }

  // ---------------------------------------------------------------------------------- moves

  function mark(figure) {
    for (const node of document.querySelectorAll("[data-figure]")) node.classList.toggle("current", node.dataset.figure === figure.id);
  }
  function select(figure, { card = false } = {}) {
    state.current = figure;
    mark(figure);
    history.replaceState(null, "", `#figure=${encodeURIComponent(figure.id)}`);
    if (card) document.querySelector(".card.current")?.scrollIntoView({ block: "nearest" });
  }
  function openAt(index) {
    const place = visiblePages().findIndex((page) => page.index === index);
    if (place < 0) return false;
    state.view = "pages";
    state.start = Math.floor(place / PAGES_AT_ONCE) * PAGES_AT_ONCE;
    return true;
  }
  function showPage(index) {
    if (!openAt(index)) { resetFilters(); openAt(index); }
    render();
    document.getElementById(`page-${index}`)?.scrollIntoView({ block: "start" });
    history.replaceState(null, "", `#page=${index + 1}`);
  }
  function showFigure(figure) {
    const index = pageAt.has(figure.page) ? figure.page : figure.captionPage;
    if (!openAt(index)) { resetFilters(); openAt(index); }
    state.current = figure;
    render();
    select(figure);
    const card = document.getElementById(`${index}-${figure.order}`);
    const first = (figuresOf.get(index) || [])[0] === figure;
    (first ? document.getElementById(`page-${index}`) : card)?.scrollIntoView({ block: first ? "start" : "center" });
    $("live").textContent = `${figure.label || figure.id}, ${STATUS[figure.group]}, confidence ${percent(figure.confidence)}`;
  }
  function step(direction, wanted) {
    const figures = visibleFigures().filter(wanted);
    if (!figures.length) { $("live").textContent = "none left in this selection"; return; }
    const at = state.current ? state.current.order : direction > 0 ? -1 : report.figures.length;
    const next = direction > 0 ? figures.find((f) => f.order > at) || figures[0]
      : [...figures].reverse().find((f) => f.order < at) || figures[figures.length - 1];
    showFigure(next);
  }
  const isDoubt = (figure) => figure.doubtful || figure.status !== "paired";

  // -------------------------------------------------------------------------------- start

  function resetFilters() {
    state.statuses = new Set(Object.keys(STATUS));
    Object.assign(state, { below: 1, withReject: false, words: "", start: 0, row: 0 });
    $("below").value = 1; $("with-reject").checked = false; $("search").value = "";
    for (const box of $("statuses").querySelectorAll("input")) box.checked = true;
  }
  function changed() { state.start = 0; state.row = 0; render(); scrollTo(0, 0); }

  const counts = group(report.figures, (figure) => [figure.group]);
  for (const [name, text] of Object.entries(STATUS)) {
    const box = el("input", { type: "checkbox", checked: true, onchange: () => { box.checked ? state.statuses.add(name) : state.statuses.delete(name); changed(); } });
    $("statuses").append(el("label", { class: `chip ${name}` }, box, text, el("b", {}, String((counts.get(name) || []).length))));
  }
  $("below").addEventListener("input", () => { state.below = Number($("below").value); changed(); });
  $("with-reject").addEventListener("change", () => { state.withReject = $("with-reject").checked; changed(); });
  $("search").addEventListener("input", () => { state.words = $("search").value.trim().toLowerCase(); changed(); });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", () => { resetFilters(); render(); });
  $("next-doubt").addEventListener("click", () => step(1, isDoubt));
  $("previous-doubt").addEventListener("click", () => step(-1, isDoubt));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { document.activeElement?.blur(); return; }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox" && event.target.type !== "range") return;
    const act = {
      n: () => step(1, isDoubt), p: () => step(-1, isDoubt), j: () => step(1, () => true), k: () => step(-1, () => true),
      "]": () => { state.start += PAGES_AT_ONCE; render(); scrollTo(0, 0); }, "[": () => { state.start -= PAGES_AT_ONCE; render(); scrollTo(0, 0); },
      "/": () => $("search").focus(),
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  const paired = report.figures.filter((figure) => figure.status === "paired").length;
  $("summary").textContent = [plural(report.pageCount, "page"), plural(report.figures.length, "figure"), `${paired.toLocaleString("en")} paired`,
    `${(counts.get("doubtful") || []).length} of them doubtful (below ${percent(report.doubtfulBelow)})`,
    plural(report.rejects.length, "drop"), plural(report.ledger.length, "ledger entry", "ledger entries"),
    plural(report.failures.length, "failed page"),
    ...[...group(report.pages, (page) => page.flags)].map(([flag, pages]) => `${plural(pages.length, "page")} with ${flag.replaceAll("_", " ")}`)].join(" · ");
  $("digest").textContent = `sha256 of the PDF: ${report.sha256}`;
  function follow() {
    const [key, value] = location.hash.slice(1).split("=");
    if (key === "page" && pageAt.has(Number(value) - 1)) { showPage(Number(value) - 1); return true; }
    const figure = key === "figure" && report.figures.find((f) => f.id === decodeURIComponent(value || ""));
    if (figure) { showFigure(figure); return true; }
    if (key in VIEWS) { state.view = key; render(); return true; }
    return false;
  }
  addEventListener("hashchange", follow);
  addEventListener("resize", keepClear);
  if (!follow()) render();
})();
