// The pipeline as a graph: stages in columns by how far they are from a source,
// or in rows where the page is narrow.
import { count, percent, svg } from "/show.js";

const BOX = { width: 190, height: 66 };
const GAP = { along: 44, across: 18 };

export function graph(stages, width) {
  const depth = [], lane = [];
  let lanes = 0;
  stages.forEach((stage, i) => {
    const inputs = stage.inputs || [];
    depth[i] = inputs.length ? 1 + Math.max(...inputs.map((input) => depth[input])) : 0;
    lane[i] = inputs.length ? inputs.reduce((sum, input) => sum + lane[input], 0) / inputs.length : lanes++;
  });
  const columns = Math.max(0, ...depth) + 1;
  const across = columns * (BOX.width + GAP.along) > Math.max(width, 320);
  const step = across
    ? { x: BOX.width + GAP.across, y: BOX.height + 26 }
    : { x: BOX.width + GAP.along, y: BOX.height + GAP.across };
  const at = (i) => across
    ? { x: lane[i] * step.x + 2, y: depth[i] * step.y + 2 }
    : { x: depth[i] * step.x + 2, y: lane[i] * step.y + 2 };
  const size = across
    ? { width: lanes * step.x, height: columns * step.y }
    : { width: columns * step.x - GAP.along + 4, height: Math.max(1, lanes) * step.y };
  const picture = svg("svg", { ...size, role: "img", "aria-label": "Stages: " + stages.map((s) => s.description).join(", ") });
  stages.forEach((stage, i) => {
    for (const input of stage.inputs || []) {
      const from = at(input), to = at(i);
      const [x1, y1, x2, y2] = across
        ? [from.x + BOX.width / 2, from.y + BOX.height, to.x + BOX.width / 2, to.y]
        : [from.x + BOX.width, from.y + BOX.height / 2, to.x, to.y + BOX.height / 2];
      const bend = across ? `C${x1},${(y1 + y2) / 2} ${x2},${(y1 + y2) / 2}` : `C${(x1 + x2) / 2},${y1} ${(x1 + x2) / 2},${y2}`;
      const tip = across ? `M${x2 - 4},${y2 - 6}L${x2},${y2}L${x2 + 4},${y2 - 6}` : `M${x2 - 6},${y2 - 4}L${x2},${y2}L${x2 - 6},${y2 + 4}`;
      picture.append(svg("path", { d: `M${x1},${y1}${bend} ${x2},${y2}` }), svg("path", { d: tip }));
    }
  });
  stages.forEach((stage, i) => picture.append(box(stage, at(i))));
  return picture;
}

function box(stage, { x, y }) {
  const state = (stage.isSlowest ? " slowest" : "") + (stage.isRunning === false ? " dead" : "");
  const text = (dy, words, kind) => {
    const made = svg("text", { x: 10, y: dy, class: kind });
    made.textContent = words;
    return made;
  };
  const title = svg("title");
  title.textContent = stage.description;
  const load = Math.max(0, Math.min(1, stage.share || 0)) * (BOX.width - 20);
  return svg("g", { transform: `translate(${x},${y})`, class: "stage" + state },
    title,
    svg("rect", { ...BOX, rx: 8 }),
    text(20, short(stage.description, 25), ""),
    text(38, `${count(stage.recordsIn)} in, ${count(stage.recordsOut)} out`, "small"),
    text(53, `${percent(stage.share || 0)} busy` + (stage.backlog ? `, ${stage.backlog} behind` : ""), "small"),
    svg("rect", { x: 10, y: BOX.height - 8, width: load, height: 3, class: stage.share > 1 ? "load over" : "load" }));
}

function short(text, length) {
  return text.length > length ? text.slice(0, length - 1) + "…" : text;
}
