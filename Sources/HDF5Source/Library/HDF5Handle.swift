import CHDF5

/// A libhdf5 identifier that is given back when the value goes. Made and dropped under the library's lock.
struct HDF5Handle: ~Copyable {
    let id: hid_t

    /// Takes over an identifier that a call just returned.
    ///
    /// - Throws: `HDF5Error.damaged`, with the library's reason, when the call failed.
    init(_ id: hid_t, _ doing: String) throws(HDF5Error) {
        guard id >= 0 else { throw HDF5Library.failure(doing) }
        self.id = id
    }

    deinit { _ = H5Idec_ref(id) }
}

extension HDF5Library {
    /// Checks the status of a call: libhdf5 says failure with a negative number.
    @discardableResult
    static func check<Status: BinaryInteger>(_ status: Status, _ doing: String) throws(HDF5Error) -> Status {
        guard status >= 0 else { throw failure(doing) }
        return status
    }
}
