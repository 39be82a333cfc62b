internal import CZstd

/// A zstd compression context with its parameters: owned by one thread at a time, used for many frames.
@safe
final class ZstdCompressor {
    enum Mode {
        /// Literals coded by Huffman, matches not looked for: for exponents.
        case huffmanOnly
        /// An ordinary level: for planes with repetitions.
        case level(Int)
    }

    private let context: OpaquePointer

    /// - Throws: `FormatError` of kind `limit` when the library refuses the parameters or has no memory.
    init(_ mode: Mode) throws(FormatError) {
        guard let context = unsafe ZSTD_createCCtx() else { throw .limit("no memory for a zstd context") }
        let code =
            switch mode {
            case .huffmanOnly: unsafe moe_zstd_set_huffman_only(context)
            case .level(let level): unsafe moe_zstd_set_level(context, CInt(level))
            }
        guard ZSTD_isError(code) == 0 else {
            unsafe ZSTD_freeCCtx(context)
            throw .limit(
                "the zstd library does not know the parameters that exponent planes need; version 1.4.0 or later is required"
            )
        }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    /// Writes one frame and returns its length, or nil when it would not fit into `destination`.
    func encode(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) -> Int? {
        let length = unsafe ZSTD_compress2(
            context, destination.baseAddress, destination.count, source.baseAddress, source.count)
        return ZSTD_isError(length) == 0 ? length : nil
    }
}
