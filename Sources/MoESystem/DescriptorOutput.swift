#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Writing to an open file until all is written.
struct DescriptorOutput {
    let descriptor: Int32
    /// For messages.
    let path: String

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            // done < count, so the rest is not empty and lies inside `bytes`.
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            #if canImport(Darwin)
            let count = unsafe Darwin.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
            #elseif canImport(Musl)
            let count = unsafe Musl.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
            #else
            let count = unsafe Glibc.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
            #endif
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("cannot write", path: path)
            }
            done += count
        }
    }
}
