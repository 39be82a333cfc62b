@testable import HDF5Source

/// Whatever a worker answers, it is a message, and a catalog that keeps the limits, or an error; both come back from
/// their own encoding.
package enum CatalogProperty {
    /// Small enough to be met by small inputs.
    private static let limits: HDF5Limits = {
        var limits = HDF5Limits.standard
        limits.objects = 1000
        limits.chunkBytes = 1 << 20
        limits.elementBytes = 1 << 16
        limits.datatypeDepth = 8
        return limits
    }()

    @discardableResult
    package static func check(_ bytes: [UInt8]) -> Bool {
        if let message = try? WorkerMessage(decoding: bytes, limits: limits) {
            let again = try? WorkerMessage(decoding: message.encoded(), limits: limits)
            if case .failure = message {} else { expect(again == message, "a message comes back from its bytes") }
        }
        guard let catalog = try? HDF5Catalog(decoding: bytes, limits: limits) else { return false }
        expect(
            (try? HDF5Catalog(decoding: catalog.encoded(), limits: limits)) == catalog,
            "a catalog comes back from its bytes")
        for object in catalog.objects {
            guard let dataset = object.dataset, case .chunked(let storage) = dataset.storage else { continue }
            _ = try? ChunkFilterPipeline.support(for: storage, elementSize: dataset.type.size)
            _ = try? HDF5ChunkSource(storage, dimensions: dataset.dimensions, elementSize: dataset.type.size)
        }
        return true
    }
}
