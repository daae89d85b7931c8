//! Reads a framed stream and says how late each batch's end came: the time now,
//! less the batch's. `make bench` puts it behind a pipeline.
//!
//! ```sh
//! sstream-source rate 100000 --batch 1ms --stop-after 10s | sstream-filter . | end_latency
//! ```

use std::error::Error;
use std::io::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use sstream::frame::{Event, FrameReader};

fn main() -> Result<(), Box<dyn Error>> {
    let mut reader = FrameReader::new(io::stdin().lock());
    let mut late_ms: Vec<f64> = Vec::new();
    let mut records = 0;
    loop {
        match reader.next()? {
            Event::End(end) => {
                let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0;
                late_ms.push(now_ms - end.time.0 as f64);
                records += end.records;
            }
            Event::Close(_) => break,
            Event::Head(_) | Event::Block(_) => {}
        }
    }
    // The last end comes early, when the input ends before its interval does.
    late_ms.pop();
    late_ms.sort_by(f64::total_cmp);
    let at =
        |part: f64| late_ms.get((late_ms.len() as f64 * part) as usize).or(late_ms.last()).copied().unwrap_or(f64::MAX);
    let line = format!(
        "{{\"ends\":{},\"records\":{records},\"p50_ms\":{:.3},\"p99_ms\":{:.3},\"p999_ms\":{:.3},\"max_ms\":{:.3}}}\n",
        late_ms.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    io::stdout().write_all(line.as_bytes())?;
    Ok(())
}
