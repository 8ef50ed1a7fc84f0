//! Embeds every file of `migrations/` in the binary, as a list of (target, name, bytes).
use std::{env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("migrations");
    println!("cargo::rerun-if-changed=migrations");
    let mut list = String::from("&[\n");
    for target in ["mysql", "timescale"] {
        let mut names = Vec::new();
        for entry in fs::read_dir(root.join(target))? {
            let name = entry?.file_name();
            let name = name
                .into_string()
                .map_err(|name| format!("{name:?} is not UTF-8"))?;
            if !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        for name in names {
            let path = root.join(target).join(&name);
            println!("cargo::rerun-if-changed={}", path.display());
            writeln!(list, "({target:?}, {name:?}, include_bytes!({path:?})),")?;
        }
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), list)?;
    Ok(())
}
