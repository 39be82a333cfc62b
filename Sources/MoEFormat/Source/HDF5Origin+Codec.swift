extension HDF5Origin {
    /// - Parameter version: from 2 on, addresses follow the objects.
    init(_ reader: inout ByteReader, version: UInt32) throws(FormatError) {
        superblock = try reader.u32()
        let count = try reader.u32()
        userBlock = try reader.u64()
        guard Int(count) <= reader.remaining / 4 else {
            throw .broken(.source, at: reader.offset, "\(count) objects in \(reader.remaining) bytes")
        }
        objects = []
        addresses = []
        for _ in 0..<count {
            let length = try reader.u32()
            var object = ByteReader(Array(try reader.bytes(Int(length))), rule: .source)
            objects.append(try Object(&object))
            guard object.remaining == 0 else {
                throw .broken(.source, "bytes stand behind an object of the source section")
            }
        }
        if version >= 2 {
            for _ in 0..<(try reader.count(leastSize: 12)) {
                let object = Int(try reader.u32())
                addresses.append(Address(object: object, address: try reader.u64()))
            }
        }
        try checkTargets()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(superblock)
        writer.put(UInt32(objects.count))
        writer.put(userBlock)
        for object in objects {
            var body = ByteWriter()
            object.encode(into: &body)
            writer.putSized(body.bytes)
        }
        guard !addresses.isEmpty else { return }
        writer.put(UInt32(addresses.count))
        for place in addresses {
            writer.put(UInt32(place.object))
            writer.put(place.address)
        }
    }

    /// Every object number names an object.
    private func checkTargets() throws(FormatError) {
        guard objects.first?.kind == .group else {
            throw .broken(.source, "the first object of the source section is no root group")
        }
        let committed = objects.flatMap { [$0.committed] + $0.attributes.map(\.committed) }.compactMap(\.self)
        guard committed.allSatisfy({ !objects.indices.contains($0) || objects[$0].kind == .committedDatatype }) else {
            throw .broken(.source, "an object of the source section uses a committed datatype that is none")
        }
        for object in objects {
            let targets = object.links.map(\.target) + object.attributes.map(\.committed) + [object.committed]
            guard targets.allSatisfy({ $0.map(objects.indices.contains) ?? true }) else {
                throw .broken(.source, "a link of the source section leads to an object that is not there")
            }
            guard object.links.allSatisfy({ ($0.kind == .hard) == ($0.target != nil) }) else {
                throw .broken(.source, "a hard link of the source section has no target")
            }
        }
        guard addresses.allSatisfy({ objects.indices.contains($0.object) }) else {
            throw .broken(.source, "an address of the source section belongs to an object that is not there")
        }
    }
}

extension HDF5Origin.Object {
    init(_ reader: inout ByteReader) throws(FormatError) {
        guard let kind = Kind(rawValue: try reader.u8()) else { throw .broken(.source, "an object of unknown kind") }
        self.init(kind)
        orders = Orders(rawValue: try reader.u8())
        guard orders.rawValue <= 15 else {
            throw .broken(.source, "an object with the unknown flags \(orders.rawValue)")
        }
        try reader.zeros(2, rule: .source)
        tensor = try reader.optionalNumber()
        for _ in 0..<(try reader.count(leastSize: 24)) { links.append(try HDF5Origin.Link(&reader)) }
        for _ in 0..<(try reader.count(leastSize: 28)) { attributes.append(try HDF5Origin.Attribute(&reader)) }
        datatype = try reader.sizedBytes()
        dataspace = try reader.sizedBytes()
        committed = try reader.optionalNumber()
        guard let fillKind = FillKind(rawValue: try reader.u8()) else {
            throw .broken(.source, "a fill value of unknown kind")
        }
        self.fillKind = fillKind
        isSerialized = try reader.isSerialized()
        try reader.zeros(2, rule: .source)
        fillValue = try reader.sizedBytes()
        guard fillValue.isEmpty || fillKind == .defined else {
            throw .broken(.source, "a fill value that is not defined")
        }
        guard links.isEmpty || kind == .group else { throw .broken(.source, "an object with links that is no group") }
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(kind.rawValue)
        writer.put(orders.rawValue)
        writer.zeros(2)
        writer.putNumber(tensor)
        writer.put(UInt32(links.count))
        for link in links { link.encode(into: &writer) }
        writer.put(UInt32(attributes.count))
        for attribute in attributes { attribute.encode(into: &writer) }
        writer.putSized(datatype)
        writer.putSized(dataspace)
        writer.putNumber(committed)
        writer.put(fillKind.rawValue)
        writer.put(UInt8(isSerialized ? 1 : 0))
        writer.zeros(2)
        writer.putSized(fillValue)
    }
}

extension HDF5Origin.Link {
    init(_ reader: inout ByteReader) throws(FormatError) {
        guard let kind = Kind(rawValue: try reader.u8()) else { throw .broken(.source, "a link of unknown kind") }
        self.kind = kind
        charset = try reader.charset()
        try reader.zeros(2, rule: .source)
        target = try reader.optionalNumber()
        creationOrder = try reader.creationOrder()
        name = try reader.sizedBytes()
        path = try reader.sizedBytes()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(kind.rawValue)
        writer.put(charset)
        writer.zeros(2)
        writer.putNumber(target)
        writer.put(creationOrder ?? -1)
        writer.putSized(name)
        writer.putSized(path)
    }
}

extension HDF5Origin.Attribute {
    init(_ reader: inout ByteReader) throws(FormatError) {
        charset = try reader.charset()
        isSerialized = try reader.isSerialized()
        try reader.zeros(2, rule: .source)
        creationOrder = try reader.creationOrder()
        name = try reader.sizedBytes()
        datatype = try reader.sizedBytes()
        dataspace = try reader.sizedBytes()
        committed = try reader.optionalNumber()
        value = try reader.sizedBytes()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(charset)
        writer.put(UInt8(isSerialized ? 1 : 0))
        writer.zeros(2)
        writer.put(creationOrder ?? -1)
        writer.putSized(name)
        writer.putSized(datatype)
        writer.putSized(dataspace)
        writer.putNumber(committed)
        writer.putSized(value)
    }
}

extension ByteReader {
    fileprivate mutating func charset() throws(FormatError) -> UInt8 {
        let charset = try u8()
        guard charset <= 1 else { throw .broken(.source, "the unknown character set \(charset)") }
        return charset
    }

    fileprivate mutating func isSerialized() throws(FormatError) -> Bool {
        let values = try u8()
        guard values <= 1 else { throw .broken(.source, "values of the unknown kind \(values)") }
        return values == 1
    }

    /// An object or tensor number, nil for `NONE`.
    fileprivate mutating func optionalNumber() throws(FormatError) -> Int? {
        let number = try u32()
        return number == none32 ? nil : Int(number)
    }

    fileprivate mutating func creationOrder() throws(FormatError) -> Int64? {
        let order = try i64()
        guard order >= -1 else { throw .broken(.source, "a creation order of \(order)") }
        return order == -1 ? nil : order
    }
}

extension ByteWriter {
    fileprivate mutating func putNumber(_ number: Int?) { put(number.map { UInt32($0) } ?? none32) }
}
