//! Reads PSPLIB's `.sm` files and the lists of optima. It never writes anything, and keeps no copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use bonghwa::model::Millis;
use bonghwa::schedule::Claim;
use bonghwa::schedule::Pool;
use bonghwa::schedule::Problem;
use bonghwa::schedule::Task;

/// One unit of time of the instances: a second.
pub(crate) const MILLIS: u64 = 1_000;

/// A problem and its proven optimum.
pub(crate) struct Instance {
    /// As PSPLIB names it: `j301_1`.
    pub(crate) name: String,
    /// What to schedule; one class, or four.
    pub(crate) problem: Problem,
    /// The last finish of each class, in units of the instance.
    pub(crate) best: Vec<u64>,
}

/// All instances, plain and with classes, or what is missing.
pub(crate) fn read(folder: &Path) -> Result<(Vec<Instance>, Vec<Instance>), String> {
    let problems = problems(folder)?;
    let bounds = text(folder, "j30-bounds.csv")?;
    let classes = text(folder, "j30-tiers.csv")?;
    let find = |name: &str| problems.get(name).cloned().ok_or_else(|| format!("{name}.sm is missing"));
    let number = |word: &str| word.parse::<u64>().map_err(|_| format!("{word:?} is no number"));
    let mut plain = Vec::new();
    for row in rows(&bounds) {
        plain.push(Instance { name: row[0].to_owned(), problem: find(row[0])?, best: vec![number(row[2])?] });
    }
    let mut classed = Vec::new();
    for row in rows(&classes) {
        let mut problem = find(row[0])?;
        for (task, class) in problem.tasks.iter_mut().zip(row[10].bytes()) {
            task.class = class - b'0';
        }
        // A class that nothing declares finishes with the one before it, and is not told apart.
        let mut best = row[1..5].iter().map(|word| number(word)).collect::<Result<Vec<_>, _>>()?;
        let declared = |class: usize| problem.tasks.iter().any(|task| usize::from(task.class) == class);
        best = best.into_iter().enumerate().filter(|&(class, _)| declared(class)).map(|(_, best)| best).collect();
        classed.push(Instance { name: row[0].to_owned(), problem, best });
    }
    Ok((plain, classed))
}

/// The rows of a table after its heading.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().skip(1).map(|line| line.split(',').collect())
}

/// A text file, plain or packed with xz.
fn text(folder: &Path, name: &str) -> Result<String, String> {
    let plain = folder.join(name);
    if plain.exists() {
        return fs::read_to_string(&plain).map_err(|error| format!("{}: {error}", plain.display()));
    }
    let packed = folder.join(format!("{name}.xz"));
    if !packed.exists() {
        return Err(format!("neither {name} nor {name}.xz is in {}", folder.display()));
    }
    run(Command::new("xz").arg("-dc").arg(packed))
}

/// What a command prints.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{command:?}: {error}"))
}

/// All `.sm` files by name: from the folder, its `j30` folder, or the archive.
fn problems(folder: &Path) -> Result<BTreeMap<String, Problem>, String> {
    let mut problems = BTreeMap::new();
    for folder in [folder.to_owned(), folder.join("j30")] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "sm") {
                let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                problems.insert(name, parse(&text)?);
            }
        }
    }
    let archive = folder.join("j30.sm.tar.xz");
    if problems.is_empty() && archive.exists() {
        let names = run(Command::new("tar").arg("-tJf").arg(&archive))?;
        let names = names.lines().filter_map(|path| path.strip_suffix(".sm"));
        // One run for all of them: each begins and ends with its own line of stars.
        let all = run(Command::new("tar").arg("-xJOf").arg(&archive).args(["--wildcards", "*.sm"]))?;
        let texts = all.split("file with basedata").skip(1);
        for (name, text) in names.zip(texts) {
            let name = name.rsplit('/').next().unwrap_or(name);
            problems.insert(name.to_owned(), parse(text)?);
        }
    }
    if problems.is_empty() { Err(format!("no .sm files in {}", folder.display())) } else { Ok(problems) }
}

/// Reads one `.sm` file, single mode, renewable resources only.
fn parse(text: &str) -> Result<Problem, String> {
    let numbers = |line: &str| line.split_whitespace().map_while(|word| word.parse::<u32>().ok()).collect::<Vec<_>>();
    let section = |title: &'static str, skip: usize| {
        text.lines().skip_while(move |line| !line.starts_with(title)).skip(skip).map(numbers)
    };
    let mut tasks = Vec::new();
    for row in section("REQUESTS/DURATIONS", 3).take_while(|row| row.len() > 3) {
        let claims = (0..).zip(&row[3..]).map(|(pool, &amount)| Claim { pool, amount }).collect();
        tasks.push(Task { duration: Millis(u64::from(row[2]) * MILLIS), claims, ..Task::default() });
    }
    for row in section("PRECEDENCE RELATIONS", 2).take_while(|row| row.len() >= 3) {
        for &behind in &row[3..] {
            let task = tasks.get_mut(behind as usize - 1).ok_or("an unknown successor")?;
            task.after.push(row[0] - 1);
        }
    }
    let sizes = section("RESOURCEAVAILABILITIES", 2).next().unwrap_or_default();
    Ok(Problem { tasks, pools: sizes.into_iter().map(|size| Pool { size, kept_for_first: 0 }).collect() })
}
