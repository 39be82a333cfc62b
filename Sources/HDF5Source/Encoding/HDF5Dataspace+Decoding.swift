extension HDF5Dataspace {
    /// Reads the extent that `H5Sencode` wrote, without the library. The selection behind it is always everything, and skipped.
    ///
    /// The layout is that of the dataspace message in the HDF5 File Format Specification, IV.A.2.b, behind the message's
    /// number, a version, the bytes of a length, and the message's size.
    /// - Throws: `HDF5Error.damaged`.
    package init(encoded: [UInt8], limits: HDF5Limits = .standard) throws(HDF5Error) {
        do throws(HDF5Error) {
            var reader = MessageReader(encoded)
            guard try reader.byte() == 1, try reader.byte() == 0 else {
                throw HDF5Error.damaged("it is no encoded dataspace")
            }
            let lengthBytes = Int(try reader.byte())
            _ = try reader.u32()
            let version = try reader.byte()
            let rank = Int(try reader.byte())
            let flags = try reader.byte()
            var kind = try reader.byte()
            switch version {
            case 1:
                _ = try reader.take(4)
                kind = rank == 0 ? 0 : 1
            case 2: break
            default: throw HDF5Error.damaged("it has version \(version)")
            }
            guard rank <= limits.rank else {
                throw HDF5Error.limit("it has \(rank) axes; at most \(limits.rank) are read")
            }
            var dimensions: [UInt64] = []
            for _ in 0..<rank { dimensions.append(try reader.number(lengthBytes)) }
            var maximum: [UInt64?] = dimensions
            if flags & 1 != 0 {
                let unlimited = lengthBytes == 8 ? UInt64.max : 1 << UInt64(8 * lengthBytes) - 1
                maximum = []
                for dimension in dimensions {
                    let most = try reader.number(lengthBytes)
                    guard most == unlimited || most >= dimension else {
                        throw HDF5Error.damaged("a dimension exceeds its maximum")
                    }
                    maximum.append(most == unlimited ? nil : most)
                }
            }
            switch (kind, rank) {
            case (0, 0): self = .scalar
            case (2, 0): self = .null
            case (1, 1...): self = .simple(dimensions: dimensions, maximum: maximum)
            default: throw HDF5Error.damaged("it is of kind \(kind) with \(rank) axes")
            }
            guard elementCount != nil else { throw HDF5Error.damaged("its dimensions exceed 64 bits") }
        } catch {
            throw error.within("a dataspace")
        }
    }

    /// The encoding of the space as a whole, in the version of another encoding, and with maxima where that one has them.
    func encoding(like other: [UInt8]) -> [UInt8]? {
        guard other.count > 9, case let version = other[7], version == 1 || version == 2, case let flags = other[9]
        else {
            return nil
        }
        var extent: [UInt8] = [version, UInt8(truncatingIfNeeded: dimensions.count), flags & 1]
        switch (self, version) {
        case (.null, 1): return nil
        case (_, 1): extent += [0, 0, 0, 0, 0]
        case (.scalar, _): extent.append(0)
        case (.simple, _): extent.append(1)
        case (.null, _): extent.append(2)
        }
        func put(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
        if case .simple(let dimensions, let maximum) = self {
            extent += dimensions.flatMap { put($0, 8) }
            if flags & 1 != 0 { extent += maximum.flatMap { put($0 ?? .max, 8) } }
        }
        // All elements are selected: kind 3, version 1, and nothing more.
        return [1, 0, 8] + put(UInt64(extent.count), 4) + extent + put(3, 4) + put(1, 4) + put(0, 8)
    }
}

extension HDF5EncodedDataspace {
    /// Reads what `H5Sencode` wrote, without the library.
    ///
    /// - Throws: `HDF5Error.damaged`.
    package init(_ encoded: [UInt8]) throws(HDF5Error) {
        self.init(encoded: encoded, space: try HDF5Dataspace(encoded: encoded))
    }

    package static let scalar = HDF5EncodedDataspace(encoded: [], space: .scalar)

    /// A space of fixed extent; scalar without dimensions.
    package static func fixed(_ dimensions: [UInt64]) -> HDF5EncodedDataspace {
        dimensions.isEmpty
            ? .scalar
            : HDF5EncodedDataspace(encoded: [], space: .simple(dimensions: dimensions, maximum: dimensions))
    }
}
