import HDF5Source
import MoEFormat

extension HDF5Blueprint {
    /// A new file for tensors that come from elsewhere: a dataset for each, under its own name; slashes in names make groups.
    ///
    /// - Returns: the blueprint, and the object of each tensor.
    /// - Throws: `ConversionError.usage` for names that cannot be HDF5 paths.
    static func holding(
        _ tensors: [SourceTensor], aliases: [(name: String, tensor: Int)]
    ) throws(ConversionError) -> (blueprint: HDF5Blueprint, objects: [Int]) {
        var tree = GroupTree()
        var objects: [Int] = []
        for tensor in tensors { objects.append(try tree.add(Object(tensor), at: tensor.name)) }
        for alias in aliases { try tree.link(objects[alias.tensor], at: alias.name) }
        return (HDF5Blueprint(objects: tree.objects), objects)
    }
}

extension HDF5Blueprint.Object {
    fileprivate init(_ tensor: SourceTensor) throws(ConversionError) {
        let (type, tag) = tensor.dtype.hdf5
        guard let encoded = type.plainEncoding else {
            throw .usage("tensor \(tensor.name) of \(tensor.dtype) has no HDF5 type")
        }
        self.init(
            .dataset(
                HDF5Blueprint.Dataset(
                    datatype: .init(encoded: encoded), dataspace: .fixed(tensor.shape.map { UInt64(clamping: $0) }))))
        guard let tag, let string = HDF5Datatype.string(bytes: tag.utf8.count).plainEncoding else { return }
        attributes = [
            HDF5Blueprint.Attribute(
                name: HDF5Name("dtype"), characterSet: .ascii, datatype: .init(encoded: string), dataspace: .scalar,
                value: Array(tag.utf8))
        ]
    }
}

extension Dtype {
    /// The HDF5 type of elements, and the attribute `dtype` that says what they are where the type cannot.
    fileprivate var hdf5: (type: HDF5Datatype, tag: String?) {
        switch self {
        case .bool: (.boolean, nil)
        case .u8: (.integer(bytes: 1, isSigned: false), nil)
        case .i8: (.integer(bytes: 1, isSigned: true), nil)
        case .u16: (.integer(bytes: 2, isSigned: false), nil)
        case .i16: (.integer(bytes: 2, isSigned: true), nil)
        case .u32: (.integer(bytes: 4, isSigned: false), nil)
        case .i32: (.integer(bytes: 4, isSigned: true), nil)
        case .u64: (.integer(bytes: 8, isSigned: false), nil)
        case .i64: (.integer(bytes: 8, isSigned: true), nil)
        case .f16: (.float(exponentBits: 5, mantissaBits: 10), nil)
        case .bf16: (.float(exponentBits: 8, mantissaBits: 7), nil)
        case .f32: (.float(exponentBits: 8, mantissaBits: 23), nil)
        case .f64: (.float(exponentBits: 11, mantissaBits: 52), nil)
        // HDF5 would read infinities into E4M3, which has none, and E8M0 has neither sign nor mantissa.
        case .f8E4M3, .f8E5M2, .f8E8M0: (.integer(bytes: 1, isSigned: false), tagName)
        case .opaque(let bytes): (HDF5Datatype(size: bytes, kind: .opaque(tag: [])), nil)
        case .unknown: (HDF5Datatype(size: 1, kind: .opaque(tag: [])), nil)
        }
    }
}

/// Groups in the making, by path.
///
/// Paths are bytes: text can join a slash and the accent behind it to one character.
private struct GroupTree {
    private(set) var objects: [HDF5Blueprint.Object] = [HDF5Blueprint.Object(.group(linkOrder: .indexed))]
    private var groups: [[UInt8]: Int] = [[]: 0]
    /// Full paths that lead to datasets.
    private var names: Set<[UInt8]> = []

    mutating func add(_ object: HDF5Blueprint.Object, at path: String) throws(ConversionError) -> Int {
        objects.append(object)
        let number = objects.count - 1
        try link(number, at: path)
        return number
    }

    mutating func link(_ object: Int, at text: String) throws(ConversionError) {
        let path = Array(text.utf8)
        let components = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard components.allSatisfy({ !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.contains(0) }),
            let name = components.last
        else {
            throw .usage("tensor \(text) cannot be an HDF5 dataset: its name is no path")
        }
        var parent = 0
        for component in components.dropLast() {
            let prefix = Array(path[..<component.endIndex])
            guard !names.contains(prefix) else { throw Self.conflict(prefix) }
            if let group = groups[prefix] {
                parent = group
            } else {
                objects.append(HDF5Blueprint.Object(.group(linkOrder: .indexed)))
                groups[prefix] = objects.count - 1
                objects[parent].links.append(Self.link(component, objects.count - 1))
                parent = objects.count - 1
            }
        }
        guard groups[path] == nil, names.insert(path).inserted else { throw Self.conflict(path) }
        objects[parent].links.append(Self.link(name, object))
    }

    private static func conflict(_ path: [UInt8]) -> ConversionError {
        .usage("tensor \(HDF5Name(path)) cannot be an HDF5 dataset: its name is also that of a group")
    }

    private static func link(_ name: ArraySlice<UInt8>, _ target: Int) -> HDF5Blueprint.Link {
        HDF5Blueprint.Link(
            name: HDF5Name(Array(name)), characterSet: name.allSatisfy { $0 < 0x80 } ? .ascii : .utf8,
            target: .object(target))
    }
}
