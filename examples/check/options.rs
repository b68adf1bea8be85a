//! The command line.

use std::ffi::OsString;

use microsandbox_types::{FindingCode, Release};

use super::kind::{KINDS, Kind};

pub const USAGE: &str = "\
Usage: check [OPTION]… FILE…
       check --fix [--output NEW] [OPTION]… FILE
       check --explain CODE

Checks sandbox specs and other documents, and shows every mistake at once. A
FILE of `-` is standard input.

  --kind KIND         what the documents are: sandbox, volume, volume-create,
                      snapshot, handoff, cloud-create, cloud-sandbox or
                      cloud-error; otherwise their `$schema` says, and without
                      one they are sandbox specs
  --for RELEASE       also warn about what a published release ignores: 0.6.3
  --format FORMAT     text; json for programs; github for annotations in GitHub
                      Actions
  --deny-warnings     treat warnings as failures
  --stdin-name NAME   call standard input NAME
  --fix               write the document to standard output with every mistake
                      fixed that can be fixed with certainty; what was fixed
                      and what is left goes to standard error
  --output NEW        write the fixed document to a file that does not exist yet
                      (a redirection to FILE itself would empty it first)
  --explain CODE      say what a code such as `mount-repeated` means
  -h, --help          show this text

Exit status: 0 if there are no errors, or none is left after --fix; 1 if there
are errors, or warnings with --deny-warnings; 2 if a file cannot be read or
written or the command line is wrong.";

/// How findings are written.
#[derive(Clone, Copy)]
pub enum Format {
    Text,
    Json,
    GitHub,
}

/// What a command line asks for.
pub enum Command {
    Help,
    Explain(FindingCode),
    Check(Options),
    /// Fix the one file, and write it to a new one.
    Fix(Options, Option<OsString>),
}

pub struct Options {
    pub files: Vec<OsString>,
    pub kind: Option<&'static Kind>,
    pub reader: Option<Release>,
    pub format: Format,
    pub deny_warnings: bool,
    pub stdin_name: String,
}

impl Options {
    /// What a file is called.
    pub fn name_of(&self, file: &OsString) -> String {
        if file == "-" {
            self.stdin_name.clone()
        } else {
            file.to_string_lossy().into_owned()
        }
    }
}

/// Reads a command line.
///
/// # Errors
/// What is wrong with it, for people.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut options = Options {
        files: Vec::new(),
        kind: None,
        reader: None,
        format: Format::Text,
        deny_warnings: false,
        stdin_name: String::from("-"),
    };
    let (mut fixes, mut output) = (false, None);
    let mut args = args;
    while let Some(arg) = args.next() {
        // What is not UTF-8 can only be a file.
        let option = arg.to_str().unwrap_or_default();
        let mut value = || {
            let value = args
                .next()
                .map(|value| value.to_string_lossy().into_owned());
            value.ok_or_else(|| format!("{option} needs a value"))
        };
        match option {
            "-h" | "--help" => return Ok(Command::Help),
            "--explain" => return value()?.parse().map(Command::Explain),
            "--kind" => options.kind = Some(choose(option, &value()?, &kinds())?),
            "--for" => options.reader = Some(choose(option, &value()?, &releases())?),
            "--format" => options.format = choose(option, &value()?, &FORMATS)?,
            "--stdin-name" => options.stdin_name = value()?,
            "--fix" => fixes = true,
            "--output" => match args.next() {
                Some(new) => output = Some(new),
                None => return Err(format!("{option} needs a value")),
            },
            "--deny-warnings" => options.deny_warnings = true,
            _ if option.starts_with('-') && option != "-" => {
                return Err(format!("unknown option {option}"));
            }
            _ => options.files.push(arg),
        }
    }
    if options.files.is_empty() {
        return Err(String::from("no FILE"));
    }
    match (fixes, output, options.format, options.files.len()) {
        (true, output, Format::Text, 1) => Ok(Command::Fix(options, output)),
        (true, ..) => Err(String::from("--fix takes one FILE, and no --format")),
        (false, Some(_), ..) => Err(String::from("--output needs --fix")),
        (false, None, ..) => Ok(Command::Check(options)),
    }
}

const FORMATS: [(&str, Format); 3] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("github", Format::GitHub),
];

fn kinds() -> Vec<(&'static str, &'static Kind)> {
    KINDS.iter().map(|kind| (kind.name, kind)).collect()
}

fn releases() -> Vec<(&'static str, Release)> {
    let all = Release::ALL.iter();
    all.map(|release| (release.as_str(), *release)).collect()
}

/// Finds what an option's value names.
fn choose<T: Copy>(option: &str, value: &str, known: &[(&str, T)]) -> Result<T, String> {
    let named = known.iter().find(|(name, _)| *name == value);
    named.map(|(_, chosen)| *chosen).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("{option} must be one of {}, not {value}", names.join(", "))
    })
}
