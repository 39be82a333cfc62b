/// The elements of one chunk in C order, in the file's byte order.
package final class DecodedChunk: Sendable {
    /// Elements along each axis: the chunk's shape, or less at the dataset's end when libhdf5 decoded it.
    let extent: [UInt64]
    let bytes: [UInt8]

    init(extent: [UInt64], bytes: [UInt8]) {
        self.extent = extent
        self.bytes = bytes
    }
}
