//! Templates: embedded defaults, overridden by those of a folder, rendered from views.

use std::path::Path;

use tera::{Context, Tera};

use crate::document::Document;
use crate::error::ReportError;
use crate::view::{Page, figure_index};

/// The default templates, from `reports-templates/` of the repository.
const EMBEDDED: [(&str, &str); 5] = [
    ("weekly.html", include_str!("../../../../reports-templates/weekly.html")),
    ("weekly.md", include_str!("../../../../reports-templates/weekly.md")),
    ("drivers.html", include_str!("../../../../reports-templates/drivers.html")),
    ("drivers.md", include_str!("../../../../reports-templates/drivers.md")),
    ("style.css", include_str!("../../../../reports-templates/style.css")),
];

/// Templates, checked.
#[derive(Debug)]
pub struct Templates {
    tera: Tera,
}

impl Templates {
    /// Loads the embedded templates and, over them, the files of a folder.
    pub fn load(folder: Option<&Path>) -> Result<Self, ReportError> {
        let mut templates: Vec<(String, String)> =
            EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        if let Some(folder) = folder {
            for (name, text) in read_folder(folder)? {
                match templates.iter_mut().find(|(known, _)| *known == name) {
                    Some(slot) => slot.1 = text,
                    None => templates.push((name, text)),
                }
            }
        }
        let mut tera = Tera::default();
        // Everything that becomes HTML is escaped by its name's ending; Markdown escapes cell by cell, in the template.
        tera.autoescape_on(vec![".html"]);
        tera.register_filter("cell", |text: &str, _: tera::Kwargs, _: &tera::State<'_>| escape_markdown(text));
        let names: Vec<String> = templates.iter().map(|(name, _)| name.clone()).collect();
        tera.add_raw_templates(templates)
            .map_err(|source| ReportError::Template { name: names.join(", "), source: Box::new(source) })?;
        Ok(Self { tera })
    }

    /// Tells whether there is a template of this name.
    pub fn check(&self, name: &str) -> Result<(), ReportError> {
        if self.tera.contains_template(name) {
            return Ok(());
        }
        let mut known: Vec<String> = self.tera.get_template_names().map(str::to_owned).collect();
        known.sort();
        Err(ReportError::NoTemplate { name: name.to_owned(), known })
    }

    /// Renders a document with a template.
    pub fn render(&self, name: &str, document: &Document) -> Result<String, ReportError> {
        self.check(name)?;
        let mut context = Context::new();
        context.insert("page", &Page::new(document));
        context.insert("figures", &figure_index(document));
        self.tera
            .render(name, &context)
            .map_err(|source| ReportError::Template { name: name.to_owned(), source: Box::new(source) })
    }
}

fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, ReportError> {
    let fail = |source| ReportError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in folder.read_dir().map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let is_template =
            path.extension().is_some_and(|ending| ["html", "md", "css", "txt"].iter().any(|known| ending == *known));
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| is_template) else { continue };
        if name.eq_ignore_ascii_case("readme.md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|source| ReportError::Read { path: path.clone(), source })?;
        found.push((name.to_owned(), text));
    }
    found.sort();
    Ok(found)
}

/// Makes text from data harmless in a Markdown table: no cell breaks, no markup, no HTML.
fn escape_markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            '\n' | '\r' => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_cells_cannot_break_out() {
        assert_eq!(escape_markdown("a|b\n<script>"), "a\\|b &lt;script&gt;");
        assert_eq!(escape_markdown("[x](y)`*"), "\\[x\\](y)\\`\\*");
    }

    #[test]
    fn embedded_templates_are_sound() {
        let templates = Templates::load(None).expect("sound");
        assert!(templates.check("weekly.html").is_ok() && templates.check("weekly.md").is_ok());
        let error = templates.check("weekli.html").expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "there is no template `weekli.html`; known are: drivers.html, drivers.md, style.css, weekly.html, weekly.md"
        );
    }

    #[test]
    fn a_broken_template_says_where() {
        let folder = std::env::temp_dir().join(format!("tallybook-templates-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder");
        std::fs::write(folder.join("weekly.md"), "{{ page.title").expect("write");
        let error = Templates::load(Some(&folder)).expect_err("broken");
        std::fs::remove_dir_all(&folder).expect("remove");
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(source.contains("weekly.md"), "{source}");
    }
}
