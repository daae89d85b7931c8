// The newest batch as a table, numbers as curves over the batches. What records say is text, never markup.
import { count, element, svg, table, time } from "/show.js";
import { shape, text } from "/shape.js";

const MOST_ROWS = 200, MOST_CURVES = 5, MOST_BATCHES = 1000;
const COLORS = ["input", "scheduling", "processing", "total", "bad"];
const place = (id) => document.getElementById(id);
const batches = [];
let sorted = null, drawing = false;

function add(batch) {
  const last = batches.length ? batches[batches.length - 1].batch : -1;
  if (batch.batch <= last) return;
  batches.push({ ...batch, shape: shape(batch.rows) });
  if (batches.length > MOST_BATCHES) batches.shift();
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(() => { drawing = false; draw(); });
  }
}

// A batch's time is a moment unless the clock is virtual, when it is a small number.
const moment = (ms) => time(ms, ms < 1e11);

function draw() {
  const batch = batches[batches.length - 1];
  place("batch").textContent = `Batch ${moment(batch.batch)}`;
  const shown = Math.min(batch.shape.rows.length, MOST_ROWS);
  const parts = [`${count(batch.records)} ${batch.records === 1 ? "record" : "records"}`];
  if (shown < batch.shape.rows.length || batch.rows.length < batch.records) parts.push(`the first ${shown} are shown`);
  place("about").textContent = parts.join(", ");
  drawTable(batch.shape);
  drawCurves(batch.shape);
}

function drawTable({ columns, rows, drawn }) {
  const order = rows.map((_, i) => i);
  const by = sorted && columns.indexOf(sorted.column);
  if (sorted && by >= 0) {
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : text(a).localeCompare(text(b)));
    order.sort((a, b) => sorted.turn * compare(rows[a][by], rows[b][by]));
  }
  const most = drawn === undefined ? 0 : Math.max(...rows.map((row) => Math.abs(row[drawn])));
  const made = order.slice(0, MOST_ROWS).map((i) => element("tr", {}, ...columns.map((_, c) => {
    const value = rows[i][c];
    if (typeof value !== "number") return element("td", { class: "text" }, text(value));
    if (c !== drawn || rows.length < 2) return element("td", {}, text(value));
    const fill = element("i");
    fill.style.width = (most ? (100 * Math.abs(value)) / most : 0) + "%";
    return element("td", {}, element("span", { class: "bar", "aria-hidden": "true" }, fill), text(value));
  })));
  const hasFocus = document.activeElement?.dataset?.column;
  const whole = table(columns.map((column) => {
    const turn = sorted?.column === column ? (sorted.turn > 0 ? " ▲" : " ▼") : "";
    const button = element("button", { type: "button", "data-column": column, title: "Sort by this column" }, column + turn);
    button.addEventListener("click", () => {
      sorted = sorted?.column !== column ? { column, turn: -1 } : sorted.turn < 0 ? { column, turn: 1 } : null;
      draw();
    });
    return button;
  }), made, { id: "rows" });
  whole.querySelectorAll("th").forEach((head, c) => {
    if (sorted?.column === columns[c]) head.setAttribute("aria-sort", sorted.turn > 0 ? "ascending" : "descending");
  });
  place("table").replaceChildren(whole);
  if (hasFocus !== undefined) [...whole.querySelectorAll("button")].find((button) => button.dataset.column === hasFocus)?.focus();
}

// What is drawn over the batches: of rows with names those that are the greatest now, of one row its
// numbers; and how many records there were.
function curves({ columns, rows, label, numbers, drawn }) {
  const made = [];
  if (label !== undefined && drawn !== undefined) {
    const names = [...rows].sort((a, b) => b[drawn] - a[drawn]).slice(0, MOST_CURVES).map((row) => text(row[label]));
    const of = (batch, name) => batch.shape.rows.find((row) => text(row[batch.shape.label]) === name)?.[batch.shape.drawn];
    made.push({ title: `${columns[drawn]} by ${columns[label]}`, lines: names.map((name) => ({ name, values: batches.map((batch) => of(batch, name)) })) });
  } else if (rows.length === 1) {
    for (const i of numbers) {
      const of = (batch) => (batch.shape.rows.length === 1 ? batch.shape.rows[0][batch.shape.columns.indexOf(columns[i])] : undefined);
      made.push({ title: columns[i], lines: [{ name: columns[i], values: batches.map(of) }] });
    }
  }
  made.push({ title: "Records a batch", lines: [{ name: "records", values: batches.map((batch) => batch.records) }] });
  return made;
}

function drawCurves(now) {
  const made = curves(now);
  place("curves-title").hidden = batches.length < 2;
  place("curves").replaceChildren(...(batches.length < 2 ? [] : made.map(curve)));
}

function curve({ title, lines }) {
  const width = 480, height = 150, left = 52;
  const numbers = lines.flatMap(({ values }) => values).filter((value) => typeof value === "number");
  const low = Math.min(0, ...numbers), high = Math.max(low + 1e-9, ...numbers);
  const x = (i) => left + ((width - left - 6) * i) / Math.max(1, batches.length - 1);
  const y = (value) => height - 20 - ((height - 30) * (value - low)) / (high - low);
  const label = `${title}: ${lines.map(({ name, values }) => `${name} ${text(values[values.length - 1])}`).join(", ")}`;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width: "100%", role: "img", "aria-label": label });
  for (const value of [low, (low + high) / 2, high]) {
    drawing.append(
      svg("line", { x1: left, x2: width, y1: y(value), y2: y(value), stroke: "var(--line)" }),
      svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end", "font-size": 11, fill: "var(--faint)" }, count(value)));
  }
  lines.forEach(({ values }, line) => {
    // A batch that has no such number is a gap.
    let path = "", isOpen = false;
    values.forEach((value, i) => {
      if (typeof value !== "number") { isOpen = false; return; }
      path += `${isOpen ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}${isOpen ? "" : "h.1"}`;
      isOpen = true;
    });
    drawing.append(svg("path", { d: path, fill: "none", stroke: `var(--${COLORS[line]})`, "stroke-width": 2, "stroke-linecap": "round" }));
  });
  const ends = [batches[0], batches[batches.length - 1]].map((batch) => element("span", {}, moment(batch.batch)));
  const legend = lines.map(({ name, values }, line) => {
    const mark = element("span", { "aria-hidden": "true" }, "● ");
    mark.style.color = `var(--${COLORS[line]})`;
    return element("span", { class: "entry" }, mark, `${name} `, element("b", {}, text(values[values.length - 1])));
  });
  return element("section", { class: "panel chart", "aria-label": title }, element("h3", {}, title), drawing,
    element("div", { class: "bounds" }, ...ends), element("div", { class: "tools" }, ...legend));
}

const says = (message, isLost) => {
  place("connection").textContent = message;
  place("connection").className = isLost ? "lost" : "";
};

async function start() {
  for (const batch of await (await fetch("/batches.json")).json()) add(batch);
  const since = batches.length ? `?since=${batches[batches.length - 1].batch}` : "";
  const events = new EventSource(`/events${since}`);
  events.addEventListener("open", () => says("live"));
  events.addEventListener("batch", (event) => add(JSON.parse(event.data)));
  events.addEventListener("dropped", (event) => says(`live; ${JSON.parse(event.data).dropped} batches missed`));
  events.addEventListener("end", () => { events.close(); says("the stream has ended"); });
  events.addEventListener("error", () => says("connection lost, trying again", true));
}
start().catch(() => says("connection lost", true));
