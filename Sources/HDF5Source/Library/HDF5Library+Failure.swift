import CHDF5
import MoESystem

extension HDF5Library {
    /// The library's error stack as one line: `"doing: the innermost reason"`.
    static func failure(_ doing: String) -> HDF5Error {
        let reason = innermostReason()
        if let number = reason.flatMap(systemError) {
            let words = SystemError("", path: "", number: number).reason
            return .io("cannot \(doing): \(words)")
        }
        guard let reason else { return .damaged("libhdf5 \(version) cannot \(doing)") }
        if isOfNewerFormat(reason) {
            return .damaged(
                "libhdf5 \(version) cannot \(doing): \(reason); the file uses a newer format, rewrite it with `h5repack --low=0 --high=2` of a newer HDF5"
            )
        }
        return .damaged("libhdf5 \(version) cannot \(doing): \(reason)")
    }

    /// The system's error number, when it is the system that failed: `file_driver.h` says so.
    private static func systemError(_ reason: String) -> Int32? {
        reason.hasPrefix(MOE_H5_SYSTEM_ERROR) ? Int32(reason.dropFirst(MOE_H5_SYSTEM_ERROR.count)) : nil
    }

    /// What the library says about structures that came after it.
    private static func isOfNewerFormat(_ reason: String) -> Bool {
        reason.contains("bad version number") || reason.contains("unknown version")
            || reason.contains("bad superblock version") || reason.contains("unsupported version")
    }

    /// The description that the deepest failing function left on the stack.
    static func innermostReason() -> String? {
        var reason: String?
        // The callback runs before H5Ewalk2 returns, so `reason` outlives every use of its address; descriptions are C
        // strings that the stack owns.
        unsafe withUnsafeMutablePointer(to: &reason) { destination in
            _ = unsafe H5Ewalk2(
                moe_h5_error_stack(), H5E_WALK_UPWARD,
                { _, entry, context in
                    guard let context = unsafe context, let text = unsafe entry?.pointee.desc else { return 0 }
                    let destination = unsafe context.assumingMemoryBound(to: String?.self)
                    if unsafe destination.pointee == nil, let text = unsafe HDF5Name(cString: text), !text.bytes.isEmpty
                    {
                        unsafe destination.pointee = "\(text)"
                    }
                    return 0
                }, destination)
        }
        return reason
    }
}

extension HDF5Name {
    /// Copies a C string that the library handed out; nil for a null pointer.
    init?(cString: UnsafePointer<CChar>?) {
        guard let cString = unsafe cString else { return nil }
        // A C string is readable up to and with its NUL.
        var bytes: [UInt8] = []
        var next = unsafe cString
        while unsafe next.pointee != 0 {
            bytes.append(UInt8(bitPattern: unsafe next.pointee))
            unsafe next += 1
        }
        self.init(bytes)
    }

    /// Calls `body` with the name as a C string; nil when it holds a NUL.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) throws(HDF5Error) -> Result) throws(HDF5Error) -> Result {
        guard !bytes.contains(0) else { throw .damaged("the name \(self) holds a NUL") }
        let text = bytes.map(CChar.init(bitPattern:)) + [0]
        return try unsafe text.withUnsafeBufferPointer { buffer throws(HDF5Error) in
            guard let start = buffer.baseAddress else { throw .damaged("the name is empty") }
            return try unsafe body(start)
        }
    }
}
