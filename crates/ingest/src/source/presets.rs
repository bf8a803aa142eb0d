//! Mappings of vendors' exports: the text of each is a source as a pipeline file has it, without a path.

/// Every preset: its name, and its text in YAML. Reading it is left to whoever reads pipeline files.
pub const PRESETS: [(&str, &str); 8] = [
    ("shopify/orders", include_str!("../../presets/shopify-orders.yaml")),
    ("shopify/orders_export", include_str!("../../presets/shopify-orders_export.yaml")),
    ("stripe/invoices", include_str!("../../presets/stripe-invoices.yaml")),
    ("stripe/subscriptions", include_str!("../../presets/stripe-subscriptions.yaml")),
    ("stripe/subscriptions_export", include_str!("../../presets/stripe-subscriptions_export.yaml")),
    ("surveys/generic", include_str!("../../presets/surveys-generic.yaml")),
    ("zendesk/ticket_events", include_str!("../../presets/zendesk-ticket_events.yaml")),
    ("zendesk/tickets", include_str!("../../presets/zendesk-tickets.yaml")),
];
