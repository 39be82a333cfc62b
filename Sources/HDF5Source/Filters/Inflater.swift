internal import CDeflate

/// A libdeflate decompressor, reused from chunk to chunk. For one thread at a time.
@safe final class Inflater {
    private let decompressor: OpaquePointer

    /// - Throws: `HDF5Error.limit` when there is no memory for one.
    init() throws(HDF5Error) {
        guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
            throw .limit("there is no memory for a decompressor")
        }
        unsafe self.decompressor = decompressor
    }

    deinit { unsafe libdeflate_free_decompressor(decompressor) }

    /// Decodes one zlib stream into `output`; returns the bytes written. What follows the stream is ignored, as in libhdf5.
    ///
    /// - Throws: `HDF5Error.damaged` when the stream is corrupt, or holds more than `output` does.
    func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(HDF5Error) -> Int {
        var consumed = 0
        var written = 0
        // Reads at most input.count bytes and writes at most output.count.
        let result = unsafe libdeflate_zlib_decompress_ex(
            decompressor, input.baseAddress, input.count, output.baseAddress, output.count, &consumed, &written)
        switch result {
        case LIBDEFLATE_SUCCESS: return written
        case LIBDEFLATE_INSUFFICIENT_SPACE: throw .damaged("deflate data holds more than its chunk")
        default: throw .damaged("deflate data is corrupt")
        }
    }
}
