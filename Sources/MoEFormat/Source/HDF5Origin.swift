/// The objects, links and attributes of the HDF5 file that a model came from: SPEC.md §10.1.
///
/// Types and spaces are kept as the HDF5 library encodes them; nothing here is interpreted when a file is opened.
public struct HDF5Origin: Equatable, Sendable {
    public struct Link: Equatable, Sendable {
        public enum Kind: UInt8, Sendable {
            case hard = 0
            case soft, external
        }

        public var kind: Kind
        /// 0 ASCII, 1 UTF-8.
        public var charset: UInt8
        /// The object that a hard link leads to.
        public var target: Int?
        /// The position in creation order, where the group tracks it.
        public var creationOrder: Int64?
        public var name: [UInt8]
        /// Where a soft or external link points.
        public var path: [UInt8]

        public init(kind: Kind, charset: UInt8, target: Int?, creationOrder: Int64?, name: [UInt8], path: [UInt8] = [])
        {
            self.kind = kind
            self.charset = charset
            self.target = target
            self.creationOrder = creationOrder
            self.name = name
            self.path = path
        }
    }

    public struct Attribute: Equatable, Sendable {
        public var charset: UInt8
        /// Whether the value is serialised because its elements point elsewhere.
        public var isSerialized: Bool
        public var creationOrder: Int64?
        public var name: [UInt8]
        public var datatype: [UInt8]
        public var dataspace: [UInt8]
        public var committed: Int?
        public var value: [UInt8]

        public init(
            charset: UInt8, isSerialized: Bool, creationOrder: Int64?, name: [UInt8], datatype: [UInt8],
            dataspace: [UInt8],
            committed: Int?, value: [UInt8]
        ) {
            self.charset = charset
            self.isSerialized = isSerialized
            self.creationOrder = creationOrder
            self.name = name
            self.datatype = datatype
            self.dataspace = dataspace
            self.committed = committed
            self.value = value
        }
    }

    public struct Object: Equatable, Sendable {
        public enum Kind: UInt8, Sendable {
            case group = 0
            case dataset, committedDatatype
        }

        public enum FillKind: UInt8, Sendable {
            case standard = 0
            case defined, undefined
        }

        public struct Orders: OptionSet, Hashable, Sendable {
            public let rawValue: UInt8
            public init(rawValue: UInt8) { self.rawValue = rawValue }
            public static let linksTracked = Orders(rawValue: 1)
            public static let linksIndexed = Orders(rawValue: 2)
            public static let attributesTracked = Orders(rawValue: 4)
            public static let attributesIndexed = Orders(rawValue: 8)
        }

        public var kind: Kind
        public var orders: Orders = []
        /// The tensor that holds a dataset's elements.
        public var tensor: Int?
        public var links: [Link] = []
        public var attributes: [Attribute] = []
        public var datatype: [UInt8] = []
        public var dataspace: [UInt8] = []
        public var committed: Int?
        public var fillKind: FillKind = .standard
        public var isSerialized = false
        public var fillValue: [UInt8] = []

        public init(_ kind: Kind) { self.kind = kind }
    }

    public var superblock: UInt32
    public var userBlock: UInt64
    /// Object 0 is the root group.
    public var objects: [Object]
    /// Where objects lay in the file, for sources with references, which are such addresses.
    public var addresses: [Address]

    public struct Address: Equatable, Sendable {
        public var object: Int
        public var address: UInt64

        public init(object: Int, address: UInt64) {
            self.object = object
            self.address = address
        }
    }

    public init(superblock: UInt32, userBlock: UInt64, objects: [Object], addresses: [Address] = []) {
        self.superblock = superblock
        self.userBlock = userBlock
        self.objects = objects
        self.addresses = addresses
    }
}
