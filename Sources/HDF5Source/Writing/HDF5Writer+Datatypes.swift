import CHDF5

extension HDF5Writer {
    /// The named datatypes, open while objects are made.
    final class CommittedTypes {
        var ids: [Int: hid_t] = [:]

        init(_ writer: HDF5Writer) throws(HDF5Error) {
            for (number, object) in writer.blueprint.objects.enumerated() {
                guard case .namedDatatype(let encoded) = object.kind else { continue }
                let properties = try HDF5Handle(H5Pcreate(moe_h5_datatype_creation_class()), "make datatype properties")
                try writer.prepare(properties, attributes: object.attributeOrder)
                let datatype = try writer.decoded(encoded)
                try HDF5Library.check(
                    H5Tcommit_anon(writer.file, datatype.handle.id, properties.id, moe_h5_default_properties()),
                    "make a named datatype")
                _ = H5Iinc_ref(datatype.handle.id)
                ids[number] = datatype.handle.id
                try writer.remember(datatype.handle, as: number)
            }
            for (number, id) in ids.sorted(by: { $0.key < $1.key }) {
                _ = H5Iinc_ref(id)
                try writer.addAttributes(to: try HDF5Handle(id, "use a named datatype"), of: number, self)
            }
        }

        deinit { for id in ids.values { _ = H5Idec_ref(id) } }
    }

    /// A datatype that the library has open, and what it takes it for.
    struct OpenDatatype: ~Copyable {
        let handle: HDF5Handle
        let type: HDF5Datatype
    }

    func datatype(_ datatype: HDF5Blueprint.Datatype, _ committed: CommittedTypes) throws(HDF5Error) -> OpenDatatype {
        guard let number = datatype.committed else { return try decoded(datatype.encoded) }
        guard let id = committed.ids[number] else { throw .damaged("object \(number) is no named datatype") }
        _ = H5Iinc_ref(id)
        let handle = try HDF5Handle(id, "use a named datatype")
        let type = try HDF5TypeReader(limits: limits).datatype(handle)
        return OpenDatatype(handle: handle, type: type)
    }

    /// Lets the library decode a datatype that was read whole without it.
    private func decoded(_ encoded: [UInt8]) throws(HDF5Error) -> OpenDatatype {
        let expected = try HDF5Datatype(encoded: encoded, limits: limits)
        let id = unsafe encoded.withUnsafeBytes { unsafe H5Tdecode($0.baseAddress) }
        let handle = try HDF5Handle(id, "decode a datatype")
        let type = try HDF5TypeReader(limits: limits).datatype(handle)
        guard expected.agrees(with: type) else { throw .damaged("libhdf5 takes a datatype for another than it is") }
        return OpenDatatype(handle: handle, type: type)
    }
}

extension HDF5Datatype {
    /// Whether two readings are of one type; sizes are the library's own where elements are of variable length.
    func agrees(with other: HDF5Datatype) -> Bool {
        switch (kind, other.kind) {
        case (.variableLength(let a), .variableLength(let b)): a.agrees(with: b)
        case (.string(let a), .string(let b)):
            a.isVariableLength == b.isVariableLength && (a.isVariableLength || size == other.size)
        case (.array(let a, let m), .array(let b, let n)): m == n && a.agrees(with: b)
        case (.compound(let a), .compound(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && $0.type.agrees(with: $1.type) }
        case (.reference, .reference): size == other.size
        default: self == other
        }
    }
}
