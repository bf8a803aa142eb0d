//! What customers of the demo company write: invented, and as untidy as what people type.

use super::random::Random;

/// A comment that fits a mood and what it is about.
pub(super) fn comment(mood: f64, touchpoint: &str, random: &mut Random) -> &'static str {
    let shelf = match (touchpoint, mood) {
        ("delivery", mood) if mood < -0.9 => BAD_DELIVERY,
        ("delivery", mood) if mood > 0.1 => GOOD_DELIVERY,
        ("support", mood) if mood < -0.9 => BAD_SUPPORT,
        ("support", mood) if mood > 0.1 => GOOD_SUPPORT,
        ("checkout", mood) if mood < -0.9 => BAD_CHECKOUT,
        ("checkout", mood) if mood > 0.1 => GOOD_CHECKOUT,
        _ => NEUTRAL,
    };
    shelf[usize::try_from(random.next() % shelf.len() as u64).unwrap_or(0)]
}

const GOOD_DELIVERY: &[&str] = &[
    "Beautiful table, and it arrived a day early.",
    "Great quality, I recommend Acorn & Oak to everyone",
    "Love the chair!!",
    "well packed, fast delivery, thank you",
    "The shelf looks even better than in the pictures.",
    "Third order, never disappointed.",
    "Excellent workmanship. The drawers run smoothly.",
    "Friendly drivers, they even carried it upstairs  ",
    "perfect",
];
const BAD_DELIVERY: &[&str] = &[
    "The parcel came a week late and nobody told me.",
    "One leg was scratched, very disappointed",
    "Delivery was terrible, the box was damaged and two screws were missing.",
    "I waited at home all day, for nothing. Annoying!",
    "not happy with the new carrier",
    "The driver was rude and left it in the rain.",
    "TOO EXPENSIVE FOR WHAT YOU GET",
    "It wobbles. I expected better for this price.",
    "Wrong colour again. I'm frustrated",
];
const GOOD_SUPPORT: &[&str] = &[
    "Quick and friendly help, thanks!",
    "Anna solved it within minutes, brilliant.",
    "Very helpful, a spare part came the next day.",
    "Polite, patient and competent",
    "easy return, no questions asked. great service",
    "They said \"no problem\" and it really was none.",
];
const BAD_SUPPORT: &[&str] = &[
    "Had to explain the same thing three times, frustrating.",
    "No one answered for days. Poor service.",
    "The answer was useless, it did not help at all",
    "Still waiting for my refund!!! This is ridiculous",
    "The chat broke off and I had to start again, annoying",
    "I got two wrong answers, then an apology.\nBad.",
];
const GOOD_CHECKOUT: &[&str] = &["Smooth and simple.", "easy to pay, nice", "Fast checkout, I like it"];
const BAD_CHECKOUT: &[&str] = &[
    "The voucher did not work and the error message was confusing",
    "Too many steps, and the page was slow.",
    "I could not find how to pay by invoice. Annoying",
];
const NEUTRAL: &[&str] = &[
    "Order 4711, second floor.",
    "ok",
    "n/a",
    "It was what I ordered.",
    "Bought it for my mother.",
    "The colour is darker than in the catalogue.",
    "Do you have it in walnut as well?",
    "  -  ",
    "I ordered two and will write again when I have used them.",
    "Paid by invoice, delivered on Tuesday",
];
