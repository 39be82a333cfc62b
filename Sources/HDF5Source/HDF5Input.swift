import MoESystem

/// An HDF5 file that is being imported: its catalog, its bytes, and what only libhdf5 can decode.
package final class HDF5Input: Sendable {
    package let session: any HDF5Session
    package let options: HDF5Options
    /// By index of `catalog.files`: opened here, for plain reads.
    private let files: [ReadableFile]

    package var catalog: HDF5Catalog { session.catalog }

    /// Opens a file whose catalog `session` has made.
    ///
    /// The session may have been taken over by the file, so files that external links led to are checked again.
    /// - Throws: `HDF5Error`; `io` when a file cannot be opened, `damaged` when it is not the one that was catalogued.
    package init(opening path: String, session: any HDF5Session, options: HDF5Options = HDF5Options()) throws(HDF5Error)
    {
        self.session = session
        self.options = options
        var files: [ReadableFile] = []
        for (index, description) in session.catalog.files.enumerated() {
            var name = HDF5Name(path)
            if index > 0 {
                guard options.externalLinks == .followed,
                    let located = try ConfinedDirectory(of: name).locate(description.path)
                else {
                    throw .damaged("external file \(description.path) is refused")
                }
                name = located
            }
            guard let text = name.text else { throw .io("cannot open \(name): the path is not UTF-8") }
            do throws(SystemError) {
                files.append(try ReadableFile(opening: text))
            } catch {
                throw HDF5Error(error)
            }
            guard files[index].size == description.size else {
                throw .damaged("\(name) changed its size while it was read")
            }
        }
        self.files = files
    }

    /// Opens a file with libhdf5 in this process: for tests, and for files that are trusted.
    package static func inProcess(_ path: String, options: HDF5Options = HDF5Options()) throws(HDF5Error) -> HDF5Input {
        let session = try HDF5InProcessSession(opening: path, options: options)
        return try HDF5Input(opening: path, session: session, options: options)
    }

    /// Opens a file with libhdf5 in a child process: for files from anywhere.
    package static func isolated(
        _ path: String, options: HDF5Options = HDF5Options(), worker: HDF5WorkerOptions = HDF5WorkerOptions()
    ) throws(HDF5Error) -> HDF5Input {
        let session = try HDF5WorkerSession(opening: path, options: options, worker: worker)
        return try HDF5Input(opening: path, session: session, options: options)
    }

    func file(_ index: Int) throws(HDF5Error) -> ReadableFile {
        guard files.indices.contains(index) else { throw .damaged("a dataset lies in no known file") }
        return files[index]
    }
}
