//! What somebody may have meant who wrote a word that is not known.

/// The word that differs least, where that is little: by two letters put in, left out,
/// changed, or swapped with the next.
pub fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let by_distance = words.into_iter().map(|other| (strsim::osa_distance(word, other), other));
    let (distance, near) = by_distance.min_by_key(|(distance, _)| *distance)?;
    (distance <= 2 && distance < near.len()).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let words = ["print", "text", "json", "files", "tcp"];
        for (word, near) in
            [("file", Some("files")), ("pirnt", Some("print")), ("tpc", Some("tcp")), ("kafkaesque", None), ("", None)]
        {
            assert_eq!(nearest(word, words), near, "{word}");
        }
    }
}
