#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The directory that an input lies in, and the only one whose files its external links may open.
struct ConfinedDirectory: Equatable {
    /// Resolved: absolute and without symbolic links.
    let path: [UInt8]

    /// - Throws: `HDF5Error.io` when the file's own path does not resolve.
    init(of file: HDF5Name) throws(HDF5Error) {
        guard let resolved = try Self.resolve(file) else { throw .io("cannot open \(file): its path does not resolve") }
        path = Self.directory(of: resolved)
    }

    /// The resolved path of a file that an external link names, relative to this directory; nil when it does not exist.
    ///
    /// - Throws: `HDF5Error.damaged` when it lies anywhere else.
    func locate(_ target: HDF5Name) throws(HDF5Error) -> HDF5Name? {
        let isAbsolute = target.bytes.first == UInt8(ascii: "/")
        let joined = isAbsolute ? target.bytes : path + [UInt8(ascii: "/")] + target.bytes
        guard let resolved = try Self.resolve(HDF5Name(joined)) else { return nil }
        guard Self.directory(of: resolved) == path else {
            throw .damaged("external file \(target) lies outside the input's own directory")
        }
        return HDF5Name(resolved)
    }

    private static func directory(of path: [UInt8]) -> [UInt8] {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return [] }
        return slash == 0 ? [UInt8(ascii: "/")] : Array(path[..<slash])
    }

    private static func resolve(_ name: HDF5Name) throws(HDF5Error) -> [UInt8]? {
        try unsafe name.withCString { text throws(HDF5Error) in
            // realpath allocates its answer, which is ours to free.
            guard let resolved = unsafe realpath(text, nil) else { return nil }
            defer { unsafe free(resolved) }
            return unsafe HDF5Name(cString: resolved)?.bytes
        }
    }
}
