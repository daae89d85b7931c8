// Timelines and histograms of a pipeline's batches.
import { count, element, span } from "/show.js";

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// What is drawn: a column of the batches, as Spark's page has them.
const CHARTS = [
  { key: "rate", title: "Input rate", unit: (n) => count(n) + "/s", color: "input" },
  { key: "schedulingDelay", title: "Scheduling delay", unit: span, color: "scheduling" },
  { key: "processingTime", title: "Processing time", unit: span, color: "processing" },
  { key: "totalDelay", title: "Total delay", unit: span, color: "total", marks: true },
];
const BARS = 28;

// All batches, as columns that grow.
export class Columns {
  constructor(intervalMs, limit) {
    Object.assign(this, { intervalMs, limit, batchId: [], inputSize: [], outputSize: [], schedulingDelay: [], processingTime: [], totalDelay: [], rate: [] });
  }
  add(more) {
    const from = more.batchId.findIndex((id) => !(id <= this.last));
    if (from < 0) return;
    for (const key of ["batchId", "inputSize", "outputSize", "schedulingDelay", "processingTime", "totalDelay"]) {
      for (let i = from; i < more[key].length; i++) this[key].push(more[key][i]);
    }
    for (let i = from; i < more.batchId.length; i++) this.rate.push((more.inputSize[i] * 1000) / this.intervalMs);
    const surplus = this.batchId.length - this.limit;
    if (surplus > 0) for (const column of this.all()) column.splice(0, surplus);
  }
  all() { return Object.values(this).filter(Array.isArray); }
  get last() { return this.batchId.length ? this.batchId[this.batchId.length - 1] : undefined; }
  get length() { return this.batchId.length; }
}

export class Charts {
  // `open` is called with the id of a batch that was clicked.
  constructor(columns, isVirtual, open) {
    Object.assign(this, { columns, isVirtual, open, shown: 300, plots: [] });
    this.panels = CHARTS.map((chart) => {
      const value = element("span", { class: "value", "data-chart": chart.key });
      const place = element("div");
      const histogram = element("div", { class: "histogram", role: "img" });
      histogram.style.color = `var(--${chart.color})`;
      const bounds = element("div", { class: "bounds" });
      const panel = element("section", { class: "panel chart", "aria-label": chart.title },
        element("h3", {}, chart.title, value), place, histogram, bounds);
      return { chart, panel, value, place, histogram, bounds };
    });
    this.elements = this.panels.map(({ panel }) => panel);
    this.resize = new ResizeObserver(() => this.plots.forEach((plot, i) => plot.setSize(this.size(this.panels[i].place))));
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", this.rebuild = () => { this.drop(); this.draw(); });
  }

  size(place) { return { width: Math.max(200, place.clientWidth), height: 150 }; }

  data(chart) {
    const start = this.shown === "all" ? 0 : Math.max(0, this.columns.length - this.shown);
    const x = this.columns.batchId.slice(start).map((ms) => ms / 1000);
    const y = this.columns[chart.key].slice(start);
    if (!chart.marks || this.isVirtual) return [x, y];
    const interval = this.columns.intervalMs;
    return [x, y, x.map(() => interval), y.map((ms) => (ms > interval ? ms : null))];
  }

  options(chart, place) {
    const axis = { stroke: color("faint"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const series = [{}, { label: chart.title, stroke: color(chart.color), width: 1.6, fill: color(chart.color) + "22", points: { show: false } }];
    if (chart.marks && !this.isVirtual) {
      series.push({ label: "interval", stroke: color("bad"), width: 1, dash: [5, 4], points: { show: false } });
      series.push({ label: "late", stroke: color("bad"), paths: () => null, points: { show: true, size: 5, fill: color("bad") } });
    }
    const open = this.open;
    return {
      ...this.size(place), series, legend: { show: false }, cursor: { y: false, points: { size: 6 } },
      scales: { x: { time: !this.isVirtual }, y: { range: (_, low, high) => [0, Math.max(high * 1.08, 1)] } },
      axes: [axis, { ...axis, size: 62, values: (_, ticks) => ticks.map(chart.unit) }],
      hooks: { ready: [(plot) => plot.over.addEventListener("click", () => {
        const i = plot.cursor.idx;
        if (i !== null && i !== undefined) open(Math.round(plot.data[0][i] * 1000));
      })] },
    };
  }

  draw() {
    if (!this.columns.length) return;
    this.panels.forEach(({ chart, value, place, histogram, bounds }, i) => {
      const data = this.data(chart);
      if (this.plots[i]) this.plots[i].setData(data);
      else if (place.isConnected) {
        this.plots[i] = new uPlot(this.options(chart, place), data, place);
        this.resize.observe(place);
      }
      const values = data[1];
      const mean = values.reduce((sum, n) => sum + n, 0) / values.length;
      value.textContent = `${chart.unit(values[values.length - 1])}, mean ${chart.unit(mean)}`;
      this.drawHistogram(chart, values, histogram, bounds);
    });
  }

  drawHistogram(chart, values, histogram, bounds) {
    const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
    const counts = new Array(BARS).fill(0);
    for (const value of values) counts[Math.min(BARS - 1, Math.floor((value / most) * BARS))]++;
    const highest = Math.max(...counts);
    histogram.replaceChildren(...counts.map((n, i) => {
      const bar = element("i", { title: `${chart.unit((i * most) / BARS)} to ${chart.unit(((i + 1) * most) / BARS)}: ${n} batches` });
      bar.style.height = n ? Math.max(4, (n / highest) * 100) + "%" : "0";
      return bar;
    }));
    histogram.setAttribute("aria-label", `Histogram of ${chart.title} over ${values.length} batches`);
    bounds.replaceChildren(element("span", {}, "0"), element("span", {}, `${values.length} batches`), element("span", {}, chart.unit(most)));
  }

  drop() {
    this.plots.forEach((plot) => plot.destroy());
    this.plots = [];
  }

  close() {
    this.drop();
    this.resize.disconnect();
    this.dark.removeEventListener("change", this.rebuild);
  }
}

