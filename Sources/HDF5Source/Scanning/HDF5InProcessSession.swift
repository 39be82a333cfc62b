import CHDF5

/// A file that libhdf5 reads in this very process: for the worker itself, for tests, and for files that are trusted.
package final class HDF5InProcessSession: HDF5Session {
    package let catalog: HDF5Catalog
    private let limits: HDF5Limits
    /// By index of `catalog.files`; used under the library's lock only.
    private let files: [hid_t]

    /// Opens a file and walks it.
    ///
    /// - Parameter progress: called between objects, and between chunks of large datasets; throws to give up.
    package init(
        opening path: String, options: HDF5Options = HDF5Options(),
        progress: @escaping () throws(HDF5Error) -> Void = {}
    ) throws(HDF5Error) {
        let result = try HDF5Library.exclusively { access throws(HDF5Error) in
            let scan = try HDF5Scan(opening: HDF5Name(path), options: options, access, progress: progress)
            do throws(HDF5Error) {
                try scan.run()
            } catch {
                scan.close()
                throw error.within("\(HDF5Name(path))")
            }
            return (scan.catalog, scan.files.map(\.id))
        }
        catalog = result.0
        files = result.1
        limits = options.limits
    }

    deinit {
        let files = files
        try? HDF5Library.exclusively { _ in
            for file in files.reversed() { _ = H5Fclose(file) }
        }
    }

    package func readBox(of dataset: HDF5ObjectID, start: [UInt64], extent: [UInt64]) throws(HDF5Error) -> [UInt8] {
        guard let object = catalog[dataset], let description = object.dataset else {
            throw .usage("there is no dataset \(dataset.rawValue)")
        }
        let dimensions = description.dimensions
        guard start.count == dimensions.count, extent.count == dimensions.count,
            zip(zip(start, extent), dimensions).allSatisfy({ $0.1 > 0 && $0.1 <= $1 && $0.0 <= $1 - $0.1 }),
            description.elementCount > 0
        else { throw .usage("the box at \(start) of \(extent) lies outside \(dimensions)") }
        let file = files[object.file]
        do throws(HDF5Error) {
            return try HDF5Library.exclusively { _ throws(HDF5Error) in
                try read(description, in: file, at: object.address, start: start, extent: extent)
            }
        } catch {
            throw error.within(catalog.place(of: dataset))
        }
    }

    private func read(
        _ description: HDF5Dataset, in file: hid_t, at address: UInt64, start: [UInt64], extent: [UInt64]
    ) throws(HDF5Error) -> [UInt8] {
        let dataset = try HDF5Handle(moe_h5_open_object(file, address), "open the dataset")
        let type = try HDF5Handle(H5Dget_type(dataset.id), "read its datatype")
        let stored = try HDF5Handle(H5Dget_space(dataset.id), "read its dataspace")
        let wanted = try unsafe HDF5Handle(
            extent.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(extent.count), extent, nil),
            "make a dataspace")
        if !extent.isEmpty {
            // One number an axis in both arrays.
            try HDF5Library.check(
                unsafe H5Sselect_hyperslab(stored.id, H5S_SELECT_SET, start, nil, extent, nil), "select a box")
        }
        var count: UInt64 = 1
        // A box inside the dataset holds no more elements than it, and these were counted without overflow.
        for axis in extent { count *= axis }
        let elements = try HDF5Elements(type: description.type, count: count, limit: limits.answerBytes)
        let ids = (dataset: dataset.id, type: type.id, wanted: wanted.id, stored: stored.id)
        return try unsafe elements.read(type: type, space: wanted) { buffer throws(HDF5Error) in
            // Writes the box's elements in the dataset's own type.
            try HDF5Library.check(
                unsafe H5Dread(ids.dataset, ids.type, ids.wanted, ids.stored, moe_h5_default_properties(), buffer),
                "read elements")
        }
    }
}
