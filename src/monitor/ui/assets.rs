//! The page's files, all in the binary: it works without a network.

use crate::net::http::{self, Response};

/// The file at this path.
pub fn find(path: &str) -> Option<Response> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    const STYLE: &str = "text/css; charset=utf-8";
    let (content_type, content) = match path {
        "/" | "/index.html" => ("text/html; charset=utf-8", include_str!("../../../assets/ui/index.html")),
        "/app.js" => (SCRIPT, include_str!("../../../assets/ui/app.js")),
        "/charts.js" => (SCRIPT, include_str!("../../../assets/ui/charts.js")),
        "/graph.js" => (SCRIPT, include_str!("../../../assets/ui/graph.js")),
        "/show.js" => (SCRIPT, include_str!("../../../assets/ui/show.js")),
        "/style.css" => (STYLE, include_str!("../../../assets/ui/style.css")),
        "/icon.svg" => ("image/svg+xml", include_str!("../../../assets/ui/icon.svg")),
        "/uplot.js" => (SCRIPT, include_str!("../../../assets/uplot/uPlot.iife.min.js")),
        "/uplot.css" => (STYLE, include_str!("../../../assets/uplot/uPlot.min.css")),
        _ => return None,
    };
    Some(http::text(content_type, content))
}
