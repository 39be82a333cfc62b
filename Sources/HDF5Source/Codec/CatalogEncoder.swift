/// Writes the catalog's own encoding: numbers as LEB128, byte strings and lists behind their counts.
///
/// The encoding travels between a worker and its parent, which are the same program; it is not a file format.
struct CatalogEncoder {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func put(_ value: Int) { put(UInt64(value)) }
    mutating func put(_ value: UInt32) { put(UInt64(value)) }
    mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }
    mutating func put(_ value: UInt8) { bytes.append(value) }

    mutating func put(_ string: [UInt8]) {
        put(string.count)
        bytes += string
    }

    mutating func put(_ name: HDF5Name) { put(name.bytes) }

    mutating func put<Element>(list: [Element], _ putElement: (inout CatalogEncoder, Element) -> Void) {
        put(list.count)
        for element in list { putElement(&self, element) }
    }

    mutating func put<Value>(optional value: Value?, _ putValue: (inout CatalogEncoder, Value) -> Void) {
        put(value != nil)
        if let value { putValue(&self, value) }
    }
}
