//! The words a comment is judged by: written for comments on products, service, delivery, software and money.
//!
//! Valences run from -4 (worst) to 4 (best) and are this crate's own judgement, one whole number a word. Words that are praise in one
//! comment and mere description in the next ("cheap", "hot", "free", "ok") are left out, or stand in phrases only.
//!
//! Every list is sorted and in lower case, with straight apostrophes: it is searched by halves, and the tests below hold it to that.

/// Words and their valences, inflections listed one by one.
#[rustfmt::skip]
pub(super) const WORDS: &[(&str, i8)] = &[
    ("abandoned", -2), ("abuse", -3), ("abused", -3), ("abusive", -3), ("abysmal", -4), ("acceptable", 1),
    ("accommodating", 2), ("accurate", 2), ("accurately", 2), ("adequate", 1), ("adore", 3), ("adored", 3),
    ("adores", 3), ("adoring", 3), ("affordable", 2), ("aggravated", -2), ("aggravating", -2), ("aggressive", -2),
    ("amazing", 4), ("anger", -3), ("angry", -3), ("annoy", -2), ("annoyance", -2), ("annoyed", -2),
    ("annoying", -2), ("answered", 1), ("appalled", -3), ("appalling", -4), ("appreciate", 2), ("appreciated", 2),
    ("appreciates", 2), ("appreciation", 2), ("appreciative", 2), ("approachable", 1), ("argue", -2),
    ("argued", -2), ("arrogant", -3), ("ashamed", -2), ("atrocious", -4), ("attentive", 2), ("attractive", 2),
    ("avoid", -3), ("avoided", -3), ("awesome", 4), ("awful", -3), ("awkward", -2), ("bad", -3), ("badly", -2),
    ("beautiful", 3), ("beautifully", 3), ("beneficial", 2), ("benefit", 2), ("benefits", 2), ("best", 3),
    ("better", 1), ("beware", -3), ("bland", -2), ("bless", 2), ("blessing", 2), ("bloated", -2), ("bloatware", -2),
    ("blurry", -2), ("bogus", -3), ("bonus", 2), ("bored", -2), ("boring", -2), ("bother", -1), ("bothered", -1),
    ("break", -1), ("breaking", -2), ("breaks", -2), ("breeze", 2), ("bricked", -3), ("brilliant", 3),
    ("brilliantly", 3), ("broke", -3), ("broken", -3), ("bug", -2), ("buggy", -2), ("bugs", -2), ("bulky", -1),
    ("bullshit", -3), ("bummer", -1), ("burned", -2), ("burnt", -2), ("canceled", -1), ("cancelled", -1),
    ("capable", 1), ("careless", -2), ("carelessly", -2), ("caring", 2), ("catastrophe", -4), ("catastrophic", -4),
    ("charming", 2), ("cheaply", -2), ("cheat", -3), ("cheated", -3), ("cheating", -3), ("cheats", -3),
    ("cheerful", 2), ("classy", 2), ("clean", 1), ("cleaner", 1), ("clear", 1), ("clearer", 1), ("clearly", 1),
    ("clever", 2), ("clueless", -2), ("clumsy", -2), ("clunky", -2), ("comfortable", 2), ("comfortably", 2),
    ("comfy", 2), ("commend", 2), ("commendable", 2), ("commended", 2), ("compatible", 1), ("competent", 1),
    ("complain", -2), ("complained", -2), ("complaining", -2), ("complains", -2), ("complaint", -2),
    ("complaints", -2), ("complicated", -2), ("compliment", 2), ("compliments", 2), ("condescending", -3),
    ("confused", -2), ("confusing", -2), ("confusion", -2), ("congrats", 2), ("congratulations", 2), ("conned", -4),
    ("considerate", 2), ("convenience", 2), ("convenient", 2), ("conveniently", 2), ("cool", 2), ("corrupt", -3),
    ("corrupted", -3), ("cosy", 2), ("counterfeit", -3), ("courteous", 2), ("cozy", 2), ("crack", -2),
    ("cracked", -2), ("cracks", -2), ("cramped", -2), ("crap", -3), ("crappy", -3), ("crash", -2), ("crashed", -2),
    ("crashes", -2), ("crashing", -2), ("criminals", -4), ("crisp", 2), ("crooked", -2), ("crooks", -4),
    ("crushed", -2), ("crying", -2), ("cumbersome", -2), ("cute", 2), ("damage", -2), ("damaged", -3),
    ("damages", -2), ("damp", -1), ("dangerous", -3), ("dead", -2), ("deceitful", -3), ("deceive", -3),
    ("deceived", -3), ("deceiving", -3), ("decent", 1), ("deceptive", -3), ("defect", -2), ("defective", -3),
    ("defects", -2), ("delay", -2), ("delayed", -2), ("delays", -2), ("delicious", 3), ("delight", 3),
    ("delighted", 3), ("delightful", 3), ("delights", 3), ("dent", -2), ("dented", -2), ("dents", -2),
    ("dependable", 2), ("deplorable", -3), ("despicable", -4), ("deteriorated", -2), ("deteriorates", -2),
    ("devastated", -3), ("died", -2), ("dies", -2), ("difficult", -2), ("difficulties", -2), ("difficulty", -2),
    ("diligent", 2), ("dirty", -2), ("disappoint", -3), ("disappointed", -3), ("disappointing", -3),
    ("disappointment", -3), ("disappoints", -3), ("disaster", -3), ("disastrous", -3), ("disconnect", -1),
    ("disconnected", -1), ("disconnects", -1), ("discontent", -2), ("disgrace", -4), ("disgraceful", -4),
    ("disgruntled", -2), ("disgusted", -4), ("disgusting", -4), ("dishonest", -3), ("disillusioned", -2),
    ("dislike", -2), ("disliked", -2), ("dismissive", -2), ("displeased", -2), ("disrespectful", -3),
    ("dissatisfaction", -2), ("dissatisfied", -2), ("distorted", -2), ("disturbing", -2), ("dodgy", -2),
    ("doubt", -1), ("doubtful", -2), ("downgrade", -2), ("downgraded", -2), ("downside", -1), ("downsides", -1),
    ("downtime", -2), ("drain", -1), ("drained", -1), ("drains", -1), ("drawback", -1), ("drawbacks", -1),
    ("dreadful", -3), ("dumb", -2), ("durability", 1), ("durable", 2), ("easier", 2), ("easiest", 2), ("easily", 2),
    ("easy", 2), ("ecstatic", 3), ("effective", 2), ("effectively", 2), ("efficiency", 2), ("efficient", 2),
    ("efficiently", 2), ("effortless", 2), ("effortlessly", 2), ("elegant", 2), ("embarrassed", -2),
    ("embarrassing", -2), ("encouraging", 1), ("engaging", 2), ("enjoy", 2), ("enjoyable", 2), ("enjoyed", 2),
    ("enjoying", 2), ("enjoys", 2), ("enraged", -3), ("enthusiastic", 2), ("error", -2), ("errors", -2),
    ("exceed", 2), ("exceeded", 2), ("exceeds", 2), ("excellence", 3), ("excellent", 3), ("excellently", 3),
    ("exceptional", 4), ("excessive", -2), ("excited", 2), ("exciting", 2), ("excuse", -2), ("excuses", -2),
    ("exemplary", 3), ("expensive", -2), ("expertise", 2), ("expertly", 2), ("expired", -2), ("exploded", -3),
    ("exquisite", 3), ("extortion", -4), ("extortionate", -3), ("fabulous", 3), ("fade", -2), ("faded", -2),
    ("fades", -2), ("fail", -2), ("failed", -3), ("failing", -2), ("fails", -2), ("failure", -3), ("fair", 1),
    ("fake", -3), ("fakes", -3), ("false", -2), ("falsely", -2), ("fantastic", 3), ("fantastically", 3),
    ("fast", 2), ("faster", 2), ("fastest", 2), ("fault", -2), ("faultless", 3), ("faultlessly", 3), ("faults", -2),
    ("faulty", -2), ("favorite", 3), ("favorites", 3), ("favourite", 3), ("favourites", 3), ("fiasco", -3),
    ("filthy", -3), ("fine", 1), ("finest", 3), ("fit", 1), ("fits", 1), ("fixed", 2), ("flaky", -2),
    ("flattering", 2), ("flaw", -2), ("flawed", -2), ("flawless", 4), ("flawlessly", 4), ("flaws", -2),
    ("flexible", 1), ("flicker", -2), ("flickering", -2), ("flickers", -2), ("flimsy", -2), ("fluffy", 2),
    ("forgot", -1), ("forgotten", -1), ("fragile", -1), ("fraud", -4), ("fraudster", -4), ("fraudsters", -4),
    ("fraudulent", -4), ("freezes", -2), ("freezing", -2), ("fresh", 2), ("friendlier", 2), ("friendliness", 2),
    ("friendly", 2), ("froze", -2), ("frustrated", -2), ("frustrating", -2), ("frustration", -2), ("fuming", -3),
    ("fun", 2), ("functional", 1), ("furious", -3), ("fuss", -1), ("garbage", -3), ("gem", 3), ("generous", 2),
    ("generously", 2), ("genius", 3), ("genuine", 1), ("genuinely", 1), ("ghastly", -3), ("glad", 2), ("gladly", 2),
    ("glitch", -2), ("glitches", -2), ("glitchy", -2), ("glorious", 3), ("godsend", 3), ("good", 2),
    ("gorgeous", 3), ("gouging", -3), ("gracious", 2), ("grateful", 2), ("gratitude", 2), ("great", 3),
    ("greatest", 3), ("greed", -2), ("greedy", -2), ("grumpy", -2), ("handy", 2), ("happier", 2), ("happiest", 3),
    ("happily", 2), ("happiness", 2), ("happy", 2), ("harass", -3), ("harassed", -3), ("harassment", -3),
    ("harsh", -2), ("hassle", -2), ("hassles", -2), ("hate", -3), ("hated", -3), ("hates", -3), ("hazard", -2),
    ("hazardous", -2), ("headache", -2), ("headaches", -2), ("heartbroken", -3), ("heavenly", 3), ("hell", -2),
    ("help", 2), ("helped", 2), ("helpful", 2), ("helpfulness", 2), ("helping", 2), ("helps", 2), ("hesitant", -1),
    ("hesitate", -1), ("honest", 2), ("honesty", 2), ("hooray", 2), ("hopeless", -3), ("horrendous", -4),
    ("horrible", -4), ("horribly", -3), ("horrid", -3), ("hospitable", 2), ("hostile", -3), ("hurt", -2),
    ("hurts", -2), ("ideal", 2), ("ignorant", -2), ("ignore", -2), ("ignored", -2), ("ignores", -2),
    ("ignoring", -2), ("illegal", -3), ("immaculate", 3), ("immersive", 2), ("impeccable", 3), ("impeccably", 3),
    ("impolite", -2), ("impossible", -2), ("impress", 2), ("impressed", 3), ("impresses", 2), ("impressive", 3),
    ("impressively", 3), ("improved", 2), ("improvement", 1), ("improvements", 1), ("improves", 2),
    ("improving", 1), ("inaccurate", -2), ("inadequate", -2), ("incompetence", -3), ("incompetent", -3),
    ("incomplete", -2), ("inconsistent", -2), ("inconvenience", -2), ("inconvenienced", -2), ("inconvenient", -2),
    ("incorrect", -2), ("incorrectly", -2), ("incredible", 3), ("ineffective", -2), ("inefficient", -2),
    ("inexpensive", 2), ("inferior", -2), ("infested", -3), ("inflexible", -2), ("infuriated", -3),
    ("infuriating", -3), ("ingenious", 3), ("injured", -3), ("injury", -3), ("innovative", 2), ("insightful", 2),
    ("inspiring", 2), ("insufficient", -2), ("insult", -3), ("insulted", -3), ("insulting", -3), ("intact", 2),
    ("intermittent", -1), ("intuitive", 2), ("intuitively", 2), ("invalid", -1), ("invaluable", 3), ("inviting", 2),
    ("irresponsible", -2), ("irritated", -2), ("irritating", -2), ("irritation", -2), ("issue", -2), ("issues", -2),
    ("itchy", -2), ("jam", -1), ("jammed", -2), ("jams", -1), ("joy", 3), ("junk", -3), ("kind", 2), ("kindly", 1),
    ("kindness", 2), ("knowledgeable", 2), ("kudos", 3), ("lack", -2), ("lacked", -2), ("lacking", -2),
    ("lacks", -2), ("lag", -2), ("lagging", -2), ("laggy", -2), ("lags", -2), ("lame", -2), ("lasts", 1),
    ("late", -2), ("laughable", -3), ("lazy", -2), ("leak", -2), ("leaked", -2), ("leaking", -2), ("leaks", -2),
    ("leaky", -2), ("legit", 2), ("letdown", -2), ("liar", -3), ("liars", -3), ("lied", -3), ("lifesaver", 3),
    ("lifesaving", 3), ("lightweight", 1), ("like", 2), ("likeable", 2), ("liked", 2), ("likes", 2),
    ("limited", -1), ("livid", -3), ("loose", -1), ("lose", -2), ("loses", -2), ("losing", -2), ("lost", -2),
    ("loud", -1), ("lousy", -3), ("love", 3), ("loved", 3), ("lovely", 3), ("loves", 3), ("loving", 3),
    ("loyal", 1), ("lucky", 2), ("luxurious", 2), ("luxury", 1), ("lying", -2), ("magnificent", 3), ("malware", -3),
    ("marvellous", 3), ("marvelous", 3), ("masterpiece", 3), ("mediocre", -2), ("meh", -1), ("mess", -2),
    ("messed", -2), ("messy", -2), ("mildew", -2), ("miserable", -3), ("miserably", -3), ("mishandled", -2),
    ("mislead", -3), ("misleading", -3), ("misled", -3), ("misplaced", -2), ("misrepresented", -2), ("miss", -1),
    ("missed", -2), ("missing", -2), ("mistake", -2), ("mistaken", -2), ("mistakes", -2), ("mistreated", -2),
    ("moldy", -3), ("mouldy", -3), ("nasty", -3), ("neat", 2), ("neatly", 2), ("negative", -2), ("neglected", -2),
    ("negligence", -3), ("negligent", -3), ("nice", 2), ("nicely", 2), ("nicer", 2), ("nicest", 2),
    ("nightmare", -3), ("noise", -1), ("noisy", -2), ("nonsense", -2), ("nope", -1), ("nuisance", -2),
    ("obliging", 2), ("obnoxious", -2), ("obsolete", -2), ("odd", -1), ("offended", -2), ("offensive", -2),
    ("organised", 1), ("organized", 1), ("outage", -2), ("outages", -2), ("outdated", -2), ("outperforms", 2),
    ("outraged", -3), ("outrageous", -3), ("outstanding", 4), ("overcharge", -3), ("overcharged", -3),
    ("overcharging", -3), ("overheat", -2), ("overheated", -2), ("overheating", -2), ("overheats", -2),
    ("overjoyed", 3), ("overlooked", -1), ("overpriced", -3), ("overrated", -2), ("pain", -2), ("painful", -2),
    ("painless", 2), ("painlessly", 2), ("pathetic", -3), ("patient", 2), ("patiently", 2), ("patronising", -2),
    ("patronizing", -2), ("peeled", -2), ("peeling", -2), ("peels", -2), ("perfect", 3), ("perfection", 4),
    ("perfectly", 3), ("personable", 2), ("phenomenal", 4), ("phishing", -3), ("pixelated", -2), ("pleasant", 2),
    ("pleasantly", 2), ("pleased", 2), ("pleasing", 2), ("pleasure", 3), ("pointless", -2), ("polite", 2),
    ("politely", 2), ("poor", -3), ("poorly", -2), ("positive", 2), ("praise", 2), ("praised", 2), ("premium", 2),
    ("pretty", 2), ("pricey", -2), ("proactive", 2), ("problem", -2), ("problematic", -2), ("problems", -2),
    ("professional", 2), ("professionalism", 2), ("professionally", 2), ("prompt", 2), ("promptly", 2),
    ("proud", 2), ("punctual", 2), ("punctured", -2), ("pushy", -2), ("questionable", -1), ("quick", 2),
    ("quicker", 2), ("quickest", 2), ("quickly", 2), ("quiet", 1), ("quieter", 1), ("racist", -4), ("rapid", 2),
    ("rapidly", 2), ("raving", 3), ("reasonable", 1), ("reassured", 2), ("reassuring", 2), ("recommend", 3),
    ("recommendable", 3), ("recommended", 3), ("recommending", 3), ("recommends", 3), ("refreshing", 2),
    ("refunded", 1), ("refuse", -2), ("refused", -2), ("refuses", -2), ("refusing", -2), ("regret", -3),
    ("regrets", -2), ("regretted", -3), ("reimbursed", 1), ("rejected", -1), ("reliability", 1), ("reliable", 2),
    ("reliably", 2), ("relieved", 2), ("remarkable", 3), ("rescued", 2), ("resolved", 3), ("respectful", 2),
    ("respond", 1), ("responded", 1), ("responds", 1), ("responsive", 2), ("rewarding", 2), ("ridiculous", -2),
    ("ripped", -2), ("robbed", -3), ("robbery", -3), ("robust", 2), ("rotten", -3), ("rough", -1), ("rubbish", -3),
    ("rude", -3), ("rudely", -3), ("rudeness", -3), ("ruin", -3), ("ruined", -3), ("ruins", -3), ("rushed", -1),
    ("rust", -2), ("rusted", -2), ("rusty", -2), ("sad", -2), ("sadly", -2), ("safe", 2), ("safely", 2),
    ("safer", 2), ("satisfaction", 2), ("satisfactory", 1), ("satisfied", 2), ("satisfies", 2), ("satisfy", 2),
    ("satisfying", 2), ("saved", 2), ("saver", 1), ("saves", 2), ("saving", 1), ("savings", 1), ("scam", -4),
    ("scammed", -4), ("scammer", -4), ("scammers", -4), ("scamming", -4), ("scams", -4), ("scandal", -3),
    ("scary", -2), ("sceptical", -1), ("scratch", -2), ("scratched", -2), ("scratches", -2), ("scratchy", -2),
    ("scuffed", -2), ("seamless", 3), ("seamlessly", 3), ("secure", 1), ("securely", 1), ("sensational", 3),
    ("shabby", -2), ("shady", -3), ("shame", -2), ("shameful", -3), ("shattered", -2), ("shit", -3), ("shitty", -3),
    ("shocked", -2), ("shocking", -2), ("shoddy", -3), ("shortage", -1), ("sick", -2), ("simple", 1),
    ("simpler", 1), ("simplest", 1), ("simplicity", 2), ("simply", 1), ("skeptical", -1), ("sketchy", -2),
    ("sleek", 2), ("slick", 2), ("sloppy", -2), ("slow", -2), ("slower", -2), ("slowest", -2), ("slowly", -2),
    ("slowness", -2), ("sluggish", -2), ("smart", 2), ("smashed", -2), ("smell", -1), ("smelled", -1),
    ("smells", -1), ("smelly", -2), ("smile", 2), ("smiles", 2), ("smiling", 2), ("smooth", 2), ("smoother", 2),
    ("smoothly", 2), ("snapped", -2), ("soft", 1), ("soggy", -2), ("solid", 2), ("solved", 3), ("soothing", 2),
    ("sorry", -1), ("spacious", 2), ("spam", -2), ("spammed", -2), ("spamming", -2), ("sparkling", 2),
    ("special", 1), ("spectacular", 3), ("speedily", 2), ("speedy", 2), ("splendid", 3), ("spoiled", -2),
    ("spoilt", -2), ("spotless", 2), ("stable", 1), ("stain", -2), ("stained", -2), ("stains", -2), ("stale", -2),
    ("stealing", -3), ("stellar", 4), ("sticky", -1), ("stiff", -1), ("stinks", -3), ("stole", -3), ("stolen", -3),
    ("straightforward", 2), ("stress", -2), ("stressed", -2), ("stressful", -2), ("strong", 1), ("struggle", -2),
    ("struggled", -2), ("struggles", -2), ("struggling", -2), ("stuck", -2), ("stunning", 3), ("stupid", -3),
    ("sturdy", 2), ("stylish", 2), ("substandard", -2), ("succeed", 2), ("succeeded", 2), ("success", 2),
    ("successful", 2), ("successfully", 2), ("suck", -3), ("sucked", -3), ("sucks", -3), ("suffer", -2),
    ("suffered", -2), ("suffering", -2), ("sufficient", 1), ("suitable", 1), ("suits", 1), ("super", 2),
    ("superb", 4), ("superbly", 4), ("superior", 3), ("supportive", 2), ("suspicious", -2), ("sustainable", 1),
    ("sweet", 2), ("swift", 2), ("swiftly", 2), ("swindle", -4), ("swindled", -4), ("tacky", -2), ("tangled", -1),
    ("tasteful", 2), ("tasteless", -2), ("tasty", 2), ("tear", -1), ("tears", -1), ("tedious", -2),
    ("terrible", -4), ("terrific", 3), ("thank", 2), ("thanked", 2), ("thankful", 2), ("thankfully", 1),
    ("thanks", 2), ("theft", -3), ("thieves", -4), ("thorough", 2), ("thoroughly", 1), ("thoughtful", 2),
    ("threatened", -3), ("threatening", -3), ("thrilled", 3), ("thx", 2), ("tidy", 1), ("tired", -1),
    ("tiresome", -2), ("tore", -2), ("torn", -2), ("toxic", -3), ("trash", -3), ("trashed", -3), ("trouble", -2),
    ("troubled", -2), ("troubles", -2), ("troublesome", -2), ("trust", 2), ("trusted", 2), ("trustworthy", 2),
    ("ugly", -3), ("unable", -2), ("unacceptable", -3), ("unanswered", -2), ("unauthorised", -2),
    ("unauthorized", -2), ("unavailable", -1), ("unbeatable", 4), ("unclear", -2), ("uncomfortable", -2),
    ("uncomplicated", 2), ("undamaged", 2), ("undelivered", -2), ("understanding", 1), ("unethical", -3),
    ("uneven", -2), ("unfair", -2), ("unfairly", -2), ("unfinished", -2), ("unfortunate", -2),
    ("unfortunately", -2), ("unfriendly", -2), ("unhappy", -2), ("unhelpful", -2), ("unhygienic", -3),
    ("uninspired", -2), ("unique", 1), ("unjustified", -2), ("unmatched", 3), ("unnecessarily", -2),
    ("unnecessary", -2), ("unplayable", -2), ("unpleasant", -2), ("unprofessional", -3), ("unreadable", -2),
    ("unreliable", -3), ("unresolved", -2), ("unresponsive", -2), ("unsafe", -2), ("unsanitary", -2),
    ("unsatisfactory", -2), ("unsatisfied", -2), ("unsightly", -2), ("unstable", -2), ("unsuitable", -2),
    ("untrue", -2), ("untrustworthy", -2), ("unusable", -3), ("unwanted", -2), ("unwearable", -2),
    ("unwilling", -2), ("upbeat", 2), ("upset", -2), ("upsetting", -2), ("usable", 1), ("useful", 2),
    ("usefulness", 2), ("useless", -3), ("vague", -2), ("valuable", 2), ("versatile", 2), ("vibrant", 2),
    ("victory", 2), ("vile", -4), ("violated", -2), ("virus", -2), ("waited", -1), ("waiting", -1), ("warped", -2),
    ("waste", -3), ("wasted", -3), ("wasting", -3), ("weak", -2), ("weird", -1), ("welcome", 2), ("welcomed", 2),
    ("welcoming", 2), ("win", 2), ("winner", 3), ("wins", 2), ("wobbles", -2), ("wobbly", -2), ("wonderful", 3),
    ("wonderfully", 3), ("work", 1), ("worked", 1), ("working", 1), ("works", 1), ("worn", -1), ("worried", -2),
    ("worry", -2), ("worrying", -2), ("worse", -3), ("worsen", -3), ("worsened", -3), ("worst", -4), ("worth", 2),
    ("worthless", -3), ("worthwhile", 2), ("worthy", 2), ("wow", 3), ("wretched", -3), ("wrinkled", -1),
    ("wrong", -2), ("wrongly", -2), ("wtf", -3), ("yay", 2), ("yikes", -2), ("yuck", -3), ("yummy", 3),
];

/// Phrases of several words and their valences; they go before the words in them.
///
/// A leading "not" stands for any denial of a verb ("isn't", "never", "cannot"). A phrase of valence 0 takes the feeling out of its
/// words: nobody likes anything in "looks like", and "not only" denies nothing. A hyphen or a slash separates words as a space does.
#[rustfmt::skip]
pub(super) const PHRASES: &[(&str, i8)] = &[
    ("0 stars", -4), ("1 star", -3), ("10 10", 4), ("10 out of 10", 4), ("5 5", 3), ("5 out of 5", 3),
    ("5 star", 3), ("5 stars", 3), ("a joke", -3), ("a must have", 3), ("above and beyond", 4),
    ("ahead of schedule", 2), ("anything like", 0), ("as advertised", 1), ("as described", 2), ("as expected", 1),
    ("as promised", 1), ("as well", 0), ("at best", 0), ("at least", 0), ("at work", 0), ("bait and switch", -3),
    ("be back", 2), ("blew me away", 4), ("blown away", 4), ("break even", 0), ("bug free", 2), ("buy again", 3),
    ("buy it again", 3), ("can not wait", 3), ("can't wait", 3), ("cannot wait", 3), ("charged twice", -3),
    ("cheap plastic", -2), ("cheap price", 1), ("cheap prices", 1), ("could be better", -1),
    ("could be cheaper", -1), ("could be clearer", -1), ("could be easier", -1), ("could be faster", -1),
    ("could be improved", -1), ("could have been better", -1), ("could have been faster", -1),
    ("demand a refund", -3), ("double charged", -3), ("error free", 2), ("expected more", -2),
    ("falling apart", -3), ("falls apart", -3), ("far from good", -2), ("far from ideal", -2),
    ("far from perfect", -2), ("fed up", -3), ("feel cheap", -2), ("feel like", 0), ("feels cheap", -2),
    ("feels like", 0), ("fell apart", -3), ("felt cheap", -2), ("felt like", 0), ("fine print", 0),
    ("first class", 3), ("fits well", 2), ("five star", 3), ("five stars", 3), ("for free", 1), ("for work", 0),
    ("free delivery", 1), ("free of charge", 1), ("free shipping", 1), ("free trial", 0), ("game changer", 4),
    ("gave up", -2), ("give up", -2), ("giving up", -2), ("good luck", 0), ("had to return", -1), ("hard to", -2),
    ("hard working", 2), ("hassle free", 2), ("hats off", 3), ("help center", 0), ("help centre", 0),
    ("help desk", 0), ("help page", 0), ("hidden charge", -3), ("hidden charges", -3), ("hidden cost", -3),
    ("hidden costs", -3), ("hidden fee", -3), ("hidden fees", -3), ("high quality", 3), ("hit and miss", -1),
    ("hit or miss", -1), ("how good", 0), ("how well", 0), ("i'd like", 0), ("if not", 0), ("in no time", 2),
    ("in time", 1), ("kind of", 0), ("less than helpful", -2), ("less than ideal", -2), ("less than perfect", -2),
    ("let down", -3), ("let me down", -3), ("let us down", -3), ("lets you down", -3), ("like a", 0),
    ("like a charm", 3), ("like an", 0), ("likes of", 0), ("long story short", 0), ("long wait", -2),
    ("look like", 0), ("looked like", 0), ("looks cheap", -2), ("looks like", 0), ("low quality", -3),
    ("made my day", 3), ("money well spent", 3), ("must buy", 3), ("need help", 0), ("needs improvement", -1),
    ("needs work", -1), ("never again", -4), ("no answer", -2), ("no brainer", 2), ("no doubt", 0), ("no fuss", 1),
    ("no luck", -2), ("no matter", 0), ("no nonsense", 1), ("no problem", 2), ("no problems", 2), ("no refund", -3),
    ("no reply", -2), ("no response", -2), ("no thanks", -1), ("no trouble", 2), ("no value", -2),
    ("no worries", 1), ("not agree more", 1), ("not arrive", -3), ("not arrived", -3), ("not as described", -3),
    ("not ask for more", 3), ("not be better", 4), ("not be easier", 3), ("not be happier", 4), ("not be more", 0),
    ("not be nicer", 3), ("not been more", 0), ("not been so", 0), ("not believe", 0), ("not buy again", -3),
    ("not buy from", -3), ("not care", -2), ("not care less", -3), ("not delivered", -3), ("not enough", -2),
    ("not experienced such", 0), ("not felt so", 0), ("not get enough", 3), ("not great", -1),
    ("not had a better", 3), ("not had such", 0), ("not had worse", -3), ("not have been better", 4),
    ("not have been easier", 3), ("not have been happier", 4), ("not have been more", 0),
    ("not have been nicer", 3), ("not hesitate to", 3), ("not just", 0), ("not least", 0), ("not look back", 2),
    ("not looked back", 2), ("not match", -2), ("not only", 0), ("not praise them enough", 3), ("not receive", -2),
    ("not received", -2), ("not recommend enough", 3), ("not recommend highly enough", 3),
    ("not recommend it enough", 3), ("not recommend them enough", 3), ("not recommend this enough", 3),
    ("not seen such", 0), ("not take long", 1), ("not taken long", 1), ("not thank them enough", 3),
    ("not thank you enough", 3), ("not to mention", 0), ("not worth", -3), ("not worth it", -3), ("nothing but", 0),
    ("nothing special", -1), ("on time", 2), ("one star", -3), ("order again", 3), ("over the moon", 4),
    ("pain in the", -3), ("peace of mind", 3), ("piece of crap", -3), ("piece of garbage", -3),
    ("piece of junk", -3), ("problem free", 2), ("problem solved", 3), ("quit working", -3), ("really well", 2),
    ("recommended by", 0), ("returned it", -1), ("rip off", -4), ("ripped me off", -4), ("ripped off", -4),
    ("room for improvement", -1), ("second to none", 4), ("seems like", 0), ("sending it back", -1),
    ("sent it back", -1), ("should be better", -1), ("should be easier", -1), ("should be faster", -1),
    ("sick of", -3), ("smart phone", 0), ("smart tv", 0), ("so so", -1), ("so well", 2), ("sold out", -1),
    ("something like", 0), ("sounds like", 0), ("spot on", 3), ("state of the art", 2), ("stay away", -3),
    ("steer clear", -3), ("still waiting", -2), ("stop working", -3), ("stopped working", -3),
    ("stops working", -3), ("stress free", 2), ("take care of", 2), ("taken for a ride", -3), ("takes ages", -3),
    ("takes care of", 2), ("takes forever", -3), ("thank god", 0), ("thank you for nothing", -3),
    ("thanks for nothing", -3), ("thumb down", -3), ("thumb up", 3), ("thumbs down", -3), ("thumbs up", 3),
    ("tired of", -2), ("too big", -2), ("too good to be true", -2), ("too hard", -2), ("too heavy", -2),
    ("too large", -2), ("too long", -2), ("too loud", -2), ("too much", -2), ("too short", -2), ("too small", -2),
    ("too thin", -2), ("too tight", -2), ("took ages", -3), ("took care of", 2), ("took forever", -3),
    ("top notch", 4), ("top quality", 3), ("trouble free", 2), ("use again", 2), ("used to be better", -2),
    ("used to be good", -2), ("used to be great", -2), ("used to like", -2), ("used to love", -2),
    ("used to work", -2), ("user friendly", 2), ("value for money", 1), ("very well", 2), ("waiting list", 0),
    ("waiting room", 0), ("want a refund", -2), ("want my money back", -2), ("waste of money", -4),
    ("waste of time", -4), ("waste your money", -4), ("waste your time", -4), ("well built", 2),
    ("well designed", 2), ("well documented", 2), ("well done", 2), ("well made", 2), ("well organised", 2),
    ("well organized", 2), ("well packaged", 2), ("well packed", 2), ("well thought out", 2), ("well worth", 3),
    ("well written", 2), ("went well", 2), ("whether or not", 0), ("why not", 0), ("without a doubt", 0),
    ("without doubt", 0), ("work address", 0), ("work email", 0), ("work phone", 0), ("work well", 2),
    ("worked well", 2), ("working well", 2), ("works well", 2), ("world class", 4), ("worst ever", -4),
    ("worth every cent", 4), ("worth every penny", 4), ("worth it", 3), ("worth the money", 3),
    ("worth the price", 3), ("worth the wait", 3), ("would be good to", 0), ("would be great if", 0),
    ("would be nice", 0), ("would be nice to", 0), ("would like", 0), ("would love to", 0), ("wouldn't mind", 0),
    ("wrong item", -3), ("wrong size", -3), ("zero stars", -4),
];

/// Words that strengthen the one they stand before.
#[rustfmt::skip]
pub(super) const BOOSTERS: &[&str] = &[
    "absolutely", "amazingly", "awfully", "badly", "beautifully", "completely", "considerably", "damn", "deeply",
    "definitely", "enormously", "entirely", "especially", "exceptionally", "extra", "extraordinarily", "extremely",
    "genuinely", "greatly", "highly", "horribly", "hugely", "immensely", "incredibly", "insanely", "intensely",
    "more", "most", "much", "particularly", "perfectly", "pretty", "quite", "really", "remarkably", "ridiculously",
    "seriously", "simply", "so", "strongly", "substantially", "such", "super", "terribly", "thoroughly", "too",
    "totally", "truly", "unbelievably", "utterly", "very", "wonderfully",
];

/// Words that weaken the one they stand before.
#[rustfmt::skip]
pub(super) const DAMPENERS: &[&str] = &[
    "almost", "bit", "fairly", "kinda", "less", "little", "marginally", "mildly", "moderately", "occasionally",
    "partially", "partly", "rather", "reasonably", "relatively", "slightly", "somewhat", "sorta",
];

/// Denials of a verb, beside all words that end in "n't"; some as they are typed in a hurry.
#[rustfmt::skip]
pub(super) const DENIALS: &[&str] = &[
    "aint", "arent", "cannot", "cant", "couldnt", "didnt", "doesnt", "dont", "hadnt", "hasnt", "havent", "isnt",
    "never", "not", "shouldnt", "wasnt", "werent", "wont", "wouldnt",
];

/// Other words that turn what follows into its opposite.
#[rustfmt::skip]
pub(super) const NEGATIONS: &[&str] = &[
    "barely", "hardly", "least", "neither", "no", "nobody", "none", "nor", "nothing", "nowhere", "rarely",
    "scarcely", "seldom", "without",
];

/// Words with a valence of their own that deny the good after them ("lacks comfort") and leave the bad ("failed miserably") bad.
#[rustfmt::skip]
pub(super) const FAILURES: &[&str] = &[
    "fail", "failed", "fails", "lack", "lacked", "lacking", "lacks", "refuse", "refused", "refuses", "refusing",
    "unable",
];

/// Emoji by code point; variation selectors and skin tones after them say nothing.
#[rustfmt::skip]
pub(super) const EMOJI: &[(char, i8)] = &[
    ('☹', -2), ('☺', 2), ('♥', 3), ('✨', 2), ('❤', 3), ('🌟', 2), ('🎉', 3), ('🏆', 3), ('👌', 2), ('👍', 3), ('👎', -3),
    ('👏', 3), ('💔', -2), ('💕', 3), ('💖', 3), ('💗', 3), ('💙', 3), ('💚', 3), ('💛', 3), ('💜', 3), ('💩', -3), ('💪', 2),
    ('💯', 3), ('🔥', 2), ('🖕', -3), ('🗑', -3), ('😀', 3), ('😁', 3), ('😃', 3), ('😄', 3), ('😇', 2), ('😊', 3), ('😋', 2),
    ('😌', 2), ('😍', 3), ('😎', 2), ('😑', -2), ('😒', -2), ('😓', -2), ('😔', -2), ('😕', -2), ('😖', -2), ('😘', 3),
    ('😞', -2), ('😟', -2), ('😠', -3), ('😡', -3), ('😢', -2), ('😣', -2), ('😤', -2), ('😥', -2), ('😩', -2), ('😫', -2),
    ('😭', -2), ('😰', -2), ('😻', 3), ('😾', -3), ('🙁', -2), ('🙂', 2), ('🙄', -2), ('🙌', 2), ('🙏', 2), ('🚩', -3),
    ('🚫', -2), ('🤗', 3), ('🤝', 2), ('🤢', -3), ('🤦', -2), ('🤨', -2), ('🤩', 3), ('🤬', -4), ('🤮', -3), ('🥰', 3),
    ('🥳', 3), ('🧡', 3),
];

/// Emoticons, in the order of their bytes; each begins with a sign.
#[rustfmt::skip]
pub(super) const EMOTICONS: &[(&str, i8)] = &[
    (":'(", -3), (":(", -2), (":)", 2), (":-(", -2), (":-)", 2), (":-/", -1), (":-D", 3), (":-P", 1), (":-|", -1),
    (":/", -1), (":@", -3), (":D", 3), (":P", 1), (":[", -2), (":]", 2), (":|", -1), (";)", 1), (";-)", 1),
    ("</3", -3), ("<3", 3), ("=(", -2), ("=)", 2), ("=D", 3), (">:(", -3), ("^^", 2),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Sorted, each entry once.
    fn ascends<T: Ord + std::fmt::Debug>(list: impl IntoIterator<Item = T>) {
        let list: Vec<T> = list.into_iter().collect();
        for pair in list.windows(2) {
            assert!(pair[0] < pair[1], "{:?} stands before {:?}", pair[0], pair[1]);
        }
    }

    /// A word as a comment is split into: lower-case ASCII letters, digits and straight apostrophes.
    fn is_word(word: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'\'';
        !word.is_empty() && word.len() <= super::super::LONGEST && word.bytes().all(plain)
    }

    #[test]
    fn every_list_is_sorted_and_unique() {
        for list in [WORDS, PHRASES, EMOTICONS] {
            ascends(list.iter().map(|(entry, _)| entry));
        }
        for list in [BOOSTERS, DAMPENERS, DENIALS, NEGATIONS, FAILURES] {
            ascends(list);
        }
        ascends(EMOJI.iter().map(|(emoji, _)| emoji));
    }

    #[test]
    fn phrases_with_the_same_first_word_stand_together() {
        // The look-up compares first words only: their order has to be that of the phrases.
        let firsts: Vec<&str> = PHRASES.iter().filter_map(|(phrase, _)| phrase.split(' ').next()).collect();
        assert!(firsts.is_sorted());
    }

    #[test]
    fn valences_are_in_range_and_say_something() {
        let valences =
            WORDS.iter().chain(EMOTICONS).map(|&(_, valence)| valence).chain(EMOJI.iter().map(|&(_, valence)| valence));
        for valence in valences {
            assert!((-4..=4).contains(&valence) && valence != 0);
        }
        assert!(PHRASES.iter().all(|(_, valence)| (-4..=4).contains(valence)));
    }

    #[test]
    fn entries_are_what_a_comment_is_split_into() {
        for (word, _) in WORDS {
            assert!(is_word(word), "{word}");
        }
        for word in [BOOSTERS, DAMPENERS, DENIALS, NEGATIONS, FAILURES].concat() {
            assert!(is_word(word), "{word}");
        }
        for (phrase, _) in PHRASES {
            assert!(phrase.split(' ').count() >= 2 && phrase.split(' ').all(is_word), "{phrase}");
        }
        for (sign, _) in EMOTICONS {
            assert!((2..=3).contains(&sign.len()) && sign.is_ascii(), "{sign}");
            assert!(!sign.starts_with(|first: char| first.is_alphanumeric()), "{sign}");
        }
        assert!(EMOJI.iter().all(|(emoji, _)| !emoji.is_alphanumeric()));
    }

    #[test]
    fn a_word_has_one_part_only() {
        let has_valence = |word: &str| WORDS.binary_search_by_key(&word, |&(entry, _)| entry).is_ok();
        for word in [DAMPENERS, DENIALS, NEGATIONS].concat() {
            assert!(!has_valence(word) && !BOOSTERS.contains(&word), "{word}");
        }
        assert!(FAILURES.iter().all(|word| has_valence(word)));
    }
}
