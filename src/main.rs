//! The process: hands the arguments to the library and turns its outcome into an exit code.
fn main() {}
