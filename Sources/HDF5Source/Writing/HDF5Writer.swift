import CHDF5

/// Writes an HDF5 file: first all its objects, links and attributes after a blueprint, then the datasets' elements as they come.
///
/// Data are contiguous, or chunked where a dataset can grow; nothing is compressed. The same calls give the same bytes: no times
/// are written. Used by one thread.
package final class HDF5Writer {
    let blueprint: HDF5Blueprint
    let limits: HDF5Limits
    /// The library's identifiers; used under its lock only.
    var file: hid_t = -1
    private var openDataset: (object: Int, id: hid_t)?
    /// Where each written object lies, as references count it.
    var addresses: [UInt64?]
    /// The library's own view of each dataset's type.
    var types: [HDF5Datatype?]

    /// Writes everything but elements into the file at `path`: a new one, or one that is there and is emptied.
    ///
    /// - Throws: `HDF5Error`: `damaged` for a blueprint that no file can be made after, `io` when the file cannot be written.
    package init(_ path: String, _ blueprint: HDF5Blueprint, limits: HDF5Limits = .standard) throws(HDF5Error) {
        self.blueprint = blueprint
        self.limits = limits
        addresses = [UInt64?](repeating: nil, count: blueprint.objects.count)
        types = [HDF5Datatype?](repeating: nil, count: blueprint.objects.count)
        // The closure runs before the call returns and on this thread.
        nonisolated(unsafe) let writer = self
        try HDF5Library.exclusively { library throws(HDF5Error) in
            try unsafe writer.create(HDF5Name(path), library)
            try unsafe writer.makeObjects()
        }
    }

    deinit {
        let ids = [openDataset?.id, file].compactMap { $0 }.filter { $0 >= 0 }
        guard !ids.isEmpty else { return }
        try? HDF5Library.exclusively { _ in
            for id in ids { _ = H5Idec_ref(id) }
        }
    }

    /// Whether an object is in the file: a hard link reaches it.
    package func contains(_ object: Int) -> Bool { addresses.indices.contains(object) && addresses[object] != nil }

    /// Whether a dataset's elements are references, which are written as the new file has them.
    package func holdsReferences(_ object: Int) -> Bool {
        types.indices.contains(object) && types[object]?.containsReference == true
    }

    /// Writes a run of a dataset's elements in C order: little-endian where they are numbers, serialised and whole where they
    /// are of variable length, as `HDF5Session.readElements` gives them.
    ///
    /// - Throws: `HDF5Error`; `usage` for elements outside the dataset or of another size.
    package func write(_ bytes: UnsafeMutableRawBufferPointer, to object: Int, elements: Range<UInt64>)
        throws(HDF5Error)
    {
        guard blueprint.objects.indices.contains(object), case .dataset(let dataset) = blueprint.objects[object].kind,
            let type = types[object], let count = dataset.dataspace.space.elementCount, elements.upperBound <= count
        else { throw .usage("object \(object) has no elements \(elements)") }
        guard !elements.isEmpty else { return }
        let isIndirect = type.containsVariableLength || type.containsReference
        if isIndirect {
            let image = try ElementImage(
                unsafe Array(bytes), count: UInt64(elements.count), type: type, limits: limits, relocate: relocation)
            try unsafe image.withElements { start throws(HDF5Error) in
                try unsafe write(start, to: object, dataset, elements)
            }
            return
        }
        guard UInt64(bytes.count) == UInt64(elements.count) &* UInt64(type.size) else {
            throw .usage("\(elements.count) elements of \(type.size) bytes in \(bytes.count)")
        }
        unsafe ByteSwap.reverse(bytes, width: type.swapWidth)
        try unsafe write(UnsafeRawPointer(bytes.baseAddress), to: object, dataset, elements)
    }

    /// Closes the file; all of it is handed to the system then.
    ///
    /// - Throws: `HDF5Error`.
    package func finish() throws(HDF5Error) {
        nonisolated(unsafe) let writer = self
        try HDF5Library.exclusively { _ throws(HDF5Error) in
            unsafe writer.closeDataset()
            let file = unsafe writer.file
            unsafe writer.file = -1
            try HDF5Library.check(H5Fclose(file), "finish the file")
        }
    }

    /// The address in the new file of what an old address led to.
    var relocation: (UInt64) -> UInt64? {
        { [blueprint, addresses] old in
            blueprint.referenceTargets[old].flatMap { addresses.indices.contains($0) ? addresses[$0] : nil }
        }
    }

    private func write(
        _ start: UnsafeRawPointer?, to object: Int, _ dataset: HDF5Blueprint.Dataset, _ elements: Range<UInt64>
    ) throws(HDF5Error) {
        nonisolated(unsafe) let writer = self
        nonisolated(unsafe) let start = unsafe start
        try HDF5Library.exclusively { _ throws(HDF5Error) in
            try unsafe writer.write(start, object, dataset.dataspace.space.dimensions, elements)
        }
    }

    private func write(
        _ start: UnsafeRawPointer?, _ object: Int, _ dimensions: [UInt64], _ elements: Range<UInt64>
    ) throws(HDF5Error) {
        let id = try dataset(object)
        let type = try HDF5Handle(H5Dget_type(id), "read a datatype")
        let properties = moe_h5_default_properties()
        if dimensions.isEmpty {
            let whole = moe_h5_whole_space()
            // One element of the dataset's own type.
            try HDF5Library.check(unsafe H5Dwrite(id, type.id, whole, whole, properties, start), "write elements")
            return
        }
        let space = try HDF5Handle(H5Dget_space(id), "read a dataspace")
        let size = types[object]?.size ?? 0
        var offset = 0
        for box in HDF5Box.covering(elements, of: dimensions) {
            // One number an axis in both arrays.
            try HDF5Library.check(
                unsafe H5Sselect_hyperslab(space.id, H5S_SELECT_SET, box.start, nil, box.extent, nil), "select a box")
            let memory = try unsafe HDF5Handle(
                H5Screate_simple(Int32(box.extent.count), box.extent, nil), "make a dataspace")
            // The boxes' elements lie one behind another from `start`, and together they are all of them.
            try HDF5Library.check(
                unsafe H5Dwrite(id, type.id, memory.id, space.id, properties, start.map { unsafe $0 + offset }),
                "write elements")
            offset += Int(box.extent.reduce(1, &*)) * size
        }
    }

    /// The dataset's identifier; the last one stays open.
    private func dataset(_ object: Int) throws(HDF5Error) -> hid_t {
        if let openDataset, openDataset.object == object { return openDataset.id }
        closeDataset()
        guard let address = addresses[object] else { throw .usage("dataset \(object) is not in the file") }
        let id = try HDF5Library.check(moe_h5_open_object(file, address), "open a dataset")
        openDataset = (object, id)
        return id
    }

    private func closeDataset() {
        if let openDataset { _ = H5Idec_ref(openDataset.id) }
        openDataset = nil
    }
}
