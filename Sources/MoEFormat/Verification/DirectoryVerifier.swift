import MoESystem

/// The whole-file rules about the directory: order, totals, names, padding.
struct DirectoryVerifier {
    private let file: ModelFile

    init(_ file: ModelFile) { self.file = file }

    func check() throws(FormatError) {
        try checkPadding(of: file.directory)
        try checkSet()
        try checkBlocks()
        try checkNames()
        try checkPartsOfTensors()
        try checkBanks()
        _ = try file.source()
        _ = try file.configuration()
    }

    /// R95, R18 in the members, and R96.
    private func checkSet() throws(FormatError) {
        guard let set = file.set else { return }
        for number in 1...set.memberCount {
            let member = try set.opened(number)
            do throws(FormatError) {
                try checkPadding(of: member.directory)
            } catch {
                throw error.inFile(SetName.file(of: set.path(of: number)))
            }
        }
        let identity = SetIdentity()
        for kind in SetIdentity.kinds {
            identity.add(kind == .model ? try OpenedEnvelope(file.storage).modelText : try file.directory.all(kind))
        }
        guard Integrity.matches(set.identity, identity.value) else {
            throw .broken(.setIdentity, "the set has the id \(set.identity), its content \(identity.value)")
        }
    }

    /// R18: what lies between the directory's sections is zero.
    private func checkPadding(of directory: Directory) throws(FormatError) {
        let bytes = try directory.all()
        var position = directory.blocksEnd
        let sections = directory.allEntries.sorted { $0.offset < $1.offset }
        func checkZero(upTo end: UInt64) throws(FormatError) {
            guard end >= position, end - position < 64 else {
                throw .broken(
                    .directoryPadding, at: position, "\(end &- position) bytes of the directory belong to no section")
            }
            let gap = bytes[Int(position - directory.blocksEnd)..<Int(end - directory.blocksEnd)]
            guard gap.allSatisfy({ $0 == 0 }) else {
                throw .broken(.directoryPadding, at: position, "bytes between the directory's sections are not zero")
            }
        }
        for section in sections {
            try checkZero(upTo: section.offset)
            position = section.offset + section.length
        }
        try checkZero(upTo: directory.blocksEnd + UInt64(bytes.count))
    }

    /// R63 and R67: in each file blocks follow each other with zeros between, and their parts are numbered through.
    private func checkBlocks() throws(FormatError) {
        var place = Place(file: 0, end: UInt64(Header.encodedSize))
        var nextPart: UInt64 = 0
        for index in 0..<file.blockCount {
            let block = try file.block(at: index)
            let number = Int(block.record.file)
            guard number >= place.file else {
                throw .broken(
                    .blockOrder, in: block, at: 0,
                    "block \(index) lies in file \(number), the one before it in \(place.file)")
            }
            try close(&place, before: number)
            let alignment = UInt64(1) << UInt64(block.record.alignmentLog2)
            guard place.end.roundedUp(toMultipleOf: alignment) == block.offset else {
                throw .broken(
                    .blockOrder, in: block, at: 0,
                    "block \(index) does not begin at the first place behind block \(index - 1)")
            }
            try checkZero(from: place, to: block.offset)
            guard UInt64(block.record.firstPart) == nextPart else {
                throw .broken(.partRuns, "block \(index) begins with part \(block.record.firstPart), not \(nextPart)")
            }
            nextPart += UInt64(block.record.partCount)
            place.end = block.offset + block.record.length
        }
        guard nextPart == UInt64(file.partCount) else {
            throw .broken(.partRuns, "the blocks have \(nextPart) of \(file.partCount) parts")
        }
        try close(&place, before: (file.set?.memberCount ?? 0) + 1)
    }

    /// How far a file's blocks have been walked.
    private struct Place {
        var file: Int
        var end: UInt64
    }

    /// R63 for the end of each file before one: its directory follows its last block.
    private func close(_ place: inout Place, before next: Int) throws(FormatError) {
        while place.file < next {
            let end = try file.blocksEnd(ofFile: place.file)
            guard place.end.roundedUp(toMultipleOf: 64) == end else {
                let error = FormatError.broken(
                    .blockOrder, at: place.end, "the directory does not begin behind the last block")
                throw told(error, of: place)
            }
            try checkZero(from: place, to: end)
            place = Place(file: place.file + 1, end: UInt64(Header.encodedSize))
        }
    }

    private func checkZero(from start: Place, to end: UInt64) throws(FormatError) {
        guard start.end < end else { return }
        // Less than an alignment, 2 MiB at most.
        let bytes = try file.storage(ofFile: start.file).read(at: start.end, count: Int(end - start.end))
        guard bytes.allSatisfy({ $0 == 0 }) else {
            throw told(.broken(.blockOrder, at: start.end, "bytes between blocks are not zero"), of: start)
        }
    }

    private func told(_ error: FormatError, of place: Place) -> FormatError {
        guard place.file > 0, let set = file.set else { return error }
        return error.inFile(SetName.file(of: set.path(of: place.file)))
    }

    /// R31 and R32: the index lists each name once, in order, with its hash.
    private func checkNames() throws(FormatError) {
        let directory = file.directory
        let expected = file.tensorCount + file.aliasCount
        guard directory.count(.nameIndex) == expected else {
            throw .broken(.nameIndex, "the name index has \(directory.count(.nameIndex)) entries for \(expected) names")
        }
        var last: NameIndexRecord?
        var run: Set<[UInt8]> = []
        for index in 0..<expected {
            let entry = try directory.indexEntry(index)
            let name = Array(try directory.name(of: entry).utf8)
            guard Integrity.matches(entry.hash, XXH3.hash64(name)) else {
                throw .broken(.nameIndex, "entry \(index) of the name index has not its name's hash")
            }
            if let last {
                guard (last.hash, last.kind, last.id) < (entry.hash, entry.kind, entry.id) else {
                    throw .broken(.nameIndex, "entry \(index) of the name index is not in order")
                }
                if last.hash != entry.hash { run.removeAll() }
            }
            guard run.insert(name).inserted else {
                throw .broken(
                    .uniqueName,
                    "two tensors are named \(JSONValue.string(String(decoding: name, as: UTF8.self).beginning(80)).text)"
                )
            }
            last = entry
        }
        for alias in 0..<file.aliasCount { _ = try file.alias(at: alias) }
    }

    /// R43: each part is named once, by its tensor.
    private func checkPartsOfTensors() throws(FormatError) {
        guard file.directory.count(.tensorParts) == file.partCount else {
            throw .broken(
                .partOfTensor, "\(file.directory.count(.tensorParts)) tensor parts for \(file.partCount) parts")
        }
        var isNamed = [Bool](repeating: false, count: file.partCount)
        for index in 0..<file.tensorCount {
            for part in try file.parts(of: file.tensor(at: index)) {
                guard !isNamed[part.id] else { throw .broken(.partOfTensor, "part \(part.id) is named twice") }
                isNamed[part.id] = true
                _ = try file.companions(of: part)
            }
        }
        if let orphan = isNamed.firstIndex(of: false) {
            throw .broken(.partOfTensor, "part \(orphan) is named by no tensor")
        }
    }

    /// R28: shared experts are there exactly where they are described, and fit a layer that adds those of another bank.
    private func checkShared(of bank: Bank) throws(FormatError) {
        let shared = file.layer(of: bank).shared
        let hasOwn = shared != nil && shared?.bank == nil
        guard (bank.sharedCount > 0) == hasOwn else {
            throw .broken(
                .layerTensors,
                "bank \(bank.id) has \(bank.sharedCount) shared experts, and its layer describes \(hasOwn ? "some" : "none") of its own"
            )
        }
        let owner = file.sharedBank(of: bank)
        guard shared?.gate != .router || file.router(of: bank).sharedInRouter >= owner.sharedCount else {
            throw .broken(
                .layerTensors,
                "bank \(bank.id) has \(owner.sharedCount) shared experts and a router for \(file.router(of: bank).sharedInRouter)"
            )
        }
        guard owner.id != bank.id else { return }
        for index in 0..<owner.sharedCount {
            try file.checkShared(file.block(ofShared: index, in: owner), asOf: bank)
        }
    }

    /// R81 and R82: totals and paths of the banks.
    private func checkBanks() throws(FormatError) {
        var paths: Set<[UInt8]> = []
        for bank in file.banks {
            guard paths.insert(Array(bank.path.utf8)).inserted else {
                throw .broken(.bankPath, "two banks have the path \(JSONValue.string(bank.path).text)")
            }
            var stored: UInt64 = 0
            var decoded: UInt64 = 0
            var largest: UInt64 = 0
            let latent = try file.latentLength(of: bank)
            // One after another: a bank may have a million experts.
            func add(_ block: Block) throws(FormatError) {
                try file.checkLayer(of: block, latent: latent)
                guard let storedSum = stored +? block.record.length,
                    let decodedSum = decoded +? block.record.decodedLength
                else {
                    throw .broken(.bankTotals, "bank \(bank.id): its blocks have more bytes than can be counted")
                }
                (stored, decoded) = (storedSum, decodedSum)
                if block.record.kind == BlockKind.expert.rawValue { largest = max(largest, block.record.decodedLength) }
            }
            if let router = try file.routerBlock(of: bank) { try add(router) }
            for index in 0..<bank.sharedCount { try add(file.block(ofShared: index, in: bank)) }
            for expert in 0..<bank.expertCount { try add(file.block(ofExpert: expert, in: bank)) }
            guard file.router(of: bank).kind == .unsupported || bank.routerBlock != nil else {
                throw .broken(.layerTensors, "bank \(bank.id) has no router block")
            }
            try checkShared(of: bank)
            guard (stored, decoded, largest) == (bank.storedLength, bank.decodedLength, bank.largestExpert) else {
                throw .broken(
                    .bankTotals,
                    "bank \(bank.id) has \(stored) stored, \(decoded) decoded bytes and a largest expert of \(largest), not what its record says"
                )
            }
        }
    }
}
