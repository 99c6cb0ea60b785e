//! Memory that a large page took goes back to the system when the page is done with.

/// Blocks of this many bytes or more are asked of the system one by one, and given back one by one: pages, their texts and
/// the buffers of the index. glibc begins with 128 kB and raises that up to 32 MB as large blocks are freed; from then on
/// pages leave holes. Ten feeds of 19 MB at once took 253 MB so, and half of that with a fixed value. A smaller one gives
/// back little more and costs time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BLOCK_BYTES: i32 = 256 << 10;

/// Heaps for all threads together. glibc's eight for each processor never share what they have left.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: i32 = 2;

/// What a heap asks for at a time, and may have left at its end, in bytes. With glibc's 128 kB a first run asked and gave back
/// some 900 times.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const STEP_BYTES: i32 = 1 << 20;

/// Sets the allocator; for the program's first line, before there are threads.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only stores a few numbers of the allocator, and no other thread runs yet. Should it refuse one, memory is
    // given back later.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        libc::mallopt(libc::M_TOP_PAD, STEP_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * STEP_BYTES);
    }
}
