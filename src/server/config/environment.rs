//! The environment as every part of the program is to see it, those of others too.

/// Takes out what is empty: `VAR=${VAR:-}` is how container files hand on a variable that nobody set. An empty one is none for our own
/// settings, and with this also for what libraries read, such as HTTPS_PROXY, which hides https_proxy while it is there.
///
/// Call it first of all, before there is a second thread.
pub fn unset_empty() {
    for (name, value) in std::env::vars_os() {
        if value.is_empty() {
            // SAFETY: no other thread is there that could read the environment meanwhile.
            unsafe { std::env::remove_var(name) };
        }
    }
}
