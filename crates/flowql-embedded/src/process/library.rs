//! chDB's library: the only unsafe code of the project.
#![expect(unsafe_code, reason = "a C library is loaded at run time and called")]

use std::ffi::{CStr, CString, NulError, c_char, c_int, c_void};
use std::path::Path;

use libloading::Library;

/// `chdb_result *chdb_query_cmdline(int argc, char **argv)`
type QueryCmdline = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;
/// `const char *chdb_result_error(chdb_result *result)`
type ResultError = unsafe extern "C" fn(*mut c_void) -> *const c_char;

/// The library, loaded. It is never unloaded: it has threads and exit handlers of its own.
pub(crate) struct Chdb {
    query_cmdline: QueryCmdline,
    result_error: ResultError,
}

impl Chdb {
    /// Loads the library.
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        let error = |error: libloading::Error| format!("cannot load `{}`: {error}", path.display());
        // SAFETY: loading runs the initialisers of the library. The path is the user's choice, or the file whose
        // checksum was verified when it was installed; ClickHouse's initialisers are those of an ordinary C++
        // program, and this process was made for nothing else than to run them.
        let library = unsafe { Library::new(path) }.map_err(error)?;
        // SAFETY: the two types are those of chdb.h, of all versions since 3.0 of chDB; a library without these
        // names is refused here. The pointers stay valid because the library is leaked below.
        let (query_cmdline, result_error) = unsafe {
            let query = *library.get::<QueryCmdline>(b"chdb_query_cmdline\0").map_err(error)?;
            let message = *library.get::<ResultError>(b"chdb_result_error\0").map_err(error)?;
            (query, message)
        };
        std::mem::forget(library);
        Ok(Self { query_cmdline, result_error })
    }

    /// Runs ClickHouse's command line until it ends. Called once in a process, since ClickHouse keeps global state.
    pub(crate) fn run(self, arguments: &[String]) -> Result<(), String> {
        let strings: Result<Vec<CString>, NulError> =
            arguments.iter().map(|argument| CString::new(argument.as_str())).collect();
        let strings = strings.map_err(|_| "an argument has a zero byte".to_owned())?;
        let mut pointers: Vec<*mut c_char> =
            strings.iter().map(|string| string.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(pointers.len()).map_err(|_| "too many arguments".to_owned())?;
        // As C has it, although the library goes by the count.
        pointers.push(std::ptr::null_mut());
        // SAFETY: `argv` is `count` pointers to strings that end in a zero byte, then a null pointer; all live until
        // the call returns. The library copies the strings and writes to none of them. `self` is consumed, so that
        // there is one call.
        let result = unsafe { (self.query_cmdline)(count, pointers.as_mut_ptr()) };
        if result.is_null() {
            return Ok(());
        }
        // SAFETY: `result` is what the call above returned and was not destroyed. The message is null or a string
        // that ends in a zero byte and lives as long as the result, which is left to the end of the process.
        let message = unsafe {
            let message = (self.result_error)(result);
            (!message.is_null()).then(|| CStr::from_ptr(message).to_string_lossy().into_owned())
        };
        message.filter(|message| !message.is_empty()).map_or(Ok(()), Err)
    }
}
