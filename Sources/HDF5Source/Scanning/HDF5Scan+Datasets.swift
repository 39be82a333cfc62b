import CHDF5

extension HDF5Scan {
    /// Everything about a dataset but its elements.
    func dataset(
        _ handle: borrowing HDF5Handle, properties: borrowing HDF5Handle, in file: Int, as id: HDF5ObjectID
    ) throws(HDF5Error) -> HDF5Dataset {
        let layout = H5Pget_layout(properties.id)
        // Refused before anything is asked that could open another file.
        guard layout != H5D_VIRTUAL else {
            throw .damaged("it is a virtual dataset, whose data lies in other files: refused")
        }
        guard try HDF5Library.check(H5Pget_external_count(properties.id), "read the external storage") == 0 else {
            throw .damaged("its data lies in the external file \(externalFile(properties)): refused")
        }
        let typeHandle = try HDF5Handle(H5Dget_type(handle.id), "read its datatype")
        let spaceHandle = try HDF5Handle(H5Dget_space(handle.id), "read its dataspace")
        let type = try HDF5TypeReader(limits: limits).datatype(typeHandle)
        let space = try HDF5TypeReader.dataspace(spaceHandle, limits: limits)
        if let committed = try HDF5TypeReader.committedAddress(of: typeHandle) {
            committedUses.append(
                CommittedUse(object: id, attribute: nil, place: Place(file: file, address: committed)))
        }
        let storage: HDF5Storage
        switch layout {
        case H5D_CONTIGUOUS:
            // From the start of the file: this call adds the user block.
            let offset = moe_h5_dataset_offset(handle.id)
            storage = .contiguous(offset: offset == .max ? nil : offset)
            let stored = H5Dget_storage_size(handle.id)
            let declared = space.space.elementCount?.multipliedReportingOverflow(by: UInt64(type.size))
            if offset != .max, !type.containsVariableLength {
                guard let declared, !declared.overflow, stored >= declared.partialValue else {
                    throw .damaged("it stores \(stored) bytes, fewer than its shape asks for")
                }
            }
        case H5D_COMPACT:
            storage = .compact(
                try compactBytes(of: handle, typeHandle: typeHandle, spaceHandle: spaceHandle, type: type, space: space)
            )
        case H5D_CHUNKED:
            storage = .chunked(
                try chunkedStorage(
                    of: handle, properties: properties, spaceHandle: spaceHandle, type: type, space: space.space,
                    in: file))
        default: throw HDF5Library.failure("read its layout")
        }
        return HDF5Dataset(
            datatype: types.shared(
                HDF5EncodedDatatype(
                    encoded: try HDF5TypeReader.encoding(of: typeHandle, limits: limits), type: type, committed: nil)),
            dataspace: types.shared(space), storage: storage,
            fillValue: try fillValue(properties: properties, typeHandle: typeHandle, type: type))
    }

    private func externalFile(_ properties: borrowing HDF5Handle) -> HDF5Name {
        var name = [CChar](repeating: 0, count: 1025)
        // Writes at most the count it is given; the last byte stays NUL.
        guard unsafe H5Pget_external(properties.id, 0, 1024, &name, nil, nil) >= 0 else { return HDF5Name("?") }
        return HDF5Name(name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)))
    }

    private func compactBytes(
        of handle: borrowing HDF5Handle, typeHandle: borrowing HDF5Handle, spaceHandle: borrowing HDF5Handle,
        type: HDF5Datatype, space: HDF5EncodedDataspace
    ) throws(HDF5Error) -> [UInt8] {
        guard !type.containsVariableLength else { return [] }
        guard let count = space.space.elementCount else { throw .damaged("its dimensions exceed 64 bits") }
        let elements = try HDF5Elements(type: type, count: count, limit: limits.elementBytes)
        let datasetID = handle.id
        let typeID = typeHandle.id
        return try unsafe elements.read(type: typeHandle, space: spaceHandle) { buffer throws(HDF5Error) in
            let whole = moe_h5_whole_space()
            // Reads all elements in the dataset's own type.
            try HDF5Library.check(
                unsafe H5Dread(datasetID, typeID, whole, whole, moe_h5_default_properties(), buffer), "read its bytes")
        }
    }

    private func fillValue(
        properties: borrowing HDF5Handle, typeHandle: borrowing HDF5Handle, type: HDF5Datatype
    ) throws(HDF5Error) -> HDF5FillValue {
        var defined = H5D_FILL_VALUE_UNDEFINED
        var writeTime = H5D_FILL_TIME_IFSET
        var allocationTime = H5D_ALLOC_TIME_DEFAULT
        // One place each.
        try HDF5Library.check(unsafe H5Pfill_value_defined(properties.id, &defined), "read its fill value")
        try HDF5Library.check(unsafe H5Pget_fill_time(properties.id, &writeTime), "read its fill time")
        try HDF5Library.check(unsafe H5Pget_alloc_time(properties.id, &allocationTime), "read its allocation time")
        var bytes: [UInt8] = []
        if defined == H5D_FILL_VALUE_USER_DEFINED, !type.containsVariableLength {
            let propertiesID = properties.id
            let typeID = typeHandle.id
            bytes = [UInt8](repeating: 0, count: type.size)
            // Writes one element of the type it is given.
            let status = unsafe bytes.withUnsafeMutableBytes {
                unsafe H5Pget_fill_value(propertiesID, typeID, $0.baseAddress)
            }
            try HDF5Library.check(status, "read its fill value")
        }
        let status: HDF5FillValue.Status =
            switch defined {
            case H5D_FILL_VALUE_USER_DEFINED: .userDefined
            case H5D_FILL_VALUE_DEFAULT: .standard
            default: .undefined
            }
        let allocation: HDF5FillValue.AllocationTime =
            switch allocationTime {
            case H5D_ALLOC_TIME_EARLY: .early
            case H5D_ALLOC_TIME_LATE: .late
            case H5D_ALLOC_TIME_INCR: .incremental
            default: .standard
            }
        let write: HDF5FillValue.WriteTime =
            switch writeTime {
            case H5D_FILL_TIME_NEVER: .never
            case H5D_FILL_TIME_ALLOC: .whenAllocated
            default: .ifSet
            }
        return HDF5FillValue(status: status, bytes: bytes, allocationTime: allocation, writeTime: write)
    }
}
