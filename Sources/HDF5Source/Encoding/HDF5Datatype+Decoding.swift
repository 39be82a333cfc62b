extension HDF5Datatype {
    /// Reads what `H5Tencode` wrote, without the library: its decoder is not made for bytes from strangers, and is only given
    /// those that were read whole here.
    ///
    /// The layout is that of the datatype message in the HDF5 File Format Specification, IV.A.2.d, behind two bytes of
    /// `H5Tencode`'s own.
    /// - Throws: `HDF5Error`: `damaged` or `limit`.
    package init(encoded: [UInt8], limits: HDF5Limits = .standard) throws(HDF5Error) {
        do throws(HDF5Error) {
            var reader = MessageReader(encoded)
            guard try reader.byte() == 3, try reader.byte() == 0 else {
                throw HDF5Error.damaged("it is no encoded datatype")
            }
            var decoder = DatatypeDecoder(limits: limits)
            self = try decoder.datatype(&reader, depth: 1)
            try validate(limits: limits)
        } catch {
            throw error.within("a datatype")
        }
    }
}

private struct DatatypeDecoder {
    let limits: HDF5Limits
    private var members = 0

    init(limits: HDF5Limits) { self.limits = limits }

    mutating func datatype(_ reader: inout MessageReader, depth: Int) throws(HDF5Error) -> HDF5Datatype {
        guard depth <= limits.datatypeDepth else { throw .limit("it is nested deeper than \(limits.datatypeDepth)") }
        let classAndVersion = try reader.byte()
        let version = Int(classAndVersion >> 4)
        guard (1...3).contains(version) else { throw .damaged("it has version \(version)") }
        let flags = UInt32(try reader.number(3))
        let size = try reader.u32()
        let kind = try kind(classAndVersion & 0xF, version: version, flags: flags, size: size, &reader, depth: depth)
        return HDF5Datatype(size: size, kind: kind)
    }

    private mutating func kind(
        _ number: UInt8, version: Int, flags: UInt32, size: Int, _ reader: inout MessageReader, depth: Int
    ) throws(HDF5Error) -> HDF5Datatype.Kind {
        let order: HDF5ByteOrder = flags & 1 == 0 ? .little : .big
        switch number {
        case 0:
            let (offset, precision) = try bits(of: size, &reader)
            return .integer(
                HDF5IntegerLayout(isSigned: flags & 8 != 0, order: order, precision: precision, bitOffset: offset))
        case 1: return .floatingPoint(try float(flags: flags, size: size, &reader))
        case 2:
            _ = try reader.u16()
            return .time
        case 3:
            return .string(
                HDF5StringLayout(
                    characterSet: try charset(flags >> 4), padding: padding(flags), isVariableLength: false))
        case 4:
            _ = try bits(of: size, &reader)
            return .bitField(order)
        case 5:
            let tag = try reader.take(Int(flags & 0xFF))
            return .opaque(tag: Array(tag.prefix { $0 != 0 }))
        case 6: return .compound(try compound(Int(flags & 0xFFFF), version: version, size: size, &reader, depth: depth))
        case 7:
            switch flags & 0xF {
            case 0: return .reference(.object)
            case 1: return .reference(.region)
            default: return .reference(.other)
            }
        case 8:
            let base = try datatype(&reader, depth: depth + 1)
            guard case .integer = base.kind, base.size == size else {
                throw .damaged("an enumeration is not over integers of its size")
            }
            let count = try counted(Int(flags & 0xFFFF))
            var names: [HDF5Name] = []
            for _ in 0..<count { names.append(try reader.name(paddedTo: version < 3 ? 8 : 1)) }
            var list: [HDF5EnumerationMember] = []
            for name in names { list.append(HDF5EnumerationMember(name: name, value: Array(try reader.take(size)))) }
            return .enumeration(base: base, members: list)
        case 9:
            let base = try datatype(&reader, depth: depth + 1)
            guard flags & 0xF == 1 else { return .variableLength(base) }
            return .string(
                HDF5StringLayout(
                    characterSet: try charset(flags >> 8), padding: padding(flags >> 4), isVariableLength: true))
        case 10:
            guard version >= 2 else { throw .damaged("an array of version \(version)") }
            let rank = Int(try reader.byte())
            guard (1...limits.rank).contains(rank) else { throw .damaged("an array of \(rank) axes") }
            if version < 3 { _ = try reader.take(3) }
            var dimensions: [UInt64] = []
            for _ in 0..<rank { dimensions.append(try reader.number(4)) }
            if version < 3 { _ = try reader.take(4 * rank) }
            return .array(try datatype(&reader, depth: depth + 1), dimensions: dimensions)
        default: throw .damaged("it is of class \(number)")
        }
    }

    /// Offset and precision in bits, which lie inside the element.
    private func bits(of size: Int, _ reader: inout MessageReader) throws(HDF5Error) -> (offset: Int, precision: Int) {
        let offset = try reader.u16()
        let precision = try reader.u16()
        guard precision > 0, offset + precision <= 8 * size else {
            throw .damaged("\(precision) bits from bit \(offset) of \(size) bytes")
        }
        return (offset, precision)
    }

    private func float(flags: UInt32, size: Int, _ reader: inout MessageReader) throws(HDF5Error) -> HDF5FloatLayout {
        let (offset, precision) = try bits(of: size, &reader)
        let exponentPosition = Int(try reader.byte())
        let exponentBits = Int(try reader.byte())
        let mantissaPosition = Int(try reader.byte())
        let mantissaBits = Int(try reader.byte())
        let bias = try reader.number(4)
        let sign = Int(flags >> 8 & 0xFF)
        guard sign < 8 * size, exponentBits > 0, exponentPosition + exponentBits <= 8 * size, mantissaBits > 0,
            mantissaPosition + mantissaBits <= 8 * size
        else { throw .damaged("a floating-point number's fields lie outside it") }
        let order: HDF5ByteOrder =
            switch (flags >> 6 & 1, flags & 1) {
            case (0, 0): .little
            case (0, _): .big
            default: .vax
            }
        return HDF5FloatLayout(
            order: order, precision: precision, bitOffset: offset, signPosition: sign,
            exponentPosition: exponentPosition,
            exponentBits: exponentBits, exponentBias: bias, mantissaPosition: mantissaPosition,
            mantissaBits: mantissaBits,
            hasImpliedBit: flags >> 4 & 3 == 2)
    }

    private mutating func compound(
        _ declared: Int, version: Int, size: Int, _ reader: inout MessageReader, depth: Int
    ) throws(HDF5Error) -> [HDF5CompoundMember] {
        var offsetBytes = 1
        while offsetBytes < 4, size >> (8 * offsetBytes) != 0 { offsetBytes += 1 }
        var list: [HDF5CompoundMember] = []
        let count = try counted(declared)
        guard count > 0 else { throw .damaged("a compound without members") }
        for _ in 0..<count {
            let name = try reader.name(paddedTo: version < 3 ? 8 : 1)
            let offset = Int(try reader.number(version < 3 ? 4 : offsetBytes))
            var dimensions: [UInt64] = []
            if version == 1 {
                // Arrays were once part of the member: dimensionality, 3 + 4 + 4 spare bytes, four dimensions.
                let rank = Int(try reader.byte())
                guard rank <= 4 else { throw .damaged("member \(name) has \(rank) axes") }
                _ = try reader.take(11)
                for axis in 0..<4 {
                    let dimension = try reader.number(4)
                    if axis < rank { dimensions.append(dimension) }
                }
            }
            var type = try datatype(&reader, depth: depth + 1)
            if !dimensions.isEmpty {
                var bytes = type.size
                for dimension in dimensions {
                    let (product, overflow) = bytes.multipliedReportingOverflow(by: Int(dimension))
                    guard !overflow, product > 0 else { throw .damaged("member \(name) is too large") }
                    bytes = product
                }
                type = HDF5Datatype(size: bytes, kind: .array(type, dimensions: dimensions))
            }
            list.append(HDF5CompoundMember(name: name, offset: offset, type: type))
        }
        return list
    }

    private mutating func counted(_ count: Int) throws(HDF5Error) -> Int {
        members += count
        guard members <= limits.datatypeMembers else {
            throw .limit("it has more than \(limits.datatypeMembers) members")
        }
        return count
    }

    private func charset(_ bits: UInt32) throws(HDF5Error) -> HDF5CharacterSet {
        guard let set = HDF5CharacterSet(rawValue: UInt8(bits & 0xF)) else {
            throw .damaged("a string in character set \(bits & 0xF)")
        }
        return set
    }

    private func padding(_ bits: UInt32) -> HDF5StringLayout.Padding {
        HDF5StringLayout.Padding(rawValue: UInt8(bits & 0xF)) ?? .nullTerminated
    }
}
