@testable import HDF5Source
import MoESystem

/// What workers answer about real files: seeds of the fuzzer.
package enum CatalogSamples {
    /// The catalogs of HDF5 files, whole and for each object alone, which are small; and a message of every kind.
    package static func inputs(of paths: [String]) -> [[UInt8]] {
        let catalogs = paths.compactMap { try? HDF5Input.inProcess($0).catalog }
        let small = catalogs.flatMap(parts).map { $0.encoded() }
        return catalogs.map { $0.encoded() } + small + messages.map { $0.encoded() }
    }

    /// A catalog for each object, with the root that leads to it.
    private static func parts(of catalog: HDF5Catalog) -> [HDF5Catalog] {
        guard let root = catalog.objects.first else { return [] }
        return catalog.objects.dropFirst().compactMap { object in
            var object = object
            guard let canonical = object.canonicalLink else { return nil }
            var link = catalog.links[canonical]
            link.parent = .root
            link.target = HDF5ObjectID(rawValue: 1)
            object.canonicalLink = 0
            var part = catalog
            part.objects = [root, object]
            part.links = [link]
            return part
        }
    }

    private static let messages: [WorkerMessage] = [
        .open(HDF5Options(), addressSpaceBytes: 1 << 30),
        .open(HDF5Options(externalLinks: .followed), addressSpaceBytes: 0),
        .readBox(HDF5ObjectID(rawValue: 1), start: [0, 2], extent: [3, 1]), .progress, .catalog([1, 2, 3]),
        .elements([4, 5]), .failure(.damaged("what is wrong")),
        .failure(HDF5Error(SystemError("cannot read", path: "a file", number: 5))),
    ]
}
