/// Where a dataset's elements lie.
package enum HDF5Storage: Equatable, Sendable {
    /// One run of bytes at an offset from the start of the file; nil when nothing was ever written.
    case contiguous(offset: UInt64?)
    /// The bytes themselves, from the object's header; empty when the datatype has variable-length parts.
    case compact([UInt8])
    case chunked(HDF5ChunkedStorage)
}

package struct HDF5ChunkedStorage: Equatable, Sendable {
    /// One positive extent an axis.
    package var chunkDimensions: [UInt64]
    /// In the order of writing; reading undoes the last one first.
    package var filters: [HDF5Filter]
    /// Whether chunks that reach over the dataset's end are stored without any filter.
    package var leavesPartialChunksUnfiltered: Bool
    /// The chunks that were written, by ascending index.
    package var chunks: [HDF5Chunk]
}

/// One stored chunk.
package struct HDF5Chunk: Equatable, Sendable {
    /// Position in the grid of chunks, counted in C order.
    package var index: UInt64
    /// From the start of the file, user block included.
    package var fileOffset: UInt64
    package var storedSize: UInt64
    /// Bit i: filter i was left out for this chunk.
    package var filterMask: UInt32
}

package struct HDF5Filter: Equatable, Sendable {
    package var id: HDF5FilterID
    package var name: HDF5Name
    /// Whether a chunk may be stored without it.
    package var isOptional: Bool
    package var parameters: [UInt32]
    /// Whether the linked libhdf5 can undo it without loading a plugin.
    package var isDecodableByLibrary: Bool
}

/// The number that the HDF5 registry gives a filter.
package struct HDF5FilterID: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let deflate = HDF5FilterID(rawValue: 1)
    package static let shuffle = HDF5FilterID(rawValue: 2)
    package static let fletcher32 = HDF5FilterID(rawValue: 3)
    package static let szip = HDF5FilterID(rawValue: 4)
    package static let nbit = HDF5FilterID(rawValue: 5)
    package static let scaleOffset = HDF5FilterID(rawValue: 6)
    package static let lzf = HDF5FilterID(rawValue: 32000)
}

extension HDF5FilterID: CustomStringConvertible {
    /// The registered name, with the number: `"blosc (32001)"`.
    package var description: String {
        let name: String? =
            switch rawValue {
            case 1: "deflate"
            case 2: "shuffle"
            case 3: "fletcher32"
            case 4: "szip"
            case 5: "nbit"
            case 6: "scaleoffset"
            case 305: "lzo"
            case 307: "bzip2"
            case 32000: "lzf"
            case 32001: "blosc"
            case 32004: "lz4"
            case 32008: "bitshuffle"
            case 32013: "zfp"
            case 32015: "zstd"
            case 32017: "sz"
            case 32026: "blosc2"
            default: nil
            }
        return name.map { "\($0) (\(rawValue))" } ?? "number \(rawValue)"
    }
}
