/// What one element is, as far as its bytes matter to a reader of tensors.
package struct HDF5Datatype: Hashable, Sendable {
    /// Bytes of one element, in the file as in memory; not meaningful for types with variable-length parts.
    package var size: Int
    package var kind: Kind

    package enum Kind: Hashable, Sendable {
        case integer(HDF5IntegerLayout)
        indirect case floatingPoint(HDF5FloatLayout)
        case time
        case string(HDF5StringLayout)
        case bitField(HDF5ByteOrder)
        case opaque(tag: [UInt8])
        indirect case compound([HDF5CompoundMember])
        case reference(HDF5ReferenceKind)
        indirect case enumeration(base: HDF5Datatype, members: [HDF5EnumerationMember])
        indirect case variableLength(HDF5Datatype)
        indirect case array(HDF5Datatype, dimensions: [UInt64])
    }

    package init(size: Int, kind: Kind) {
        self.size = size
        self.kind = kind
    }
}

package enum HDF5ByteOrder: UInt8, Sendable {
    case little, big
    /// The middle-endian order of the VAX.
    case vax
    /// Of types without an order of their own: single bytes, and compounds that mix orders.
    case none
}

package struct HDF5IntegerLayout: Hashable, Sendable {
    package var isSigned: Bool
    package var order: HDF5ByteOrder
    /// Bits that count, from `bitOffset` up.
    package var precision: Int
    package var bitOffset: Int
}

/// Where a floating-point number keeps its fields, in bits from the least significant.
package struct HDF5FloatLayout: Hashable, Sendable {
    package var order: HDF5ByteOrder
    package var precision: Int
    package var bitOffset: Int
    package var signPosition: Int
    package var exponentPosition: Int
    package var exponentBits: Int
    package var exponentBias: UInt64
    package var mantissaPosition: Int
    package var mantissaBits: Int
    /// Whether the leading 1 of the mantissa is implied rather than stored.
    package var hasImpliedBit: Bool

    /// The fields of IEEE 754's binary formats and of bfloat16.
    package init(order: HDF5ByteOrder, exponentBits: Int, mantissaBits: Int) {
        self.order = order
        self.precision = 1 + exponentBits + mantissaBits
        self.bitOffset = 0
        self.signPosition = exponentBits + mantissaBits
        self.exponentPosition = mantissaBits
        self.exponentBits = exponentBits
        self.exponentBias = (1 << UInt64(exponentBits - 1)) - 1
        self.mantissaPosition = 0
        self.mantissaBits = mantissaBits
        self.hasImpliedBit = true
    }

    package init(
        order: HDF5ByteOrder, precision: Int, bitOffset: Int, signPosition: Int, exponentPosition: Int,
        exponentBits: Int,
        exponentBias: UInt64, mantissaPosition: Int, mantissaBits: Int, hasImpliedBit: Bool
    ) {
        self.order = order
        self.precision = precision
        self.bitOffset = bitOffset
        self.signPosition = signPosition
        self.exponentPosition = exponentPosition
        self.exponentBits = exponentBits
        self.exponentBias = exponentBias
        self.mantissaPosition = mantissaPosition
        self.mantissaBits = mantissaBits
        self.hasImpliedBit = hasImpliedBit
    }

    /// Whether the fields are those of `binary16`, `binary32`, `binary64` or, with 8 and 7 bits, `bfloat16`.
    package func isInterchangeFormat(exponentBits: Int, mantissaBits: Int) -> Bool {
        self == HDF5FloatLayout(order: order, exponentBits: exponentBits, mantissaBits: mantissaBits)
    }
}

package struct HDF5StringLayout: Hashable, Sendable {
    package enum Padding: UInt8, Sendable { case nullTerminated, nullPadded, spacePadded }
    package var characterSet: HDF5CharacterSet
    package var padding: Padding
    package var isVariableLength: Bool
}

package enum HDF5CharacterSet: UInt8, Sendable { case ascii, utf8 }

package enum HDF5ReferenceKind: UInt8, Sendable {
    /// The address of an object: find it by `HDF5Object.address`.
    case object
    /// A place in the global heap that names a dataset and a part of it.
    case region
    /// A kind that came after HDF5 1.10.
    case other
}

package struct HDF5CompoundMember: Hashable, Sendable {
    package var name: HDF5Name
    package var offset: Int
    package var type: HDF5Datatype
}

package struct HDF5EnumerationMember: Hashable, Sendable {
    package var name: HDF5Name
    /// The value in the base type's own bytes and order.
    package var value: [UInt8]
}
