//! What somebody may have meant.

use strsim::osa_distance;

/// The word that differs least, where that is little.
///
/// ```
/// use sstream::connect::nearest;
///
/// let columns = ["user", "amount"].map(str::to_owned);
/// assert_eq!(nearest("uesr", &columns), Some("user"));
/// assert_eq!(nearest("colour", &columns), None);
/// ```
pub fn nearest<'w>(word: &str, words: &'w [String]) -> Option<&'w str> {
    let (distance, near) = words.iter().map(|other| (osa_distance(word, other), other)).min()?;
    (distance <= 2 && distance < near.len()).then_some(near.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let words = ["print", "text", "json", "files"].map(str::to_owned);
        for (word, near) in [("file", Some("files")), ("pirnt", Some("print")), ("kafkaesque", None), ("", None)] {
            assert_eq!(nearest(word, &words), near, "{word}");
        }
    }
}
