//! How much has been read? Counted in debug builds, for the tests that hold the work on a file to be
//! linear in it; a release counts nothing.

use std::cell::Cell;

thread_local! {
    static READ: Cell<u64> = const { Cell::new(0) };
}

/// So many bytes of SQL were gone through; each time costs one more, so that empty work counts too.
pub fn count(bytes: usize) {
    if cfg!(debug_assertions) {
        READ.with(|read| read.set(read.get() + 1 + bytes as u64));
    }
}

/// What this thread has counted since it began.
pub fn counted() -> u64 {
    READ.with(Cell::get)
}
