import CHDF5
import MoESystem

/// A file that libhdf5 has open, read-only, through the driver of `file_driver.h`.
///
/// A plain value under the library's lock: whoever keeps it calls `close` once and uses it no more.
@safe struct HDF5LibraryFile {
    let id: hid_t
    let description: HDF5FileDescription
    /// Device and inode, by which one file under two names is known.
    let identity: Identity
    struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// The driver's part, valid until the file closes.
    private let driverFile: UnsafeMutablePointer<moe_h5_file>

    /// Opens a file, telling apart what is no HDF5 file, what is too new, and what is damaged.
    ///
    /// - Throws: `HDF5Error`; of kind `io` when the system does not open it.
    init(opening path: HDF5Name, _ access: LibraryAccess) throws(HDF5Error) {
        guard let text = path.text else { throw .io("cannot open \(path): the path is not UTF-8") }
        let superblock = try HDF5Superblock(locatingIn: text)
        guard superblock.version <= HDF5Superblock.newestVersion else {
            throw .damaged(
                "\(path) has superblock version \(superblock.version), libhdf5 \(HDF5Library.version) reads up to \(HDF5Superblock.newestVersion): rewrite it with `h5repack --low=0 --high=2` of a newer HDF5"
            )
        }
        let properties = try HDF5Handle(H5Pcreate(moe_h5_file_access_class()), "make file access properties")
        try HDF5Library.check(H5Pset_driver(properties.id, access.driver, nil), "set the file driver")
        try HDF5Library.check(H5Pset_fclose_degree(properties.id, H5F_CLOSE_STRONG), "set the close degree")
        let id = try unsafe path.withCString { text throws(HDF5Error) in
            unsafe H5Fopen(text, moe_h5_open_read_only(), properties.id)
        }
        guard id >= 0 else { throw HDF5Library.failure("open \(path) (superblock version \(superblock.version))") }
        do throws(HDF5Error) {
            // Non-null for the files of our driver, which this one was opened with.
            guard let driverFile = unsafe moe_h5_driver_file(id) else {
                throw HDF5Library.failure("examine \(path)")
            }
            var version: UInt32 = 0
            try HDF5Library.check(unsafe moe_h5_superblock_version(id, &version), "examine \(path)")
            let creation = try HDF5Handle(H5Fget_create_plist(id), "examine \(path)")
            var userBlock: hsize_t = 0
            try HDF5Library.check(unsafe H5Pget_userblock(creation.id, &userBlock), "examine \(path)")
            self.id = id
            unsafe self.driverFile = driverFile
            identity = Identity(
                device: unsafe driverFile.pointee.device, inode: unsafe driverFile.pointee.inode)
            description = HDF5FileDescription(
                path: path, size: unsafe driverFile.pointee.size, superblockVersion: version, userBlockSize: userBlock)
        } catch {
            _ = H5Fclose(id)
            throw error
        }
    }

    func close() { _ = H5Fclose(id) }

    /// Where a chunk is stored; nil when it never was.
    ///
    /// - Parameter scratch: at least as large as any stored chunk; stays untouched.
    func locateChunk(
        of dataset: borrowing HDF5Handle, at origin: [UInt64], index: UInt64, scratch: UnsafeMutableRawBufferPointer
    ) throws(HDF5Error) -> HDF5Chunk? {
        var found: Int32 = 0
        var address: UInt64 = 0
        var size: UInt64 = 0
        var mask: UInt32 = 0
        // The coordinates are as many as the dataset has axes; the call writes at most `scratch.count` bytes to `scratch`.
        let status = unsafe moe_h5_locate_chunk(
            dataset.id, driverFile, origin, scratch.baseAddress, scratch.count, &found, &address, &size, &mask)
        guard status != -2 else {
            throw .limit("chunk \(index) of \(size) bytes exceeds the limit of \(scratch.count)")
        }
        try HDF5Library.check(status, "locate chunk \(index)")
        guard found != 0 else { return nil }
        return HDF5Chunk(index: index, fileOffset: address, storedSize: size, filterMask: mask)
    }
}
