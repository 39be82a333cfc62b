import HDF5Source

/// The same executable as a child that reads HDF5 for its parent: libhdf5 does not survive hostile files.
package enum ConvertWorker {
    /// Serves and ends the process when the command was started as a worker.
    package static func runIfAsked() {
        HDF5WorkerMain.serveIfAsked()
    }
}
