internal import CZstd

/// A zstd decompression context: owned by one thread at a time, used for many frames.
///
/// Every `unsafe` hands the library pointers and lengths of buffers that live for the call.
@safe
final class ZstdDecompressor {
    private let context: OpaquePointer

    /// - Throws: `FormatError` of kind `limit` when the context cannot be made.
    init() throws(FormatError) {
        guard let context = unsafe ZSTD_createDCtx() else { throw .limit("no memory for a zstd context") }
        unsafe self.context = context
        unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, CInt(Limits.zstdWindowLog))
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// Decodes one frame that must fill `destination` exactly: SPEC.md rule R73.
    ///
    /// - Throws: `FormatError` by R73.
    func decode(_ frame: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
        let header = unsafe moe_zstd_examine(frame.baseAddress, frame.count)
        guard header.is_frame else { throw .broken(.zstdFrame, "a plane does not begin with a zstd frame") }
        guard !header.is_skippable else { throw .broken(.zstdFrame, "a plane is a skippable zstd frame") }
        guard header.has_content_size, header.content_size == UInt64(destination.count) else {
            let declared = header.has_content_size ? "\(header.content_size) bytes" : "no content size"
            throw .broken(.zstdFrame, "a zstd frame declares \(declared), its plane has \(destination.count)")
        }
        guard header.window_size <= 1 << UInt64(Limits.zstdWindowLog) else {
            throw .broken(.zstdFrame, "a zstd frame asks for a window of \(header.window_size) bytes")
        }
        guard header.dictionary == 0, !header.has_checksum else {
            throw .broken(.zstdFrame, "a zstd frame has a dictionary or a checksum")
        }
        let length = unsafe ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
        guard ZSTD_isError(length) == 0, length == frame.count else {
            throw .broken(.zstdFrame, "a plane of \(frame.count) bytes is not exactly one zstd frame")
        }
        let decoded = unsafe ZSTD_decompressDCtx(
            context, destination.baseAddress, destination.count, frame.baseAddress, frame.count)
        guard ZSTD_isError(decoded) == 0, decoded == destination.count else {
            throw .broken(.zstdFrame, "a zstd frame cannot be decoded")
        }
    }
}
