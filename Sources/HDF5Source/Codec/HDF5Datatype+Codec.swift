extension HDF5Datatype {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(size)
        switch kind {
        case .integer(let layout):
            encoder.put(UInt8(0))
            encoder.put(layout.isSigned)
            encoder.put(layout.order.rawValue)
            encoder.put(layout.precision)
            encoder.put(layout.bitOffset)
        case .floatingPoint(let layout):
            encoder.put(UInt8(1))
            layout.encode(into: &encoder)
        case .time:
            encoder.put(UInt8(2))
        case .string(let layout):
            encoder.put(UInt8(3))
            encoder.put(layout.characterSet.rawValue)
            encoder.put(layout.padding.rawValue)
            encoder.put(layout.isVariableLength)
        case .bitField(let order):
            encoder.put(UInt8(4))
            encoder.put(order.rawValue)
        case .opaque(let tag):
            encoder.put(UInt8(5))
            encoder.put(tag)
        case .compound(let members):
            encoder.put(UInt8(6))
            encoder.put(list: members) { encoder, member in
                encoder.put(member.name)
                encoder.put(member.offset)
                member.type.encode(into: &encoder)
            }
        case .reference(let kind):
            encoder.put(UInt8(7))
            encoder.put(kind.rawValue)
        case .enumeration(let base, let members):
            encoder.put(UInt8(8))
            base.encode(into: &encoder)
            encoder.put(list: members) { encoder, member in
                encoder.put(member.name)
                encoder.put(member.value)
            }
        case .variableLength(let element):
            encoder.put(UInt8(9))
            element.encode(into: &encoder)
        case .array(let element, let dimensions):
            encoder.put(UInt8(10))
            element.encode(into: &encoder)
            encoder.put(list: dimensions) { $0.put($1) }
        }
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        decoder.datatypeDepth += 1
        defer { decoder.datatypeDepth -= 1 }
        if decoder.datatypeDepth == 1 { decoder.datatypeMembers = 0 }
        guard decoder.datatypeDepth <= decoder.limits.datatypeDepth else {
            throw .limit("datatypes are nested deeper than \(decoder.limits.datatypeDepth)")
        }
        size = try decoder.int("datatype size", atMost: decoder.limits.elementBytes)
        let limits = decoder.limits
        switch try decoder.byte("datatype class") {
        case 0:
            kind = .integer(
                HDF5IntegerLayout(
                    isSigned: try decoder.bool("signedness"), order: try decoder.value("byte order"),
                    precision: try decoder.int("precision", atMost: .max),
                    bitOffset: try decoder.int("bit offset", atMost: .max)))
        case 1: kind = .floatingPoint(try HDF5FloatLayout(from: &decoder))
        case 2: kind = .time
        case 3:
            kind = .string(
                HDF5StringLayout(
                    characterSet: try decoder.value("character set"), padding: try decoder.value("string padding"),
                    isVariableLength: try decoder.bool("variable length")))
        case 4: kind = .bitField(try decoder.value("byte order"))
        case 5: kind = .opaque(tag: try decoder.string("opaque tag", atMost: limits.nameBytes))
        case 6:
            kind = .compound(
                try decoder.list("compound member", atMost: limits.datatypeMembers) { decoder throws(HDF5Error) in
                    try decoder.countMember()
                    return HDF5CompoundMember(
                        name: try decoder.name("member name"),
                        offset: try decoder.int("member offset", atMost: limits.elementBytes),
                        type: try HDF5Datatype(from: &decoder))
                })
        case 7: kind = .reference(try decoder.value("reference kind"))
        case 8:
            let base = try HDF5Datatype(from: &decoder)
            kind = .enumeration(
                base: base,
                members: try decoder.list("enumeration member", atMost: limits.datatypeMembers) {
                    decoder throws(HDF5Error) in
                    try decoder.countMember()
                    return HDF5EnumerationMember(
                        name: try decoder.name("member name"),
                        value: try decoder.string("member value", atMost: base.size))
                })
        case 9: kind = .variableLength(try HDF5Datatype(from: &decoder))
        case 10:
            kind = .array(
                try HDF5Datatype(from: &decoder),
                dimensions: try decoder.list("array dimension", atMost: limits.rank) { decoder throws(HDF5Error) in
                    try decoder.u64("array dimension")
                })
        default: throw CatalogDecoder.malformed("a datatype's class is unknown")
        }
    }
}

extension CatalogDecoder {
    mutating func countMember() throws(HDF5Error) {
        datatypeMembers += 1
        guard datatypeMembers <= limits.datatypeMembers else {
            throw .limit("a datatype has more than \(limits.datatypeMembers) members")
        }
    }
}

extension HDF5FloatLayout {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(order.rawValue)
        encoder.put(precision)
        encoder.put(bitOffset)
        encoder.put(signPosition)
        encoder.put(exponentPosition)
        encoder.put(exponentBits)
        encoder.put(exponentBias)
        encoder.put(mantissaPosition)
        encoder.put(mantissaBits)
        encoder.put(hasImpliedBit)
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        order = try decoder.value("byte order")
        precision = try decoder.int("precision", atMost: .max)
        bitOffset = try decoder.int("bit offset", atMost: .max)
        signPosition = try decoder.int("sign position", atMost: .max)
        exponentPosition = try decoder.int("exponent position", atMost: .max)
        exponentBits = try decoder.int("exponent bits", atMost: .max)
        exponentBias = try decoder.u64("exponent bias")
        mantissaPosition = try decoder.int("mantissa position", atMost: .max)
        mantissaBits = try decoder.int("mantissa bits", atMost: .max)
        hasImpliedBit = try decoder.bool("implied bit")
    }
}
