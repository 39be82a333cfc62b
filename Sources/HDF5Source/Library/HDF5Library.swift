import CHDF5
import MoESystem

/// The one libhdf5 of the process, which bears one caller at a time.
enum HDF5Library {
    private struct State {
        var driver: hid_t = -1
        var outputDriver: hid_t = -1
        var isPrepared = false
    }

    /// libhdf5 is one big piece of shared state: its lock is the only one here that is held across reads of the disk.
    private static let state = Locked(State())

    /// Runs `body` with the library to itself: error printing off, plugins off.
    ///
    /// Not reentrant. Every handle must be made and dropped inside such a call.
    static func exclusively<Result: Sendable>(
        _ body: (LibraryAccess) throws(HDF5Error) -> Result
    ) throws(HDF5Error) -> Result {
        try state.withLock { state throws(HDF5Error) in
            if !state.isPrepared {
                // At the process's end there is nothing to tidy up that the system would not; after a failure the library crashes there.
                H5dont_atexit()
                guard H5open() >= 0 else { throw .io("libhdf5 does not initialise") }
                // Plugins are code from directories that the environment names.
                guard H5PLset_loading_state(0) >= 0 else { throw .io("libhdf5 does not switch plugins off") }
                state.isPrepared = true
            }
            // Thread-safe builds keep one error stack a thread, so silence this thread's at every entry.
            _ = H5Eset_auto2(moe_h5_error_stack(), nil, nil)
            if H5Iis_valid(state.driver) <= 0 { state.driver = moe_h5_register_driver() }
            if H5Iis_valid(state.outputDriver) <= 0 { state.outputDriver = moe_h5_register_output_driver() }
            guard state.driver >= 0, state.outputDriver >= 0 else {
                throw .io("libhdf5 does not take a file driver")
            }
            return try body(LibraryAccess(driver: state.driver, outputDriver: state.outputDriver))
        }
    }

    /// Of the library that is linked; reads no file.
    static var version: HDF5LibraryVersion {
        var version = HDF5LibraryVersion(major: 0, minor: 0, release: 0)
        // Three places for three numbers.
        _ = unsafe H5get_libversion(&version.major, &version.minor, &version.release)
        return version
    }
}

/// Given to those who have the library to themselves.
struct LibraryAccess {
    /// Reads files.
    let driver: hid_t
    /// Writes a file, which need not have a name.
    let outputDriver: hid_t
}
