//! Embeds every file of `migrations/` in the binary, as a list of (path, bytes).
use std::{env, fmt::Write, fs, path::Path};

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("migrations");
    println!("cargo::rerun-if-changed=migrations");
    let mut list = String::from("&[\n");
    for target in ["mysql", "timescale"] {
        let mut names: Vec<_> = fs::read_dir(root.join(target))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        for name in names {
            let path = root.join(target).join(&name);
            println!("cargo::rerun-if-changed={}", path.display());
            writeln!(list, "({target:?}, {name:?}, include_bytes!({path:?})),").unwrap();
        }
    }
    list.push(']');
    fs::write(
        Path::new(&env::var("OUT_DIR").unwrap()).join("embedded.rs"),
        list,
    )
    .unwrap();
}
