import HDF5Source
import MoEFormat

extension HDF5Origin {
    /// What the file keeps of a catalog: everything but the datasets' elements and their place.
    init(_ catalog: HDF5Catalog, tensorOfObject: [HDF5ObjectID: Int]) {
        var objects: [Object] = []
        for (index, object) in catalog.objects.enumerated() {
            let id = HDF5ObjectID(rawValue: UInt32(index))
            objects.append(Object(object, tensor: tensorOfObject[id]))
        }
        for link in catalog.links { objects[Int(link.parent.rawValue)].links.append(Link(link)) }
        let file = catalog.files.first
        self.init(superblock: file?.superblockVersion ?? 0, userBlock: file?.userBlockSize ?? 0, objects: objects)
        guard catalog.objects.contains(where: \.holdsReferences) else { return }
        addresses = catalog.objects.enumerated().filter { $0.element.file == 0 }.map {
            Address(object: $0.offset, address: $0.element.address)
        }
    }
}

extension HDF5Object {
    /// Whether its elements or attributes are addresses of other objects.
    fileprivate var holdsReferences: Bool {
        dataset?.type.containsReference == true || attributes.contains(where: \.containsReferences)
    }
}

extension HDF5Origin.Object {
    fileprivate init(_ object: HDF5Object, tensor: Int?) {
        switch object.kind {
        case .group(let linkOrder):
            self.init(.group)
            if linkOrder != .untracked { orders.insert(.linksTracked) }
            if linkOrder == .indexed { orders.insert(.linksIndexed) }
        case .namedDatatype(let datatype):
            self.init(.committedDatatype)
            self.datatype = datatype.encoded
        case .dataset(let dataset):
            self.init(.dataset)
            datatype = dataset.datatype.encoded
            dataspace = dataset.dataspace.encoded
            committed = dataset.datatype.committed.map { Int($0.rawValue) }
            isSerialized = dataset.type.containsVariableLength
            switch dataset.fillValue.status {
            case .standard: fillKind = .standard
            case .undefined: fillKind = .undefined
            case .userDefined:
                fillKind = .defined
                fillValue = dataset.fillValue.bytes
            }
        }
        self.tensor = tensor
        if object.attributeOrder != .untracked { orders.insert(.attributesTracked) }
        if object.attributeOrder == .indexed { orders.insert(.attributesIndexed) }
        attributes = object.attributes.map { attribute in
            HDF5Origin.Attribute(
                charset: attribute.characterSet.rawValue, isSerialized: attribute.isSerialized,
                creationOrder: attribute.creationOrder.map { Int64($0) }, name: attribute.name.bytes,
                datatype: attribute.datatype.encoded, dataspace: attribute.dataspace.encoded,
                committed: attribute.datatype.committed.map { Int($0.rawValue) }, value: attribute.value)
        }
    }
}

extension HDF5Origin.Link {
    fileprivate init(_ link: HDF5Link) {
        let target = link.target.map { Int($0.rawValue) }
        switch link.kind {
        case .hard:
            self.init(
                kind: .hard, charset: link.characterSet.rawValue, target: target, creationOrder: link.creationOrder,
                name: link.name.bytes)
        case .soft(let path):
            self.init(
                kind: .soft, charset: link.characterSet.rawValue, target: nil, creationOrder: link.creationOrder,
                name: link.name.bytes,
                path: path.bytes)
        case .external(let file, let path):
            self.init(
                kind: .external, charset: link.characterSet.rawValue, target: nil, creationOrder: link.creationOrder,
                name: link.name.bytes, path: file.bytes + [0] + path.bytes)
        }
    }
}
