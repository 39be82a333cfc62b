extension HDF5Datatype {
    /// The encoding of the types that weights have, as `H5Tencode` writes them: whole integers, IEEE-like floating-point
    /// numbers, opaque bytes, fixed strings, and h5py's booleans. nil for all others.
    package var plainEncoding: [UInt8]? {
        message.map { [3, 0] + $0 }
    }

    private var message: [UInt8]? {
        var bytes: [UInt8] = []
        func put(_ value: Int, _ count: Int) {
            for shift in stride(from: 0, to: 8 * count, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        func head(_ kind: Int, flags: Int) {
            bytes.append(UInt8(0x10 | kind))
            put(flags, 3)
            put(size, 4)
        }
        switch self.kind {
        case .integer(let layout):
            head(0, flags: (layout.order == .big ? 1 : 0) | (layout.isSigned ? 8 : 0))
            put(layout.bitOffset, 2)
            put(layout.precision, 2)
        case .floatingPoint(let layout):
            // Bits 4 and 5: the mantissa's leading 1 is implied.
            head(1, flags: (layout.order == .big ? 1 : 0) | 0x20 | layout.signPosition << 8)
            put(layout.bitOffset, 2)
            put(layout.precision, 2)
            put(layout.exponentPosition, 1)
            put(layout.exponentBits, 1)
            put(layout.mantissaPosition, 1)
            put(layout.mantissaBits, 1)
            put(Int(truncatingIfNeeded: layout.exponentBias), 4)
        case .opaque(let tag):
            let room = (tag.count + 7) / 8 * 8
            guard room < 256 else { return nil }
            head(5, flags: room)
            bytes += tag
            put(0, room - tag.count)
        case .string(let layout) where !layout.isVariableLength:
            head(3, flags: Int(layout.padding.rawValue) | Int(layout.characterSet.rawValue) << 4)
        case .enumeration(let base, let members):
            guard let inner = base.message else { return nil }
            head(8, flags: members.count)
            bytes += inner
            for member in members {
                bytes += member.name.bytes
                put(0, 8 - member.name.bytes.count % 8)
            }
            for member in members { bytes += member.value }
        default: return nil
        }
        return bytes
    }

    /// A whole integer of 1, 2, 4 or 8 bytes, little-endian.
    package static func integer(bytes: Int, isSigned: Bool) -> HDF5Datatype {
        HDF5Datatype(
            size: bytes,
            kind: .integer(HDF5IntegerLayout(isSigned: isSigned, order: .little, precision: 8 * bytes, bitOffset: 0)))
    }

    /// A little-endian floating-point number with a sign, as IEEE 754 lays them out.
    package static func float(exponentBits: Int, mantissaBits: Int) -> HDF5Datatype {
        HDF5Datatype(
            size: (1 + exponentBits + mantissaBits) / 8,
            kind: .floatingPoint(
                HDF5FloatLayout(order: .little, exponentBits: exponentBits, mantissaBits: mantissaBits)))
    }

    /// What h5py writes for booleans.
    package static let boolean = HDF5Datatype(
        size: 1,
        kind: .enumeration(
            base: .integer(bytes: 1, isSigned: true),
            members: [
                HDF5EnumerationMember(name: HDF5Name("FALSE"), value: [0]),
                HDF5EnumerationMember(name: HDF5Name("TRUE"), value: [1]),
            ]))

    /// A string of so many bytes, in UTF-8.
    package static func string(bytes: Int) -> HDF5Datatype {
        HDF5Datatype(
            size: bytes,
            kind: .string(HDF5StringLayout(characterSet: .utf8, padding: .nullPadded, isVariableLength: false)))
    }
}
