//! Pairs of windows: customers who were active in the first and not in the second are taken for lost.

use tallybook_calendar::{Calendar, Window};

use super::options::DayCount;
use crate::folds::inactivity::Inactivity;
use crate::metric::Requests;

/// The window before and the window after that end with a window.
pub(in crate::catalog) fn pair(
    calendar: &Calendar,
    before: DayCount,
    after: DayCount,
    window: &Window,
) -> (Window, Window) {
    let late = calendar.days_up_to(window.to, after.0);
    (calendar.days_up_to(late.from, before.0), late)
}

/// Asks for the pairs of all wanted windows.
pub(in crate::catalog) fn request_pairs(requests: &mut Requests<'_>, before: DayCount, after: DayCount) {
    let pairs = requests.wanted.iter().map(|wanted| pair(requests.calendar, before, after, &wanted.window)).collect();
    requests
        .fold(&Inactivity::key(before.0, after.0), move |context| Box::new(Inactivity::new(pairs, context.segments)));
}
