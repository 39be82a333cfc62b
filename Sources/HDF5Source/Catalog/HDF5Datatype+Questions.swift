extension HDF5Datatype {
    /// Whether elements lie outside the dataset, in the heap: such values are serialised, see `HDF5Attribute`.
    package var containsVariableLength: Bool {
        switch kind {
        case .variableLength: true
        case .string(let layout): layout.isVariableLength
        case .compound(let members): members.contains { $0.type.containsVariableLength }
        case .array(let element, _): element.containsVariableLength
        default: false
        }
    }

    /// Whether elements hold addresses in this file, which mean nothing in another.
    package var containsReference: Bool {
        switch kind {
        case .reference: true
        case .variableLength(let element), .array(let element, _): element.containsReference
        case .compound(let members): members.contains { $0.type.containsReference }
        default: false
        }
    }

    /// Whether this is the enumeration `FALSE` = 0, `TRUE` = 1 over one byte that h5py writes for booleans.
    package var isBoolean: Bool {
        guard case .enumeration(let base, let members) = kind, base.size == 1, case .integer = base.kind else {
            return false
        }
        return members.count == 2
            && members.contains(HDF5EnumerationMember(name: HDF5Name("FALSE"), value: [0]))
            && members.contains(HDF5EnumerationMember(name: HDF5Name("TRUE"), value: [1]))
    }

    /// Bytes to reverse in each element so that numbers become little-endian; 1 for none.
    ///
    /// Only whole integers and floating-point numbers of 2, 4 and 8 bytes are turned; everything else keeps its bytes.
    package var swapWidth: Int {
        let order: HDF5ByteOrder =
            switch kind {
            case .integer(let layout): layout.order
            case .floatingPoint(let layout): layout.order
            default: .none
            }
        return order == .big && [2, 4, 8].contains(size) ? size : 1
    }
}
