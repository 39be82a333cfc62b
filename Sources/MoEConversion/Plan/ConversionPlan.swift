package import MoEFormat

/// The file that will be written: every block with its parts, in order. Made before any data is read.
package struct ConversionPlan: Sendable {
    /// A run of a tensor's elements and how it lies in its block.
    package struct Part: Equatable, Sendable {
        package var tensor: Int
        package var startElement: UInt64
        package var elementCount: UInt64
        package var rowLength: UInt64
        package var role: Role
        package var orientation: Orientation
        /// The number of a quantisation scheme of the model, from 1; 0 for none.
        package var scheme: Int
        /// The companion parts, by their position in the block.
        package var links: [Link]
        /// The part of a `.moe` input whose stored bytes are taken as they are.
        package var stored: Stored?

        package struct Stored: Equatable, Sendable {
            package var part: Int
            package var chunkElements: UInt64
        }

        package struct Link: Equatable, Sendable {
            package var kind: LinkKind
            package var part: Int

            package init(kind: LinkKind, part: Int) {
                self.kind = kind
                self.part = part
            }
        }

        package init(
            tensor: Int, startElement: UInt64, elementCount: UInt64, rowLength: UInt64, role: Role = .other,
            orientation: Orientation = .none, scheme: Int = 0, links: [Link] = []
        ) {
            self.tensor = tensor
            self.startElement = startElement
            self.elementCount = elementCount
            self.rowLength = rowLength
            self.role = role
            self.orientation = orientation
            self.scheme = scheme
            self.links = links
        }
    }

    package struct Block: Equatable, Sendable {
        package var kind: BlockKind
        package var bank: Int?
        package var expert: Int?
        package var parts: [Part]
        /// log2 of the alignment that a copied block has already.
        package var alignment: UInt8?

        package init(_ kind: BlockKind, bank: Int? = nil, expert: Int? = nil, parts: [Part]) {
            self.kind = kind
            self.bank = bank
            self.expert = expert
            self.parts = parts
        }
    }

    package struct Bank: Equatable, Sendable {
        package var path: String
        package var layer: Int?
        package var expertCount: Int
        package var sharedCount: Int

        package init(path: String, layer: Int?, expertCount: Int, sharedCount: Int) {
            self.path = path
            self.layer = layer
            self.expertCount = expertCount
            self.sharedCount = sharedCount
        }
    }

    package var tensors: [SourceTensor]
    package var aliases: [(name: String, tensor: Int)]
    package var banks: [Bank]
    /// Resident blocks first (dense, router, shared, by bank), then experts by bank.
    package var blocks: [Block]
    package var model: ModelDescription
    /// The configuration file, byte for byte.
    package var configuration: [UInt8]?
    /// Content hashes that are known beforehand: such tensors' bytes need not be looked at.
    package var contentHashes: [Int: ContentHash] = [:]

    package init(
        tensors: [SourceTensor], aliases: [(name: String, tensor: Int)] = [], banks: [Bank], blocks: [Block],
        model: ModelDescription, configuration: [UInt8]? = nil
    ) {
        self.tensors = tensors
        self.aliases = aliases
        self.banks = banks
        self.blocks = blocks
        self.model = model
        self.configuration = configuration
    }

    /// Bytes of all tensors.
    package var byteCount: UInt64 { tensors.reduce(0) { $0 + $1.byteCount } }

    func byteCount(of part: Part) -> UInt64 { part.elementCount * UInt64(tensors[part.tensor].dtype.byteCount ?? 0) }
}
