//! The marker that says which pipeline a folder belongs to, and what follows from it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tallybook_ingest::folder_of;

use crate::error::CliError;
use crate::paths::{absolute, plain, relative, shown};
use crate::pipeline::PipelineFile;

/// Name of the marker.
pub(super) const MARKER: &str = ".tallybook.json";
/// What a marker begins with, also one that was only begun.
const BEGINNING: &str = "{\"tallybook\":";
/// A marker larger than this is none.
const MAX_BYTES: u64 = 1 << 20;
/// The figures of a report. Reports of versions before the marker are known by them.
pub(super) const FIGURES: &str = "figures.json";
/// Files of reports that have no marker.
const FILES_BEFORE_MARKER: [&str; 6] =
    ["report.html", "report.md", FIGURES, "figures.parquet", "clv-model.json", "clv-scores.parquet"];

/// Where a pipeline's reports go, and whose they are.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// The folder of its reports, as a user would write it.
    pub(crate) folder: PathBuf,
    /// Name of the pipeline.
    pub(super) name: String,
    /// The same folder, absolute.
    place: PathBuf,
    /// The pipeline file, absolute.
    file: PathBuf,
    /// Whether the command line chose the folder.
    chosen: bool,
}

impl Home {
    /// Finds where a pipeline's reports go: to `out`, or where the pipeline says.
    pub(crate) fn of(pipeline: &PipelineFile, out: Option<&Path>) -> Result<Self, CliError> {
        let fail = |source: io::Error| {
            CliError::could_not_run(format!("cannot tell where {} is", shown(&pipeline.path))).because(&source)
        };
        let name = pipeline.config.name.0.clone();
        let own = own_folder(pipeline);
        let folder = out.map_or_else(|| own.clone(), |out| plain(&out.join(&name)));
        let place = absolute(&folder).map_err(fail)?;
        Ok(Self {
            chosen: place != absolute(&own).map_err(fail)?,
            file: absolute(&pipeline.path).map_err(fail)?,
            folder,
            name,
            place,
        })
    }

    fn marker(&self, files: Vec<String>) -> Marker {
        Marker {
            tallybook: 1,
            pipeline: self.name.clone(),
            file: shown(&relative(&self.file, &self.place)),
            chosen: self.chosen,
            files,
        }
    }

    /// Makes the text of a marker for a report with some files.
    pub(super) fn marker_text(&self, files: Vec<String>) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(&self.marker(files))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Finds the other pipeline that a marker names, where it still writes to this place.
    fn rival(&self, marker: &Marker) -> Option<PathBuf> {
        let other = plain(&self.place.join(&marker.file));
        let same = other == self.file
            || matches!((other.canonicalize(), self.file.canonicalize()), (Ok(one), Ok(two)) if one == two);
        if same || !other.exists() {
            return None;
        }
        let shown_as = plain(&self.folder.join(&marker.file));
        let Ok(pipeline) = PipelineFile::read(&other, |name| std::env::var(name).ok()) else {
            // What it writes cannot be told.
            return Some(shown_as);
        };
        let here = || absolute(&own_folder(&pipeline)).is_ok_and(|folder| self.is_at(&folder));
        (pipeline.config.name.0 == self.name && (marker.chosen || here())).then_some(shown_as)
    }

    fn is_at(&self, folder: &Path) -> bool {
        *folder == self.place
            || matches!((folder.canonicalize(), self.place.canonicalize()), (Ok(one), Ok(two)) if one == two)
    }
}

/// The folder that a pipeline writes to by itself.
fn own_folder(pipeline: &PipelineFile) -> PathBuf {
    let output = folder_of(&pipeline.path).join(&pipeline.config.report.output);
    plain(&output.join(&pipeline.config.name.0))
}

/// Who a folder belongs to, and which of its files are Tallybook's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    /// Version of the marker.
    tallybook: u32,
    /// Name of the pipeline.
    pipeline: String,
    /// The pipeline file, from the folder of its reports.
    file: String,
    /// Whether the command line chose the folder, and not the pipeline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    chosen: bool,
    /// The files that Tallybook wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

/// What was found where a marker may be.
enum Found {
    Nothing,
    Marker(Marker),
    /// One that a killed run had only begun.
    Begun,
    /// Something else of that name.
    Other,
}

fn find(folder: &Path) -> io::Result<Found> {
    let path = folder.join(MARKER);
    match path.symlink_metadata() {
        Ok(found) if found.is_file() && found.len() <= MAX_BYTES => {}
        Ok(_) => return Ok(Found::Other),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    }
    let bytes = fs::read(path)?;
    if let Ok(marker) = serde_json::from_slice(&bytes) {
        return Ok(Found::Marker(marker));
    }
    let begun = BEGINNING.as_bytes().starts_with(&bytes) || bytes.starts_with(BEGINNING.as_bytes());
    Ok(if begun { Found::Begun } else { Found::Other })
}

/// To whom something in a folder of reports belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// It is not there, or empty.
    Nobody,
    /// This pipeline's, with the files in it that Tallybook wrote.
    Ours(Vec<String>),
    /// Another pipeline's, which still writes there.
    Rival(PathBuf),
    /// Someone else's: what it is.
    Foreign(&'static str),
}

/// Tells whose the report at a path is.
pub(super) fn holder(path: &Path, home: &Home) -> io::Result<Holder> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Ok(Holder::Foreign("it is no folder")),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Holder::Nobody);
        }
        Err(error) => return Err(error),
    }
    match find(path)? {
        Found::Marker(marker) => Ok(match home.rival(&marker) {
            Some(other) => Holder::Rival(other),
            None => Holder::Ours(marker.files),
        }),
        Found::Other => Ok(Holder::Foreign("its marker is not one that tallybook wrote")),
        found @ (Found::Nothing | Found::Begun) => holder_without_marker(path, home, matches!(found, Found::Begun)),
    }
}

/// Tells whose a folder without a marker is: nobody's if it is empty; ours if it has what versions before the marker wrote.
fn holder_without_marker(path: &Path, home: &Home, begun: bool) -> io::Result<Holder> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| !(begun && name == MARKER));
    if names.is_empty() {
        return Ok(Holder::Nobody);
    }
    let of_a_report = |name: &&String| FILES_BEFORE_MARKER.contains(&name.as_str()) || is_quarantine(path, name);
    if pipeline_of(&path.join(FIGURES)).is_some_and(|name| name == home.name) {
        return Ok(Holder::Ours(names.iter().filter(of_a_report).cloned().collect()));
    }
    if names.iter().all(|name| is_quarantine(path, name)) {
        return Ok(Holder::Ours(names));
    }
    Ok(Holder::Foreign("tallybook did not write it"))
}

/// Reads the pipeline's name in a report's figures.
fn pipeline_of(figures: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Figures {
        pipeline: String,
    }

    if !figures.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let figures: Figures = serde_json::from_reader(io::BufReader::new(File::open(figures).ok()?)).ok()?;
    Some(figures.pipeline)
}

/// Tells whether a file holds quarantined rows: by its name and its first line.
fn is_quarantine(folder: &Path, name: &str) -> bool {
    let known = name.starts_with("quarantine-") && Path::new(name).extension().is_some_and(|ending| ending == "csv");
    let path = folder.join(name);
    if !known || !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return false;
    }
    let mut first = Vec::new();
    let header = tallybook_ingest::QUARANTINE_HEADER.join(",");
    let read = File::open(path).and_then(|file| file.take(header.len() as u64).read_to_end(&mut first));
    read.is_ok() && first == header.as_bytes()
}

/// Tells whose the whole folder of reports is.
pub(super) fn holder_of_all(home: &Home) -> io::Result<Holder> {
    Ok(match find(&home.folder) {
        Ok(Found::Marker(marker)) => match home.rival(&marker) {
            Some(other) => Holder::Rival(other),
            None => Holder::Ours(Vec::new()),
        },
        Ok(Found::Nothing | Found::Begun) => Holder::Nobody,
        Ok(Found::Other) => Holder::Foreign("its marker is not one that tallybook wrote"),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Holder::Foreign("it is no folder"),
        Err(error) => return Err(error),
    })
}

/// Writes into the folder of reports whose it is.
pub(super) fn claim_folder(home: &Home) -> io::Result<()> {
    if matches!(find(&home.folder)?, Found::Marker(marker) if marker == home.marker(Vec::new())) {
        return Ok(());
    }
    // A kill leaves a marker that is only begun, which the next run writes anew.
    fs::write(home.folder.join(MARKER), home.marker_text(Vec::new())?)
}

/// Tells whether what lies under one of Tallybook's names for passing things may be removed: it carries any marker, or nothing.
pub(super) fn is_passing(path: &Path, home: &Home) -> bool {
    let folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
    folder
        && match find(path) {
            Ok(Found::Marker(_)) => true,
            Ok(Found::Nothing | Found::Begun) => {
                holder(path, home).is_ok_and(|found| !matches!(found, Holder::Foreign(_)))
            }
            Ok(Found::Other) | Err(_) => false,
        }
}
