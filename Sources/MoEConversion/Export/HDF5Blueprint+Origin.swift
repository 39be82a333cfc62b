import HDF5Source
import MoEFormat

extension HDF5Blueprint {
    /// The file that a model came from.
    ///
    /// - Throws: `ConversionError.damaged` for an origin that describes no file.
    init(_ origin: HDF5Origin) throws(ConversionError) {
        var objects: [Object] = []
        do throws(HDF5Error) {
            for object in origin.objects { objects.append(try Object(object)) }
        } catch {
            throw ConversionError(error).within("the source section")
        }
        self.init(superblockVersion: origin.superblock, userBlockSize: origin.userBlock, objects: objects)
        for place in origin.addresses { referenceTargets[place.address] = place.object }
    }
}

extension HDF5Blueprint.Object {
    fileprivate init(_ object: HDF5Origin.Object) throws(HDF5Error) {
        switch object.kind {
        case .group:
            self.init(
                .group(
                    linkOrder: HDF5CreationOrder(
                        tracked: object.orders.contains(.linksTracked), indexed: object.orders.contains(.linksIndexed)))
            )
            // The order of making is the order that is tracked.
            links = try object.links.enumerated()
                .sorted { ($0.element.creationOrder ?? -1, $0.offset) < ($1.element.creationOrder ?? -1, $1.offset) }
                .map { link throws(HDF5Error) in try HDF5Blueprint.Link(link.element) }
        case .committedDatatype: self.init(.namedDatatype(encoded: object.datatype))
        case .dataset:
            let status: HDF5FillValue.Status =
                switch object.fillKind {
                case .standard: .standard
                case .defined: .userDefined
                case .undefined: .undefined
                }
            self.init(
                .dataset(
                    HDF5Blueprint.Dataset(
                        datatype: .init(encoded: object.datatype, committed: object.committed),
                        dataspace: try HDF5EncodedDataspace(object.dataspace), fillStatus: status,
                        fillValue: object.fillValue)))
        }
        attributeOrder = HDF5CreationOrder(
            tracked: object.orders.contains(.attributesTracked), indexed: object.orders.contains(.attributesIndexed))
        attributes = try object.attributes.enumerated()
            .sorted { ($0.element.creationOrder ?? -1, $0.offset) < ($1.element.creationOrder ?? -1, $1.offset) }
            .map { attribute throws(HDF5Error) in try HDF5Blueprint.Attribute(attribute.element) }
    }
}

extension HDF5Blueprint.Link {
    fileprivate init(_ link: HDF5Origin.Link) throws(HDF5Error) {
        let target: Target
        switch (link.kind, link.target) {
        case (.hard, let object?): target = .object(object)
        case (.hard, nil): throw .damaged("a hard link leads nowhere")
        case (.soft, _): target = .soft(path: HDF5Name(link.path))
        case (.external, _):
            guard let separator = link.path.firstIndex(of: 0) else { throw .damaged("an external link names no file") }
            target = .external(
                file: HDF5Name(Array(link.path[..<separator])), path: HDF5Name(Array(link.path[(separator + 1)...])))
        }
        self.init(name: HDF5Name(link.name), characterSet: link.charset == 1 ? .utf8 : .ascii, target: target)
    }
}

extension HDF5Blueprint.Attribute {
    fileprivate init(_ attribute: HDF5Origin.Attribute) throws(HDF5Error) {
        self.init(
            name: HDF5Name(attribute.name), characterSet: attribute.charset == 1 ? .utf8 : .ascii,
            datatype: .init(encoded: attribute.datatype, committed: attribute.committed),
            dataspace: try HDF5EncodedDataspace(attribute.dataspace), value: attribute.value)
    }
}

extension HDF5CreationOrder {
    fileprivate init(tracked: Bool, indexed: Bool) { self = indexed ? .indexed : tracked ? .tracked : .untracked }
}
