//! Draws a pipeline on a terminal.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Sparkline, Table, TableState, Wrap};

use super::Scene;
use super::keys::Look;
use crate::monitor::view::{Batch, View, show_count, show_held, show_span, show_time, show_watermark};

const FAINT: Style = Style::new().fg(Color::DarkGray);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const SLOW: Style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
const LATE: Style = Style::new().fg(Color::Red);

const HELP: &str = "\
↓ ↑     mark a batch (newest on top)
PgDn PgUp Home End
Enter   show the marked batch: stages and records
Esc     back; follow the newest batch
Tab     next pipeline
q       leave the screen (in a pipeline the stream flows on)
Ctrl-C  stop the pipeline, as ever

work    time that a stage is busy, not waiting on pipes
behind  batches that have left the stage before, not this one
delays  total = scheduling (waiting) + processing";

/// Draws the scene that is looked at.
pub fn draw(frame: &mut Frame<'_>, scenes: &[Scene<'_>], look: &Look) {
    let Some(scene) = scenes.get(look.pipeline).or(scenes.first()) else {
        frame.render_widget(Paragraph::new("no pipeline yet: waiting (q leaves)").style(FAINT), frame.area());
        return;
    };
    let stages = scene.view.facts().stages.len() as u16;
    let [title, verdict, table, charts, batches, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(2),
        Constraint::Length(stages + 2),
        Constraint::Length(6),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_title(frame, title, scene, look, scenes.len());
    let verdict_style = if scene.view.behind_since().is_some() { SLOW } else { Style::new() };
    let text = Paragraph::new(scene.view.verdict()).style(verdict_style).wrap(Wrap { trim: true });
    frame.render_widget(text, verdict);
    draw_stages(frame, table, scene);
    draw_charts(frame, charts, scene.view);
    match look.marked.filter(|_| look.is_open).and_then(|time| scene.view.batch(time)) {
        Some(batch) => draw_batch(frame, batches, scene, batch),
        None => draw_batches(frame, batches, scene.view, look),
    }
    frame.render_widget(Paragraph::new("q leave  ↑↓ mark  Enter batch  Tab pipeline  ? help").style(FAINT), keys);
    if look.help {
        let area = frame.area().inner(ratatui::layout::Margin { horizontal: 4, vertical: 2 });
        frame.render_widget(Clear, area);
        frame.render_widget(Paragraph::new(HELP).block(Block::bordered().title(" Keys and words ")), area);
    }
}

fn draw_title(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, look: &Look, count: usize) {
    let facts = scene.view.facts();
    let mut spans = vec![Span::styled(facts.title(), BOLD)];
    if count > 1 {
        spans.push(Span::styled(format!(" ({} of {count})", look.pipeline + 1), FAINT));
    }
    let style = if scene.state == "running" { Style::new().fg(Color::Green) } else { LATE };
    spans.push(Span::styled(format!("  {}", scene.state), style));
    spans.push(Span::styled(format!("  every {}", facts.interval), FAINT));
    if let Some(spark) = &facts.spark {
        spans.push(Span::styled(format!("  on Spark: {}", spark.place()), FAINT));
    }
    if let Some(committed) = scene.checkpoint.and_then(|checkpoint| checkpoint.committed) {
        let time = if facts.is_virtual { committed.to_string() } else { show_time(committed) };
        spans.push(Span::styled(format!("  committed to {time}"), FAINT));
    }
    if let Some(batch) = scene.view.batches().back()
        && let Some(watermark) = batch.watermark
    {
        let lag = batch.watermark_lag_ms().filter(|lag| *lag > 0 && !facts.is_virtual);
        let behind = lag.map_or(String::new(), |lag| format!(", {} behind", show_span(lag as f64)));
        spans.push(Span::styled(format!("  watermark {}{behind}", show_watermark(watermark)), FAINT));
    }
    if let Some(found) = scene.view.disagreement() {
        spans.push(Span::styled(format!("  records lost between stages in {} batches", found.batches), LATE));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

fn draw_stages(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let view = scene.view;
    let slowest = view.slowest().map(|(index, _)| index);
    let rows = view.facts().stages.iter().zip(view.loads()).enumerate().map(|(index, (stage, load))| {
        let total = view.totals().stages.get(index).copied().unwrap_or_default();
        let is_slowest = slowest == Some(index);
        let mark = if is_slowest { "▶ " } else { "  " };
        let held = scene.held.get(index).copied().flatten().map_or(String::new(), show_held);
        let behind = scene.backlog.get(index).copied().flatten().map_or("-".to_owned(), |batches| batches.to_string());
        Row::new([
            Cell::from(format!("{mark}{}", stage.description)),
            right(show_count(load.records_per_second)),
            right(show_count(total.records_in as f64)),
            right(show_count(total.records_out as f64)),
            right(show_count(total.aside as f64)),
            right(show_span(load.busy_ms)),
            Cell::from(gauge(load.share)).style(if load.share > 1.0 { LATE } else { Style::new() }),
            right(behind),
            right(held),
        ])
        .style(if is_slowest { SLOW } else { Style::new() })
    });
    let widths = [
        Constraint::Min(16),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(7),
        Constraint::Length(10),
        Constraint::Length(15),
        Constraint::Length(6),
        // Where the terminal is wide and some stage keeps something.
        Constraint::Length(if area.width >= 120 && scene.held.iter().any(Option::is_some) { 22 } else { 0 }),
    ];
    let labels = ["  stage", "records/s", "in", "out", "aside", "work/batch", "of the interval", "behind", "keeps"];
    let header = labels
        .iter()
        .enumerate()
        .map(|(at, label)| if at == 0 || at == 6 { Cell::from(*label) } else { right(*label) });
    frame.render_widget(Table::new(rows, widths).header(Row::new(header).style(FAINT)), area);
}

/// Name, colour, a batch's value, and how values are shown.
type Chart<'a> = (&'a str, Color, &'a dyn Fn(&Batch) -> f64, &'a dyn Fn(f64) -> String);

fn draw_charts(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let areas: [Rect; 3] = Layout::horizontal([Constraint::Fill(1); 3]).spacing(2).areas(area);
    let interval_s = view.facts().interval.ms() as f64 / 1000.0;
    let facts = view.facts();
    let charts: [Chart<'_>; 3] = [
        ("input rate", Color::Blue, &|batch| batch.input(facts) as f64 / interval_s, &|n| {
            format!("{}/s", show_count(n))
        }),
        ("processing time", Color::Green, &|batch| batch.delays.processing_ms, &show_span),
        ("total delay", Color::Magenta, &|batch| batch.delays.total_ms(), &show_span),
    ];
    for ((name, color, value, show), area) in charts.into_iter().zip(areas) {
        let start = view.batches().len().saturating_sub(area.width as usize);
        let values: Vec<f64> = view.batches().range(start..).map(value).collect();
        let most = values.iter().copied().fold(0.0, f64::max);
        let now = values.last().copied().unwrap_or(0.0);
        let title = Line::from(vec![Span::styled(name, BOLD), Span::raw(format!(" {}", show(now)))]);
        let highest = Line::styled(format!("max {}", show(most)), FAINT).right_aligned();
        // Bars are whole numbers.
        let bars: Vec<u64> = values.iter().map(|value| (value * 1000.0) as u64).collect();
        let block = Block::new().title(title).title(highest);
        frame.render_widget(Sparkline::default().block(block).data(bars).style(Style::new().fg(color)), area);
    }
}

fn draw_batches(frame: &mut Frame<'_>, area: Rect, view: &View, look: &Look) {
    let room = area.height.saturating_sub(1) as usize;
    let newest_first = || view.batches().iter().rev();
    let marked = look.marked.and_then(|time| newest_first().position(|batch| batch.time == time));
    // As many as fit, around the marked one.
    let start = marked.map_or(0, |at| at.saturating_sub(room / 2)).min(view.batches().len().saturating_sub(room));
    let rows = newest_first().skip(start).take(room).map(|batch| batch_row(view, batch));
    let labels = ["batch", "in", "out", "scheduling", "processing", "total delay"];
    let header = labels.iter().enumerate().map(|(at, label)| if at == 0 { Cell::from(*label) } else { right(*label) });
    let widths = [
        Constraint::Length(25),
        Constraint::Length(11),
        Constraint::Length(11),
        Constraint::Length(13),
        Constraint::Length(13),
        Constraint::Length(13),
    ];
    let table = Table::new(rows, widths)
        .header(Row::new(header).style(FAINT))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::default().with_selected(marked.map(|at| at - start));
    frame.render_stateful_widget(table, area, &mut state);
}

fn batch_row<'a>(view: &View, batch: &Batch) -> Row<'a> {
    let row = Row::new([
        Cell::from(time_of(view, batch)),
        right(show_count(batch.input(view.facts()) as f64)),
        right(show_count(batch.records as f64)),
        right(show_span(batch.delays.scheduling_ms)),
        right(show_span(batch.delays.processing_ms)),
        right(show_span(batch.delays.total_ms())),
    ]);
    if view.is_late(batch) { row.style(LATE) } else { row }
}

fn draw_batch(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, batch: &Batch) {
    let view = scene.view;
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("batch {}", time_of(view, batch)), BOLD),
        Span::raw(format!(
            "  scheduling {}, processing {}, total {}",
            show_span(batch.delays.scheduling_ms),
            show_span(batch.delays.processing_ms),
            show_span(batch.delays.total_ms())
        )),
    ])];
    let work: f64 = batch.entries.iter().map(|entry| entry.busy_ms).sum();
    for (stage, entry) in view.facts().stages.iter().zip(&batch.entries) {
        let share = if work > 0.0 { entry.busy_ms / work } else { 0.0 };
        lines.push(Line::raw(format!(
            "{:>11} in {:>11} out {:>5} aside {:>10} {}  {}",
            show_count(entry.records_in as f64),
            show_count(entry.records_out as f64),
            entry.aside,
            show_span(entry.busy_ms),
            gauge(share),
            stage.description
        )));
    }
    for records in &scene.records {
        lines.push(Line::styled(format!("records out of {}", records.stage), BOLD));
        lines.extend(records.lines.lines().map(|line| Line::raw(line.to_owned())));
    }
    if scene.records.is_empty() {
        lines.push(Line::styled("no records are kept of this batch; of those from now on some will be", FAINT));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn time_of(view: &View, batch: &Batch) -> String {
    if view.facts().is_virtual { batch.time.to_string() } else { show_time(batch.time) }
}

fn right<'a>(text: impl Into<String>) -> Cell<'a> {
    Cell::from(Line::from(text.into()).right_aligned())
}

/// A share as eight cells and a number.
fn gauge(share: f64) -> String {
    let filled = (share.clamp(0.0, 1.0) * 8.0).round() as usize;
    format!("{}{} {:.0} %", "█".repeat(filled), "░".repeat(8 - filled), share * 100.0)
}

#[cfg(test)]
mod tests;
