//! Puts what was measured into a table, for people in the folder's README too, and into a picture.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use microsandbox_types_benches::peers::PEERS;
use microsandbox_types_benches::{messages, specs};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use self::Bar::{AtLeast, AtMost};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const OURS: &str = "microsandbox-types";
const PUBLISHED: &str = "published";
const INCUMBENT: &str = "base64url(JSON)";
const SIMPLE: &str = "best simple design";

fn main() -> Result<()> {
    let measured = Measured::read(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let results = measured.root.join("results");
    fs::create_dir_all(&results)?;
    let table = table(&measured)?;
    fs::write(results.join("table.md"), &table)?;
    draw(&measured, &results.join("peers.svg"))?;
    let readme = measured.root.join("README.md");
    let text = between_markers(&read(&readme)?, &table)?;
    fs::write(readme, text)?;
    print!("{table}");
    Ok(())
}

fn between_markers(text: &str, table: &str) -> Result<String> {
    const START: &str = "<!-- bench:start -->\n";
    const END: &str = "<!-- bench:end -->";
    let missing = "benches/README.md: a marker of the table is missing";
    let (before, rest) = text.split_once(START).ok_or(missing)?;
    let (_, after) = rest.split_once(END).ok_or(missing)?;
    Ok(format!("{before}{START}\n{table}\n{END}{after}"))
}

/// What the parts of `run` have left behind.
struct Measured {
    root: PathBuf,
    machine: String,
    footprint: Columns,
    first_call: Columns,
    allocations: Columns,
    instructions: Columns,
}

/// Numbers in columns, by the word that their line starts with.
type Columns = HashMap<String, Vec<f64>>;

impl Measured {
    fn read(root: &Path) -> Result<Self> {
        let file = |name| read(&root.join("target/measured").join(name));
        Ok(Self {
            root: root.into(),
            machine: file("machine")?,
            footprint: columns(&file("footprint")?),
            first_call: columns(&file("first-call")?),
            allocations: columns(&file("allocations")?),
            instructions: columns(&read(&root.join("instructions.txt"))?),
        })
    }

    /// The median in nanoseconds of one of criterion's benches.
    fn time(&self, group: &str, name: &str) -> Result<f64> {
        // Criterion's own file name for a title, of the characters that ours have.
        let folder = |title: &str| title.replace('/', "_");
        let path = self
            .root
            .join("target/criterion")
            .join(folder(group))
            .join(folder(name))
            .join("new/estimates.json");
        let estimates: serde_json::Value = serde_json::from_str(&read(&path)?)?;
        let median = estimates["median"]["point_estimate"].as_f64();
        median.ok_or_else(|| format!("{}: no median", path.display()).into())
    }

    /// How many times ours goes into the other's time.
    fn times_faster(&self, group: &str, other: &str) -> Result<f64> {
        Ok(self.time(group, other)? / self.time(group, OURS)?)
    }

    fn size(&self, decoder: &str) -> Result<f64> {
        Ok(of(&self.footprint, decoder, 0)? + of(&self.footprint, decoder, 1)?)
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn columns(text: &str) -> Columns {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?.to_owned();
            let numbers = words.map(str::parse).collect::<std::result::Result<_, _>>();
            Some((name, numbers.ok()?))
        })
        .collect()
}

fn of(columns: &Columns, name: &str, column: usize) -> Result<f64> {
    let number = columns.get(name).and_then(|line| line.get(column));
    number
        .copied()
        .ok_or_else(|| format!("{name}: not measured").into())
}

/// What a figure is held to.
enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

impl Bar {
    fn row(&self, what: &str, figure: f64, unit: &str) -> String {
        let (sign, bar, met) = match self {
            AtLeast(bar) => ("≥ ", bar, figure >= *bar),
            AtMost(0.0) => ("", &0.0, figure == 0.0),
            AtMost(bar) => ("≤ ", bar, figure <= *bar),
        };
        let digits = if unit == " ×" { 2 } else { 0 };
        let missed = if met { "" } else { " (missed)" };
        format!("| {what} | {sign}{bar}{unit} | {figure:.digits$}{unit}{missed} |\n")
    }
}

fn table(measured: &Measured) -> Result<String> {
    let mut table = format!("Measured on {}.\n\n", measured.machine.trim_end());
    table += "| what | bar | figure |\n|---|---|---|\n";
    table += &bars(measured)?;
    writeln!(table, "\n{}", peers_table(measured)?)?;
    Ok(table.trim_end().to_owned() + "\n")
}

fn bars(measured: &Measured) -> Result<String> {
    let mut rows = String::new();
    for (what, group, peer, bar) in [
        (
            "typical, against base64url(JSON)",
            "lists/typical",
            INCUMBENT,
            20.0,
        ),
        (
            "rotating, against base64url(JSON)",
            "lists/rotating",
            INCUMBENT,
            20.0,
        ),
        (
            "typical, against ciborium",
            "lists/typical",
            "ciborium",
            30.0,
        ),
        (
            "large, against base64url(JSON)",
            "lists/large",
            INCUMBENT,
            15.0,
        ),
        (
            "typical, against the best simple design",
            "lists/typical",
            SIMPLE,
            2.5,
        ),
    ] {
        let what = format!("frame to lists for `execve`, {what}: faster");
        rows += &AtLeast(bar).row(&what, measured.times_faster(group, peer)?, " ×");
    }

    let instructions = |name| of(&measured.instructions, name, 0);
    rows += &AtLeast(2.5).row(
        "the same: fewer instructions",
        instructions("lists_simple.typical")? / instructions("lists.typical")?,
        " ×",
    );

    let view = "view/typical";
    let floor = measured.time(view, "from_utf8")? + measured.time(view, "xxh64")?;
    let figure = measured.time(view, OURS)? / floor;
    rows += &AtMost(2.0).row(
        "view decode, typical, against `from_utf8` + XXH64: time",
        figure,
        " ×",
    );
    let allocations = |name: &str| of(&measured.allocations, name, 0);
    rows += &AtMost(0.0).row(
        "view decode and all walks: allocations",
        allocations("view")?,
        "",
    );

    let figure = measured.times_faster("owned/typical", INCUMBENT)?;
    rows += &AtLeast(1.7).row(
        "owned decode, typical, against base64url(JSON): faster",
        figure,
        " ×",
    );
    let figure = measured.times_faster("encode/typical", INCUMBENT)?;
    rows += &AtLeast(3.2).row(
        "encode, typical, against base64url(JSON): faster",
        figure,
        " ×",
    );
    rows += &AtMost(1.0).row("encode: allocations", allocations("encode")?, "");
    rows += &AtMost(0.0).row(
        "`encode_into`: allocations",
        allocations("encode_into")?,
        "",
    );

    let first = |name, column| of(&measured.first_call, name, column);
    let figure = first("incumbent", 0)? / first("view", 0)?;
    rows += &AtLeast(12.0).row(
        "first frame to lists in a process, against base64url(JSON): fewer instructions",
        figure,
        " ×",
    );
    let figure = measured.size("view")?;
    rows += &AtMost(4608.0).row(
        "view decoder in a guest: code and constants",
        figure,
        " bytes",
    );
    let figure = of(&measured.footprint, "view", 4)?;
    rows += &AtMost(0.0).row("`cpuid` instructions that it adds", figure, "");

    for (len, bar) in [(32, 3.8), (128, 6.8)] {
        let figure = measured.times_faster(&format!("validate_sandbox_name/{len}"), PUBLISHED)?;
        let what = format!("`validate_sandbox_name`, {len} bytes, against 0.6.3: faster");
        rows += &AtLeast(bar).row(&what, figure, " ×");
    }
    let figure = first("hostname-published", 1)? / first("hostname", 1)?;
    rows += &AtLeast(5.0).row(
        "first `hostname_from_sandbox_name` in a process, 128 bytes, against 0.6.3: faster",
        figure,
        " ×",
    );

    for way in ["read", "write"] {
        let group = format!("json/{way}");
        let figure = 1.0 / measured.times_faster(&group, PUBLISHED)?;
        let what = format!("JSON of a full spec, {way}, against 0.6.3");
        rows += &AtMost(1.0).row(&format!("{what}: time"), figure, " ×");
        let figure = allocations(&group)? / allocations(&format!("{group}/published"))?;
        rows += &AtMost(1.0).row(&format!("{what}: allocations"), figure, " ×");
    }

    let figure = instructions("setup_ciborium.typical")? / instructions("setup_view.typical")?;
    rows += &AtLeast(10.0).row(
        "setup decode, typical, against ciborium: fewer instructions",
        figure,
        " ×",
    );
    let check = measured.time("check", OURS)?;
    let figure = check / measured.time("check", "serde alone")?;
    let what = "`check_json` of a spec without a fault, against reading it: time";
    rows += &AtMost(2.5).row(what, figure, " ×");
    let figure = measured.time("check", "jsonschema")? / check;
    let what = "the same, against the `jsonschema` crate, its compiling left out: faster";
    rows += &AtLeast(10.0).row(what, figure, " ×");
    let figure = instructions("check_json.hostile")? / specs::hostile_keys().len() as f64;
    let what = "`check_json` of nothing but unknown fields: instructions a byte";
    rows += &AtMost(300.0).row(what, figure, "");

    let mut per_byte = Vec::new();
    for env in messages::GROWTH {
        let bytes = messages::growing(env).encode()?.len();
        let time = measured.time("growth", &env.to_string())?;
        per_byte.push(time / bytes as f64);
    }
    let [first, .., last] = per_byte.as_slice() else {
        return Err("no growth was measured".into());
    };
    let what = "frame to lists, a byte of 2 MiB against one of 1 kB: time";
    rows += &AtMost(1.2).row(what, last / first, " ×");
    Ok(rows)
}

/// Ours first.
fn contenders() -> impl Iterator<Item = (&'static str, &'static str)> {
    let peers = PEERS.into_iter().map(|peer| (peer.id, peer.name));
    std::iter::once(("view", OURS)).chain(peers)
}

fn peers_table(measured: &Measured) -> Result<String> {
    let mut table = String::from(
        "| | small | typical | rotating | large | first call | guest | allocations |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (id, name) in contenders() {
        write!(table, "| {name} ")?;
        for message in ["small", "typical", "rotating", "large"] {
            let time = measured.time(&format!("lists/{message}"), name)?;
            write!(table, "| {} ", nanoseconds(time))?;
        }
        let instructions = of(&measured.first_call, id, 0)?;
        let size = measured.size(id)?;
        let allocations = of(&measured.footprint, id, 2)?;
        writeln!(table, "| {instructions} | {size} | {allocations} |")?;
    }
    table += "\nTime from bytes to lists for `execve`; instructions of the first such call in a \
              process, on the typical message; bytes that the decoder adds to a guest without std, \
              and its allocations for the typical message there.";
    Ok(table)
}

fn nanoseconds(time: f64) -> String {
    match time {
        ..1e4 => format!("{time:.0} ns"),
        ..1e6 => format!("{:.1} µs", time / 1e3),
        _ => format!("{:.1} ms", time / 1e6),
    }
}

fn draw(measured: &Measured, path: &Path) -> Result<()> {
    let root = SVGBackend::new(path, (960, 260)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(480);
    let mut times = Vec::new();
    let mut sizes = Vec::new();
    for (id, name) in contenders() {
        let time = measured.time("lists/typical", name)?;
        times.push((name, time, nanoseconds(time)));
        let size = measured.size(id)?;
        sizes.push((name, size, format!("{:.1} KiB", size / 1024.0)));
    }
    bar_chart(
        &left,
        "Time from bytes to execve's lists, typical message",
        &times,
    )?;
    bar_chart(
        &right,
        "What the decoder adds to a guest without std",
        &sizes,
    )?;
    root.present()?;
    Ok(())
}

fn bar_chart(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    title: &str,
    bars: &[(&str, f64, String)],
) -> Result<()> {
    const LEFT: i32 = 160;
    const WIDTH: f64 = 230.0;
    let font = |size| TextStyle::from(("sans-serif", size).into_font());
    let center = font(16).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw_text(title, &font(19), (16, 12))?;
    let most = bars.iter().map(|(_, value, _)| *value).fold(0.0, f64::max);
    for (row, (name, value, label)) in (0..).zip(bars) {
        let top = 48 + row * 29;
        let right = LEFT + (value / most * WIDTH).max(1.0) as i32;
        let color = if *name == OURS {
            RGBColor(0, 110, 180)
        } else {
            RGBColor(170, 170, 170)
        };
        area.draw_text(name, &center, (16, top + 10))?;
        area.draw(&Rectangle::new(
            [(LEFT, top), (right, top + 20)],
            color.filled(),
        ))?;
        area.draw_text(label, &center, (right + 6, top + 10))?;
    }
    Ok(())
}
