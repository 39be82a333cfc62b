import CHDF5

/// Interprets datatypes and dataspaces that the library has open.
struct HDF5TypeReader {
    let limits: HDF5Limits
    private var members = 0

    init(limits: HDF5Limits) { self.limits = limits }

    /// What a datatype is, down to its members.
    func datatype(_ handle: borrowing HDF5Handle) throws(HDF5Error) -> HDF5Datatype {
        var reader = self
        return try reader.interpret(handle, depth: 1)
    }

    private mutating func interpret(_ handle: borrowing HDF5Handle, depth: Int) throws(HDF5Error) -> HDF5Datatype {
        guard depth <= limits.datatypeDepth else {
            throw .limit("datatypes are nested deeper than \(limits.datatypeDepth)")
        }
        let id = handle.id
        let size = H5Tget_size(id)
        guard size > 0 else { throw HDF5Library.failure("read a datatype's size") }
        guard size <= limits.elementBytes else {
            throw .limit("an element of \(size) bytes exceeds the limit of \(limits.elementBytes)")
        }
        return HDF5Datatype(size: size, kind: try kind(of: handle, size: size, depth: depth))
    }

    private mutating func kind(
        of handle: borrowing HDF5Handle, size: Int, depth: Int
    ) throws(HDF5Error) -> HDF5Datatype.Kind {
        let id = handle.id
        switch H5Tget_class(id) {
        case H5T_INTEGER:
            return .integer(
                HDF5IntegerLayout(
                    isSigned: H5Tget_sign(id) == H5T_SGN_2, order: order(of: id), precision: H5Tget_precision(id),
                    bitOffset: Int(max(0, H5Tget_offset(id)))))
        case H5T_FLOAT: return .floatingPoint(try floatLayout(of: id))
        case H5T_TIME: return .time
        case H5T_STRING:
            let padding: HDF5StringLayout.Padding =
                switch H5Tget_strpad(id) {
                case H5T_STR_NULLPAD: .nullPadded
                case H5T_STR_SPACEPAD: .spacePadded
                default: .nullTerminated
                }
            return .string(
                HDF5StringLayout(
                    characterSet: H5Tget_cset(id) == H5T_CSET_UTF8 ? .utf8 : .ascii, padding: padding,
                    isVariableLength: H5Tis_variable_str(id) > 0))
        case H5T_BITFIELD: return .bitField(order(of: id))
        case H5T_OPAQUE:
            let tag = try unsafe owned(H5Tget_tag(id), "read an opaque datatype's tag")
            guard tag.bytes.count <= limits.nameBytes else { throw .limit("an opaque datatype's tag is too long") }
            return .opaque(tag: tag.bytes)
        case H5T_COMPOUND: return .compound(try compoundMembers(of: id, depth: depth))
        case H5T_REFERENCE:
            if H5Tequal(id, moe_h5_object_reference_type()) > 0 { return .reference(.object) }
            return .reference(H5Tequal(id, moe_h5_region_reference_type()) > 0 ? .region : .other)
        case H5T_ENUM:
            let base = try HDF5Handle(H5Tget_super(id), "read an enumeration's base")
            return .enumeration(
                base: try interpret(base, depth: depth + 1), members: try enumerationMembers(of: id, size: size))
        case H5T_VLEN:
            let element = try HDF5Handle(H5Tget_super(id), "read a sequence's element")
            return .variableLength(try interpret(element, depth: depth + 1))
        case H5T_ARRAY:
            let element = try HDF5Handle(H5Tget_super(id), "read an array's element")
            return .array(try interpret(element, depth: depth + 1), dimensions: try arrayDimensions(of: id))
        default: throw HDF5Library.failure("read a datatype's class")
        }
    }

    private func order(of id: hid_t) -> HDF5ByteOrder {
        switch H5Tget_order(id) {
        case H5T_ORDER_LE: .little
        case H5T_ORDER_BE: .big
        case H5T_ORDER_VAX: .vax
        default: .none
        }
    }

    private func floatLayout(of id: hid_t) throws(HDF5Error) -> HDF5FloatLayout {
        var sign = 0
        var exponentPosition = 0
        var exponentBits = 0
        var mantissaPosition = 0
        var mantissaBits = 0
        // Five places for five numbers.
        try HDF5Library.check(
            unsafe H5Tget_fields(id, &sign, &exponentPosition, &exponentBits, &mantissaPosition, &mantissaBits),
            "read a floating-point layout")
        return HDF5FloatLayout(
            order: order(of: id), precision: H5Tget_precision(id), bitOffset: Int(max(0, H5Tget_offset(id))),
            signPosition: sign, exponentPosition: exponentPosition, exponentBits: exponentBits,
            exponentBias: UInt64(H5Tget_ebias(id)), mantissaPosition: mantissaPosition, mantissaBits: mantissaBits,
            hasImpliedBit: H5Tget_norm(id) == H5T_NORM_IMPLIED)
    }

    private mutating func memberCount(of id: hid_t) throws(HDF5Error) -> UInt32 {
        let count = try HDF5Library.check(H5Tget_nmembers(id), "count a datatype's members")
        members += Int(count)
        guard members <= limits.datatypeMembers else {
            throw .limit("a datatype has more than \(limits.datatypeMembers) members")
        }
        return UInt32(count)
    }

    private mutating func compoundMembers(of id: hid_t, depth: Int) throws(HDF5Error) -> [HDF5CompoundMember] {
        var list: [HDF5CompoundMember] = []
        for index in 0..<(try memberCount(of: id)) {
            let name = try unsafe owned(H5Tget_member_name(id, index), "read a member's name")
            let type = try HDF5Handle(H5Tget_member_type(id, index), "read a member's datatype")
            list.append(
                HDF5CompoundMember(
                    name: name, offset: H5Tget_member_offset(id, index), type: try interpret(type, depth: depth + 1)))
        }
        return list
    }

    private mutating func enumerationMembers(of id: hid_t, size: Int) throws(HDF5Error) -> [HDF5EnumerationMember] {
        var list: [HDF5EnumerationMember] = []
        for index in 0..<(try memberCount(of: id)) {
            let name = try unsafe owned(H5Tget_member_name(id, index), "read a member's name")
            var value = [UInt8](repeating: 0, count: size)
            // Writes one value, which has the size of the enumeration.
            let status = unsafe value.withUnsafeMutableBytes { unsafe H5Tget_member_value(id, index, $0.baseAddress) }
            try HDF5Library.check(status, "read a member's value")
            list.append(HDF5EnumerationMember(name: name, value: value))
        }
        return list
    }

    private func arrayDimensions(of id: hid_t) throws(HDF5Error) -> [UInt64] {
        let rank = Int(try HDF5Library.check(H5Tget_array_ndims(id), "count an array's axes"))
        guard rank <= limits.rank else { throw .limit("an array datatype has more than \(limits.rank) axes") }
        var dimensions = [hsize_t](repeating: 0, count: rank)
        // Writes as many numbers as there are axes.
        try HDF5Library.check(unsafe H5Tget_array_dims2(id, &dimensions), "read an array's axes")
        return dimensions
    }

    /// Copies a string that the library allocated, and gives it back.
    private func owned(_ text: UnsafeMutablePointer<CChar>?, _ doing: String) throws(HDF5Error) -> HDF5Name {
        defer { _ = unsafe H5free_memory(text) }
        guard let name = unsafe HDF5Name(cString: UnsafePointer(text)) else { throw HDF5Library.failure(doing) }
        return name
    }
}

extension HDF5TypeReader {
    /// The library's own encoding of a datatype.
    static func encoding(of type: borrowing HDF5Handle, limits: HDF5Limits) throws(HDF5Error) -> [UInt8] {
        let id = type.id
        return try unsafe encoding("encode a datatype", limits: limits) { unsafe H5Tencode(id, $0, &$1) }
    }

    /// A dataspace and the library's own encoding of it.
    static func dataspace(_ handle: borrowing HDF5Handle, limits: HDF5Limits) throws(HDF5Error) -> HDF5EncodedDataspace
    {
        let id = handle.id
        let encoded = try unsafe encoding("encode a dataspace", limits: limits) {
            unsafe moe_h5_encode_space(id, $0, &$1)
        }
        switch H5Sget_simple_extent_type(id) {
        case H5S_NULL: return HDF5EncodedDataspace(encoded: encoded, space: .null)
        case H5S_SCALAR: return HDF5EncodedDataspace(encoded: encoded, space: .scalar)
        case H5S_SIMPLE:
            let rank = Int(try HDF5Library.check(H5Sget_simple_extent_ndims(id), "count the axes"))
            guard rank <= limits.rank else { throw .limit("a dataspace has more than \(limits.rank) axes") }
            var dimensions = [hsize_t](repeating: 0, count: rank)
            var maximum = dimensions
            // Writes as many numbers as there are axes to each.
            try HDF5Library.check(unsafe H5Sget_simple_extent_dims(id, &dimensions, &maximum), "read the dimensions")
            return HDF5EncodedDataspace(
                encoded: encoded,
                space: .simple(
                    dimensions: dimensions, maximum: maximum.map { $0 == moe_h5_unlimited() ? nil : $0 }))
        default: throw HDF5Library.failure("read a dataspace")
        }
    }

    /// Where the named datatype lies that this one is; nil for a datatype without a name.
    static func committedAddress(of type: borrowing HDF5Handle) throws(HDF5Error) -> UInt64? {
        guard H5Tcommitted(type.id) > 0 else { return nil }
        var description = moe_h5_object()
        try HDF5Library.check(unsafe moe_h5_describe_object(type.id, &description), "describe a named datatype")
        return description.address
    }

    private static func encoding(
        _ doing: String, limits: HDF5Limits, _ encode: (UnsafeMutableRawPointer?, inout Int) -> herr_t
    ) throws(HDF5Error) -> [UInt8] {
        var size = 0
        try HDF5Library.check(encode(nil, &size), doing)
        guard size >= 0, size <= limits.encodedTypeBytes else {
            throw .limit("an encoded type of \(size) bytes exceeds the limit of \(limits.encodedTypeBytes)")
        }
        var bytes = [UInt8](repeating: 0, count: size)
        // The library writes at most the size it is given.
        let status = unsafe bytes.withUnsafeMutableBytes { unsafe encode($0.baseAddress, &size) }
        try HDF5Library.check(status, doing)
        return bytes
    }
}
