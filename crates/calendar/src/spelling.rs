//! What a slip of the pen was meant to be. It stands here because every crate above reads names that people write.

/// The longest text that may be a slip of the pen.
const MAX_NAME: usize = 200;

/// Finds the candidate that was most likely meant, without regard to case; none where nothing is near.
pub fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.trim().to_lowercase();
    // No name is so long, and comparing takes time with the length.
    if given.len() > MAX_NAME {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&given, &candidate.trim().to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
