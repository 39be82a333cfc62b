import MoEFormat

/// What two files recorded of their sources beyond the tensors: HDF5 attributes, safetensors metadata.
enum SourceDifference {
    static func between(_ a: SourceSection?, _ b: SourceSection?) -> [MetadataDifference] {
        if a == b { return [] }
        switch (a, b) {
        case (.hdf5(let a)?, .hdf5(let b)?):
            let found = between(attributes(of: a), attributes(of: b))
            // Links, types, spaces and the order of things: that they differ is said, not where.
            return found.isEmpty
                ? [MetadataDifference(path: "source", a: "HDF5", b: "HDF5 with other links or types")] : found
        case (.safetensors(let a)?, .safetensors(let b)?):
            let found = between(metadata(of: a), metadata(of: b), at: "source.metadata")
            return found.isEmpty
                ? [MetadataDifference(path: "source", a: "safetensors", b: "safetensors with other headers")] : found
        default: return [MetadataDifference(path: "source", a: a.map(kind), b: b.map(kind))]
        }
    }

    private static func between(
        _ a: [ExactName: HDF5Origin.Attribute], _ b: [ExactName: HDF5Origin.Attribute]
    ) -> [MetadataDifference] {
        Set(a.keys).union(b.keys).sorted().compactMap { name in
            let (first, second) = (a[name], b[name])
            let isSame =
                first?.value == second?.value && first?.datatype == second?.datatype
                && first?.dataspace == second?.dataspace
            guard !isSame else { return nil }
            let hasOtherType = first?.value == second?.value
            return MetadataDifference(
                path: "source.attributes[\(JSONValue.string(name.text).text)]", a: first.map(text),
                b: second.map { text($0) + (hasOtherType ? " of another type or shape" : "") })
        }
    }

    private static func between(_ a: [ExactName: String], _ b: [ExactName: String], at path: String)
        -> [MetadataDifference]
    {
        Set(a.keys).union(b.keys).sorted().filter { a[$0] != b[$0] }
            .map { MetadataDifference(path: "\(path)[\(JSONValue.string($0.text).text)]", a: a[$0], b: b[$0]) }
    }

    private static func kind(_ source: SourceSection) -> String {
        switch source {
        case .hdf5: "HDF5"
        case .safetensors: "safetensors"
        case .unknown(let kind): "of the unknown kind \(kind)"
        }
    }

    /// Attributes by the path of their object and their name.
    private static func attributes(of origin: HDF5Origin) -> [ExactName: HDF5Origin.Attribute] {
        var attributes: [ExactName: HDF5Origin.Attribute] = [:]
        for (object, path) in zip(origin.objects, paths(of: origin)) {
            for attribute in object.attributes {
                let name = path + "@" + String(decoding: attribute.name, as: UTF8.self)
                attributes[ExactName(name)] = attribute
            }
        }
        return attributes
    }

    /// Bytes of a path: groups may lie in each other as deep as there are groups.
    private static let pathLength = 256

    /// The path by which each object is first reached from the root; its number where that path is long.
    private static func paths(of origin: HDF5Origin) -> [String] {
        var paths = [String?](repeating: nil, count: origin.objects.count)
        var waiting = [0][...]
        if !paths.isEmpty { paths[0] = "" }
        while let index = waiting.popFirst(), index < origin.objects.count {
            for link in origin.objects[index].links {
                guard let target = link.target, target < paths.count, paths[target] == nil else { continue }
                let path = (paths[index] ?? "") + "/" + String(decoding: link.name.prefix(pathLength), as: UTF8.self)
                paths[target] = path.utf8.count <= pathLength ? path : "object \(target)"
                waiting.append(target)
            }
        }
        return paths.enumerated().map { $1.map { $0.isEmpty ? "/" : $0 } ?? "object \($0)" }
    }

    private static func text(_ attribute: HDF5Origin.Attribute) -> String {
        let shown = 16
        let digits = attribute.value.prefix(shown).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return "\(attribute.value.count) bytes \(digits.joined())\(attribute.value.count > shown ? "…" : "")"
    }

    private static func metadata(of origin: SafetensorsOrigin) -> [ExactName: String] {
        var metadata: [ExactName: String] = [:]
        for file in origin.files {
            guard let header = try? JSONParser.parse(file.header), let members = header["__metadata__"]?.object?.members
            else { continue }
            // As long as names of files are: it stands before every key.
            let name = String(decoding: file.name.prefix(255), as: UTF8.self)
            for (key, value) in members {
                metadata[ExactName(name + "#" + key)] = value.text
            }
        }
        return metadata
    }
}
