// The pages: all pipelines, one pipeline, one batch. What is shown comes from
// /api/v1, and by server-sent events as it changes.
import { Charts, Columns } from "/charts.js";
import { graph } from "/graph.js";
import { bar, bytes, count, element, refresh, span, table, tile, time } from "/show.js";

const main = document.getElementById("main");
const crumbs = document.getElementById("crumbs");
const connection = document.getElementById("connection");
const help = document.getElementById("help");
const LIMIT = 86400, ROWS = 100;
const api = "/api/v1/applications/";

let page = null; // the page that is shown: { close, key(event) }
let pipelines = null; // the last list that came

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(response.status === 404 ? "It is not there (any more)." : await response.text());
  return response.json();
}

const link = (href, text) => element("a", { href }, text);
const href = (key, batch) => `#/${encodeURIComponent(key)}` + (batch === undefined ? "" : `/${batch}`);

// Server-sent events; `on` has a function for each event. The browser connects
// again by itself, and then gets everything after `since` again.
function listen(key, on) {
  const source = new EventSource("/api/v1/events" + (key ? `?app=${key.replaceAll("+", "%2B")}` : ""));
  source.onopen = () => { connection.textContent = "live"; connection.className = ""; };
  source.onerror = () => { connection.textContent = "no connection to sstream-ui"; connection.className = "lost"; };
  for (const [name, take] of Object.entries({ pipelines: (list) => { pipelines = list; }, ...on })) {
    source.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      if (name === "pipelines") pipelines = data;
      take(data);
    });
  }
  return source;
}

function verdict(pipeline) {
  const late = pipeline.behindSince !== null;
  const over = pipeline.state !== "RUNNING";
  const failed = pipeline.state === "FAILED" || pipeline.state === "KILLED";
  const kind = failed ? "failed" : over ? "over" : late ? "late" : "";
  const lines = [element("div", { id: "verdict" }, capital(readable(pipeline)) + ".")];
  if (over) lines.unshift(element("div", { id: "reason", class: failed ? "bad" : "" },
    `${{ FAILED: "Failed", KILLED: "Died", FINISHED: "Finished" }[pipeline.state]}: ${pipeline.reason ?? "no close"}`));
  const lost = pipeline.disagreement;
  if (lost) lines.push(element("div", { class: "bad" },
    `Records went missing or came from nowhere in ${lost.batches} batches, first ${time(lost.firstBatchId, pipeline.isVirtual)}: ` +
    `${lost.stage} took in ${lost.taken}, the stage before gave ${lost.given}.`));
  return element("div", { class: `panel verdict ${kind}`, role: "status" }, ...lines);
}

// The stages that the pipeline's name does not say: without one of its own it is called after its first.
function behind(pipeline) {
  return pipeline.stages.filter((stage, index) => index > 0 || stage !== pipeline.name);
}

// Which application on a Spark cluster it is, with the way to Spark's own page of it.
function onSpark(spark) {
  if (!spark) return "";
  const isPage = /^https?:/.test(spark.page ?? "");
  return element("div", { class: "faint spark" }, `On a Spark cluster: ${spark.application}, `,
    isPage ? element("a", { href: spark.page }, "Spark's own page") : "without a page of Spark's (spark.ui.enabled=false)");
}

// The server says times in UTC; here they are local, as everywhere on the page.
function readable(pipeline) {
  if (pipeline.behindSince === null) return pipeline.verdict;
  return pipeline.verdict.replace(/^behind since [^:]+:\d\d:\d\d[^:]*/, `behind since ${time(pipeline.behindSince)}`);
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const stateMark = (state) => element("span", { class: `state ${state}` }, state.toLowerCase());

// --- all pipelines -----------------------------------------------------------

function showList() {
  document.title = "sstream";
  crumbs.replaceChildren("pipelines");
  const place = element("div");
  const draw = (list) => {
    if (!list.length) {
      main.replaceChildren(element("h1", {}, "No pipeline runs"),
        element("p", { class: "faint" }, "Start one, for example:"),
        element("pre", {}, "nc -lk 9999 | sstream-filter ERROR | sstream-window 30s 10s count"));
      return;
    }
    const rows = list.map((one) => element("tr", { class: one.behindSince === null ? "" : "late", "data-href": href(one.id) },
      element("td", { class: "text" }, link(href(one.id), one.name), element("div", { class: "faint" }, behind(one).join(" | ")), onSpark(one.spark)),
      element("td", {}, stateMark(one.state)),
      element("td", {}, one.startTimeEpoch ? time(one.startTimeEpoch) : "–"),
      element("td", {}, one.calendar || span(one.batchDuration)),
      element("td", {}, count(one.numTotalCompletedBatches)),
      element("td", {}, span(one.lastTotalDelay))));
    if (!place.isConnected) main.replaceChildren(element("h1", {}, "Pipelines"), place);
    refresh(place, table(["Pipeline", "State", "Since", "Interval", "Batches", "Total delay"], rows, { id: "pipelines" }));
  };
  if (pipelines) draw(pipelines);
  const source = listen(null, { pipelines: draw });
  return { close: () => source.close(), key: rowKeys };
}

// --- one pipeline ------------------------------------------------------------

async function showPipeline(key) {
  let pipeline = await get(api + encodeURIComponent(key));
  document.title = `${pipeline.name} · sstream`;
  crumbs.replaceChildren(link("#/", "pipelines"), " / ", pipeline.name);
  const columns = new Columns(pipeline.batchDuration, LIMIT);
  const charts = new Charts(columns, pipeline.isVirtual, (batch) => { location.hash = href(key, batch); });
  const places = Object.fromEntries(["verdict", "tiles", "graph", "stages", "batches"].map((id) => [id, element("div", { id: `p-${id}` })]));
  const range = element("select", { id: "range", "aria-label": "How many batches the charts show" },
    ...[["60", "last 60"], ["300", "last 300"], ["3600", "last 3600"], ["all", "all"]].map(([value, text]) =>
      element("option", { value, selected: value === "300" }, text)));
  range.onchange = () => { charts.shown = range.value === "all" ? "all" : Number(range.value); charts.draw(); };
  const pause = element("button", { type: "button", id: "pause" }, "Pause");
  let paused = false;
  pause.onclick = () => { paused = !paused; pause.textContent = paused ? "Go on" : "Pause"; if (!paused) redraw(); };
  main.replaceChildren(
    element("h1", {}, pipeline.name), onSpark(pipeline.spark), places.verdict, places.tiles,
    element("h2", {}, "Stages"), element("div", { class: "panel graph" }, places.graph), places.stages,
    element("div", { class: "tools" }, element("h2", {}, "Batches"), range, pause),
    element("div", { class: "grid" }, ...charts.elements), element("h2", {}, "Newest batches"), places.batches);

  const drawVerdict = () => places.verdict.replaceChildren(verdict(pipeline));
  const redraw = () => {
    if (paused) return;
    charts.draw();
    const rows = [];
    for (let i = columns.length - 1; i >= Math.max(0, columns.length - ROWS); i--) rows.push(batchRow(i));
    refresh(places.batches, table(["Batch", "Records in", "Records out", "Scheduling delay", "Processing time", "Total delay"], rows, { id: "batches" }));
  };
  const batchRow = (i) => {
    const late = !pipeline.isVirtual && columns.totalDelay[i] > columns.intervalMs;
    const to = href(key, columns.batchId[i]);
    return element("tr", { class: late ? "late" : "", "data-href": to },
      element("td", {}, link(to, time(columns.batchId[i], pipeline.isVirtual))),
      element("td", {}, count(columns.inputSize[i])), element("td", {}, count(columns.outputSize[i])),
      element("td", {}, span(columns.schedulingDelay[i])), element("td", {}, span(columns.processingTime[i])),
      element("td", {}, span(columns.totalDelay[i])));
  };
  drawVerdict();
  const source = listen(key, {
    pipelines: (list) => {
      const found = list.find((one) => one.id === key);
      if (found) { pipeline = found; drawVerdict(); }
    },
    batches: (more) => { columns.add(more); redraw(); },
    status: ({ statistics, stages }) => {
      const receiving = statistics.numActiveReceivers + "/" + statistics.numReceivers;
      places.tiles.replaceChildren(element("div", { class: "tiles" },
        tile(count(statistics.numTotalCompletedBatches), "batches of " + (statistics.calendar || span(statistics.batchDuration))),
        tile(count(statistics.numReceivedRecords), "records in"),
        tile(count(statistics.avgInputRate) + "/s", "mean input rate"),
        tile(span(statistics.avgSchedulingDelay), "mean scheduling delay"),
        tile(span(statistics.avgProcessingTime), "mean processing time"),
        tile(span(statistics.avgTotalDelay), "mean total delay"),
        tile(count(statistics.numLateBatches), "late batches"),
        tile(receiving, "sources running"), ...watermarkTiles(pipeline), ...checkpointTiles(pipeline)));
      places.graph.replaceChildren(graph(stages, places.graph.clientWidth));
      places.stages.replaceChildren(stageTable(stages));
    },
  });
  return { close: () => { source.close(); charts.close(); }, key: (event) => (event.key === "p" ? pause.click() : rowKeys(event)), up: "#/" };
}

// What a stage keeps from batch to batch.
function kept(state) {
  if (!state) return "–";
  const counts = ["keys", "records"].filter((of) => of in state).map((of) => `${count(state[of])} ${of}`);
  return [...counts, bytes(state.bytes)].join(", ");
}

// How far the records' own time has come, as tiles; how far it is behind only beside a clock.
function watermarkTiles({ watermark, watermarkLag, isVirtual }) {
  if (watermark === null) return [];
  const behind = isVirtual || watermarkLag < 0 ? [] : [tile(span(watermarkLag), "watermark behind the batch")];
  return [tile(time(watermark, false), "watermark"), ...behind];
}

// How old the checkpoint is, as tiles.
function checkpointTiles({ checkpoint, isVirtual }) {
  if (!checkpoint) return [];
  const age = (ms) => (ms === null ? "–" : span(Math.max(0, Date.now() - ms)));
  return [
    tile(time(checkpoint.lastCommittedBatchId, isVirtual), "newest batch committed"),
    tile(age(checkpoint.lastCommitTime), "since the last commit"),
    ...(checkpoint.lastSaveTime === null ? [] : [tile(age(checkpoint.lastSaveTime), "since state was saved")]),
    tile(bytes(checkpoint.bytes), "checkpoint on disk"),
  ];
}

function stageTable(stages) {
  const rows = stages.map((stage) => element("tr", { class: stage.isSlowest ? "slowest" : "", "data-stage": stage.stageId },
    element("td", { class: "text" }, stage.description),
    element("td", {}, count(stage.recordsPerSecond) + "/s"),
    element("td", {}, count(stage.recordsIn)), element("td", {}, count(stage.recordsOut)), element("td", {}, count(stage.setAside)),
    element("td", {}, span(stage.busy)), element("td", {}, bar(stage.share)),
    element("td", {}, count(stage.backlog)), element("td", {}, kept(stage.state)), element("td", {}, bytes(stage.residentBytes)),
    element("td", {}, stage.isRunning === false ? "gone" : stage.pid ?? "–")));
  return table(["Stage", "Records in", "In", "Out", "Aside", "Work a batch", "Share of interval", "Batches behind", "Keeps", "Memory", "Process"], rows, { id: "stages" });
}

// --- one batch ---------------------------------------------------------------

async function showBatch(key, id) {
  const base = api + encodeURIComponent(key);
  const [pipeline, batch] = await Promise.all([get(base), get(`${base}/streaming/batches/${id}`)]);
  const label = time(batch.batchId, pipeline.isVirtual);
  document.title = `Batch ${label} · sstream`;
  crumbs.replaceChildren(link("#/", "pipelines"), " / ", link(href(key), pipeline.name), " / ", label);
  const around = (to, text) => (to ? element("a", { href: href(key, to), rel: text }, text) : element("span", { class: "faint" }, text));
  const rows = batch.stages.map((stage) => element("tr", { "data-stage": stage.stageId },
    element("td", { class: "text" }, stage.description),
    element("td", {}, count(stage.recordsIn)), element("td", {}, count(stage.recordsOut)), element("td", {}, count(stage.setAside)),
    element("td", {}, span(stage.waited)), element("td", {}, span(stage.busy)), element("td", {}, bar(stage.share)),
    element("td", {}, pipeline.isVirtual ? time(stage.finished) : "+" + span(Math.max(0, stage.finished - batch.batchId)))));
  const records = element("div", { id: "records" });
  main.replaceChildren(
    element("h1", {}, `Batch ${label}`),
    element("p", { class: "tools" }, around(batch.previousBatchId, "previous"), around(batch.nextBatchId, "next"),
      batch.isLate ? element("span", { class: "bad" }, "late: it took longer than the interval") : null),
    element("div", { class: "tiles" },
      tile(count(batch.inputSize), "records in"), tile(count(batch.outputSize), "records out"), tile(count(batch.setAside), "set aside"),
      tile(span(batch.schedulingDelay), "scheduling delay"), tile(span(batch.processingTime), "processing time"),
      tile(span(batch.totalDelay), "total delay of " + span(batch.batchDuration))),
    element("h2", {}, "Stages"),
    table(["Stage", "In", "Out", "Aside", "Waited", "Work", "Share of work", "Done"], rows, { id: "stages" }), records);
  showRecords(records, `${base}/streaming/batches/${id}/records`, batch.stages);
  const source = listen(null, {});
  const go = (to) => { if (to) location.hash = href(key, to); };
  return {
    close: () => source.close(), up: href(key),
    key: (event) => {
      if (event.key === "ArrowLeft") go(batch.previousBatchId);
      else if (event.key === "ArrowRight") go(batch.nextBatchId);
    },
  };
}

// Only under --show-records there is something to show.
async function showRecords(place, path, stages) {
  const response = await fetch(path);
  if (response.status === 403) {
    place.replaceChildren(element("p", { class: "faint" }, "Records are shown under sstream-ui --show-records."));
    return;
  }
  const samples = response.ok ? await response.json() : [];
  place.replaceChildren(element("h2", {}, "First records that each stage gave out"),
    ...samples.flatMap(({ stageId, records }) => [element("h3", {}, stages[stageId]?.description ?? ""), element("pre", {}, records.join("\n"))]),
    ...(samples.length ? [] : [element("p", { class: "faint" }, "None were kept: they are from when sstream-ui --show-records began.")]));
}

// --- moving about ------------------------------------------------------------

function rowKeys(event) {
  const rows = [...main.querySelectorAll("tr[data-href]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (event.key === "j") rows[Math.min(rows.length - 1, at + 1)]?.querySelector("a").focus();
  if (event.key === "k") rows[Math.max(0, at - 1)]?.querySelector("a").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (event.key === "?") help.open ? help.close() : help.showModal();
  else if (help.open) return;
  else if (event.key === "u" && page?.up) location.hash = page.up;
  else page?.key?.(event);
});
document.getElementById("help-button").onclick = () => help.showModal();

let turn = 0;
async function route() {
  const mine = ++turn;
  page?.close?.();
  page = null;
  const [key, batch] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  try {
    const shown = !key ? showList() : batch ? await showBatch(key, batch) : await showPipeline(key);
    if (mine !== turn) shown.close();
    else page = shown;
  } catch (error) {
    main.replaceChildren(element("h1", {}, "Nothing to show"), element("p", {}, error.message), link("#/", "All pipelines"));
  }
  main.focus({ preventScroll: true });
}
addEventListener("hashchange", () => { scrollTo(0, 0); route(); });
route();
