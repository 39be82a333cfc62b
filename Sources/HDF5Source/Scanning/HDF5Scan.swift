import CHDF5
import MoESystem

/// One walk through a file that makes its catalog.
///
/// Used under the library's lock by one thread. Groups are walked with a stack of our own, links are followed one component
/// at a time, and objects are opened by address: the library itself never follows a soft or external link.
final class HDF5Scan {
    let options: HDF5Options
    let access: LibraryAccess
    /// Told after every object and every few chunks; throws to give up.
    let progress: () throws(HDF5Error) -> Void

    private(set) var files: [HDF5LibraryFile] = []
    var catalog: HDF5Catalog
    /// Objects seen, by where they lie.
    var places: [Place: HDF5ObjectID] = [:]
    /// Soft and external links, to be resolved when all hard links are walked.
    var pendingLinks: [Int] = []
    /// Uses of named datatypes that may not have been walked yet.
    var committedUses: [CommittedUse] = []
    var types = SharedTypes()
    var chunkCount = 0
    var attributeBytes = 0
    private let directory: ConfinedDirectory?

    struct Place: Hashable {
        var file: Int
        var address: UInt64
    }

    struct CommittedUse {
        var object: HDF5ObjectID
        /// nil for the object's own datatype.
        var attribute: Int?
        var place: Place
    }

    var limits: HDF5Limits { options.limits }

    /// Opens the file; `run` walks it. Whoever has the scan closes `files`.
    init(
        opening path: HDF5Name, options: HDF5Options, _ access: LibraryAccess,
        progress: @escaping () throws(HDF5Error) -> Void
    ) throws(HDF5Error) {
        self.options = options
        self.access = access
        self.progress = progress
        directory = options.externalLinks == .followed ? try ConfinedDirectory(of: path) : nil
        let file = try HDF5LibraryFile(opening: path, access)
        files = [file]
        catalog = HDF5Catalog(
            libraryVersion: HDF5Library.version, files: [file.description], objects: [], links: [])
    }

    func run() throws(HDF5Error) {
        try walk(from: try rootPlace(of: 0), through: nil)
        // Resolving a link can walk new objects in other files, and so find new links.
        var next = 0
        while next < pendingLinks.count {
            try resolve(pendingLinks[next])
            next += 1
        }
        nameCommittedDatatypes()
        try catalog.validate(limits: limits)
    }

    func close() {
        for file in files.reversed() { file.close() }
        files = []
    }

    func rootPlace(of file: Int) throws(HDF5Error) -> Place {
        let root = try unsafe HDF5Handle(
            H5Oopen(files[file].id, "/", moe_h5_default_properties()), "open the root group")
        var description = moe_h5_object()
        try HDF5Library.check(unsafe moe_h5_describe_object(root.id, &description), "describe the root group")
        return Place(file: file, address: description.address)
    }

    /// The index of the file that an external link names, opened if it is new; nil when it does not exist.
    func file(named name: HDF5Name) throws(HDF5Error) -> Int? {
        guard let directory else {
            throw .damaged("external file \(name) is refused unless external links are followed (--follow-external)")
        }
        guard let path = try directory.locate(name) else { return nil }
        let file = try HDF5LibraryFile(opening: path, access)
        if let known = files.firstIndex(where: { $0.identity == file.identity }) {
            file.close()
            return known
        }
        guard files.count <= limits.externalFiles else {
            file.close()
            throw .limit("external links lead to more than \(limits.externalFiles) files")
        }
        files.append(file)
        catalog.files.append(file.description)
        return files.count - 1
    }

    private func nameCommittedDatatypes() {
        for use in committedUses {
            guard let id = places[use.place], case .namedDatatype = catalog[id]?.kind else { continue }
            let object = Int(use.object.rawValue)
            if let attribute = use.attribute {
                catalog.objects[object].attributes[attribute].datatype.committed = id
            } else if case .dataset(var dataset) = catalog.objects[object].kind {
                dataset.datatype.committed = id
                catalog.objects[object].kind = .dataset(dataset)
            }
        }
    }
}
