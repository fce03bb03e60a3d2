//! What happens when a mapped page cannot be had: the SIGBUS handler and the table of mappings it knows.
//!
//! The handler runs in the middle of anything, so it only loads and stores atomics and makes one system call. Faults
//! outside our mappings go to whoever handled them before.

use std::io;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// How many mappings can be watched at once.
const SLOTS: usize = 4_096;

/// Start addresses that are none: no mapping starts there.
const FREE: usize = 0;
const TAKEN: usize = 1;

struct Slot {
    start: AtomicUsize,
    length: AtomicUsize,
    damaged: AtomicBool,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot { start: AtomicUsize::new(FREE), length: AtomicUsize::new(0), damaged: AtomicBool::new(false) }
}; SLOTS];

/// The handler that was there before ours.
static EARLIER: OnceLock<libc::sigaction> = OnceLock::new();

/// A mapping that is being watched.
#[derive(Debug)]
pub(super) struct Registration {
    slot: usize,
}

impl Registration {
    /// Watches a mapping; none if the table is full.
    pub(super) fn new(start: usize, length: usize) -> io::Result<Option<Self>> {
        install()?;
        let free =
            TABLE.iter().position(|slot| slot.start.compare_exchange(FREE, TAKEN, Acquire, Relaxed).is_ok());
        let Some(index) = free else { return Ok(None) };
        if let Some(slot) = TABLE.get(index) {
            slot.length.store(length, Relaxed);
            slot.damaged.store(false, Relaxed);
            slot.start.store(start, Release);
        }
        Ok(Some(Self { slot: index }))
    }

    pub(super) fn is_intact(&self) -> bool {
        TABLE.get(self.slot).is_some_and(|slot| !slot.damaged.load(Acquire))
    }

    /// Gives the slot back; the mapping must not be read any more.
    pub(super) fn release(&mut self) {
        if let Some(slot) = TABLE.get(self.slot) {
            slot.start.store(FREE, Release);
        }
        self.slot = SLOTS;
    }
}

/// Puts the handler in place, once.
fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<Option<i32>> = OnceLock::new();
    let failure = INSTALLED.get_or_init(|| {
        // SAFETY: both structures are plain data that the calls fill or read; the handler keeps to what may be done in
        // one. The earlier handler is stored before ours can run.
        unsafe {
            let mut earlier: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut earlier) != 0 {
                return io::Error::last_os_error().raw_os_error();
            }
            let _ = EARLIER.set(earlier);
            let mut ours: libc::sigaction = std::mem::zeroed();
            ours.sa_sigaction = on_fault as *const () as usize;
            // On the alternative stack where a thread has one, as the runtime's own handler for stack overflows.
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut ours.sa_mask);
            if libc::sigaction(libc::SIGBUS, &raw const ours, ptr::null_mut()) != 0 {
                return io::Error::last_os_error().raw_os_error();
            }
        }
        None
    });
    failure.map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)))
}

/// Puts zeros where the fault was, from that page to the end of its mapping, and marks the mapping.
///
/// All of the rest at once, because a file that has shrunk lacks all of it, and one fault a page would be slow.
extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes valid pointers; `si_addr` is what it sets for SIGBUS.
    let address = unsafe { (*info).si_addr() } as usize;
    for slot in &TABLE {
        let start = slot.start.load(Acquire);
        let length = slot.length.load(Relaxed);
        if start > TAKEN && address >= start && address - start < length {
            slot.damaged.store(true, Release);
            if fill_with_zeros(address, start + length) {
                return;
            }
            break;
        }
    }
    pass_on(signal, info, context);
}

fn fill_with_zeros(address: usize, end: usize) -> bool {
    // SAFETY: the pages lie within a mapping that this process made and still has, for the thread that faulted is reading
    // it; replacing them changes only what reading them gives. `errno` is put back, because the interrupted code may be
    // about to look at it.
    unsafe {
        let errno = *libc::__errno_location();
        let page_size = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4_096);
        let page = address & !(page_size - 1);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
        let mapped = libc::mmap(ptr::without_provenance_mut(page), end - page, libc::PROT_READ, flags, -1, 0);
        *libc::__errno_location() = errno;
        mapped != libc::MAP_FAILED
    }
}

/// Hands a fault that is not ours to the earlier handler, or lets it end the process as it would have.
fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    type WithInfo = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
    type Plain = extern "C" fn(libc::c_int);
    let handler = EARLIER.get().map_or(libc::SIG_DFL, |earlier| earlier.sa_sigaction);
    let flags = EARLIER.get().map_or(0, |earlier| earlier.sa_flags);
    // SAFETY: a handler that is neither of the two special values is the function that was installed with these flags,
    // which say how it is called.
    unsafe {
        if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
            // The faulting instruction runs again, and then the process ends with the right signal.
            libc::signal(signal, libc::SIG_DFL);
        } else if flags & libc::SA_SIGINFO != 0 {
            std::mem::transmute::<usize, WithInfo>(handler)(signal, info, context);
        } else {
            std::mem::transmute::<usize, Plain>(handler)(signal);
        }
    }
}
