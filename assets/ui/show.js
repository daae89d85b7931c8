// Numbers, spans and times as people read them, and a short way to build elements.

export function count(n) {
  if (n === null || n === undefined) return "–";
  if (n >= 1e9) return (n / 1e9).toFixed(2) + " G";
  if (n >= 1e6) return (n / 1e6).toFixed(2) + " M";
  if (n >= 1e4) return (n / 1e3).toFixed(1) + " k";
  return Number.isInteger(n) ? String(n) : n.toFixed(1);
}

export function span(ms) {
  if (ms === null || ms === undefined) return "–";
  const seconds = ms / 1000;
  if (ms < 10) return ms.toFixed(1) + " ms";
  if (ms < 1000) return ms.toFixed(0) + " ms";
  if (seconds < 60) return seconds.toFixed(1) + " s";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function bytes(n) {
  if (n === null || n === undefined) return "–";
  if (n < 1 << 20) return (n / 1024).toFixed(1) + " KiB";
  return n >= 1 << 30 ? (n / (1 << 30)).toFixed(2) + " GiB" : (n / (1 << 20)).toFixed(1) + " MiB";
}

// A batch's time; under a virtual clock it is a number and no moment.
export function time(ms, isVirtual) {
  if (ms === null || ms === undefined) return "–";
  if (isVirtual) return ms + " ms";
  const date = new Date(ms);
  const pad = (n) => String(n).padStart(2, "0");
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  const fraction = ms % 1000 ? "." + String(ms % 1000).padStart(3, "0") : "";
  const today = date.toDateString() === new Date().toDateString();
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} `;
  return (today ? "" : day) + clock + fraction;
}

export function percent(share) {
  return (share * 100).toFixed(share < 0.1 ? 1 : 0) + " %";
}

// element("td", {class: "text"}, "a", child): text is never taken for markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A share of the interval as a bar with its number.
export function bar(share) {
  const fill = element("i");
  fill.style.width = Math.min(100, share * 100) + "%";
  return element("span", {}, element("span", { class: share > 1 ? "bar over" : "bar" }, fill), percent(share));
}

export function tile(value, label) {
  return element("div", { class: "panel tile" }, element("b", {}, value), element("span", {}, label));
}

export function table(labels, rows, options = {}) {
  const head = element("tr", {}, ...labels.map((label) => element("th", { scope: "col" }, label)));
  return element("div", { class: "scroll panel" },
    element("table", options, element("thead", {}, head), element("tbody", {}, ...rows)));
}

// Shows a table in `place`, or brings the one there up to date: a row stays the
// same element as long as it is about the same thing, so that a press of the
// mouse, the focus and a selection outlast what comes meanwhile.
export function refresh(place, made) {
  const known = place.querySelector("tbody");
  if (!known) return place.replaceChildren(made);
  const before = new Map([...known.rows].map((row) => [row.dataset.href, row]));
  [...made.querySelector("tbody").rows].forEach((row, i) => {
    const old = before.get(row.dataset.href);
    before.delete(row.dataset.href);
    if (old) bringUpToDate(old, row);
    const shown = old ?? row;
    if (known.rows[i] !== shown) known.insertBefore(shown, known.rows[i] ?? null);
  });
  for (const gone of before.values()) gone.remove();
}

function bringUpToDate(row, made) {
  row.className = made.className;
  [...made.cells].forEach((cell, i) => {
    if (row.cells[i].innerHTML !== cell.innerHTML) row.cells[i].replaceChildren(...cell.childNodes);
  });
}
