import HDF5Source

/// An HDF5 file as far as export gives it back: everything but where things lie and how they are packed.
struct ComparableCatalog: Equatable {
    struct Object: Equatable {
        var kind: String
        var datatype: HDF5EncodedDatatype?
        var dataspace: HDF5EncodedDataspace?
        var fill: [UInt8]?
        var fillStatus: HDF5FillValue.Status?
        var attributeOrder: HDF5CreationOrder
        var attributes: [HDF5Attribute]
        var elements: [UInt8]?
    }

    var superblock: UInt32
    var userBlock: UInt64
    var objects: [Object]
    var links: [HDF5Link]

    init(_ path: String, externalLinks: HDF5ExternalLinks = .refused) throws {
        let input = try HDF5Input.inProcess(path, options: HDF5Options(externalLinks: externalLinks))
        let catalog = input.catalog
        let file = catalog.files[0]
        // libhdf5 chooses between 0 and 1 itself.
        superblock = max(1, file.superblockVersion)
        userBlock = file.userBlockSize
        let places = Dictionary(catalog.objects.enumerated().map { ($0.element.address, $0.offset) }) { first, _ in
            first
        }
        objects = try catalog.objects.indices.map { index in
            let object = catalog.objects[index]
            var kind = "group"
            if case .group(let order) = object.kind { kind += " \(order)" }
            if case .namedDatatype(let type) = object.kind { kind = "datatype \(type)" }
            var comparable = Object(
                kind: object.dataset == nil ? kind : "dataset", attributeOrder: object.attributeOrder,
                attributes: object.attributes.enumerated().map { place, attribute in
                    var attribute = attribute
                    // The order is kept, not the gaps that deleted ones leave.
                    if attribute.creationOrder != nil { attribute.creationOrder = UInt32(place) }
                    if attribute.containsReferences {
                        attribute.value = Self.named(attribute.value, attribute.datatype.type, places)
                    }
                    return attribute
                })
            if let dataset = object.dataset {
                comparable.datatype = dataset.datatype
                comparable.dataspace = dataset.dataspace
                comparable.fill = dataset.fillValue.bytes
                comparable.fillStatus = dataset.fillValue.status
                let id = HDF5ObjectID(rawValue: UInt32(index))
                var elements: [UInt8] = []
                if dataset.type.containsVariableLength {
                    elements = try input.session.readElements(of: id, 0..<dataset.elementCount)
                } else {
                    elements = try HDF5DatasetReader(id, of: input).bytes(
                        of: 0..<dataset.elementCount, using: ChunkDecoder())
                }
                comparable.elements =
                    dataset.type.containsReference ? Self.named(elements, dataset.type, places) : elements
            }
            return comparable
        }
        links = catalog.links
        var orders: [HDF5ObjectID: Int64] = [:]
        for index in links.indices where links[index].creationOrder != nil {
            links[index].creationOrder = orders[links[index].parent, default: 0]
            orders[links[index].parent, default: 0] += 1
        }
    }

    /// References as numbers of objects; of other types that hold some, nothing.
    private static func named(_ value: [UInt8], _ type: HDF5Datatype, _ places: [UInt64: Int]) -> [UInt8] {
        guard case .reference(.object) = type.kind else { return [] }
        return stride(from: 0, to: value.count, by: 8).map { start in
            let address = value[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return UInt8(places[address] ?? 255)
        }
    }
}
