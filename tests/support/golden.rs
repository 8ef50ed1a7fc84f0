//! Whole outputs kept beside the tests; `BLESS=1` writes them anew.

use similar::TextDiff;
use std::{env, fs, path::Path};

/// Compares with `tests/golden/NAME`.
#[track_caller]
pub fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of the goldens");
        fs::write(&path, actual).expect("a golden file");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs; if that is right, run the tests once with BLESS=1\n{}",
        TextDiff::from_lines(&expected, actual)
            .unified_diff()
            .header("expected", "actual")
    );
}
