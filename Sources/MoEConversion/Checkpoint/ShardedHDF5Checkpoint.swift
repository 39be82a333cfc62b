import MoEFormat

/// Several HDF5 files that are one model, as one source of tensors.
final class ShardedHDF5Checkpoint: Checkpoint {
    let tensors: [SourceTensor]
    let aliases: [(name: String, tensor: Int)]
    let notes: [String]

    private let shards: [HDF5Checkpoint]
    /// By number of the tensor.
    private let places: [(shard: Int, tensor: Int)]

    /// - Throws: `ConversionError.damaged` when two shards hold tensors of one name, or the index names what none holds.
    init(_ shards: [HDF5Checkpoint], index: ShardIndex) throws(ConversionError) {
        var tensors: [SourceTensor] = []
        var aliases: [(name: String, tensor: Int)] = []
        var places: [(shard: Int, tensor: Int)] = []
        var shardOfName: [ExactName: Int] = [:]
        for (number, shard) in shards.enumerated() {
            for alias in shard.aliases { aliases.append((alias.name, alias.tensor + tensors.count)) }
            for (tensor, described) in shard.tensors.enumerated() {
                if let other = shardOfName.updateValue(number, forKey: ExactName(described.name)) {
                    throw .damaged(
                        "\(index.path): tensor \(described.name) is in \(index.files[other]) and in \(index.files[number])"
                    )
                }
                tensors.append(described)
                places.append((number, tensor))
            }
        }
        // Keras names groups, transformers datasets; either way something must lie there.
        let paths = Self.pathsAndPrefixes(shardOfName.keys)
        for (name, file) in index.map {
            let path = name.drop { $0 == "/" }
            guard path.isEmpty || paths.contains(ExactName(path)) else {
                throw .damaged("\(index.path): \(name) is not in \(file)")
            }
        }
        self.tensors = tensors
        self.aliases = aliases
        self.places = places
        self.shards = shards
        notes = shards.flatMap(\.notes)
    }

    private static func pathsAndPrefixes(_ names: some Sequence<ExactName>) -> Set<ExactName> {
        var paths: Set<ExactName> = []
        for name in names {
            var path = name.text[...]
            while paths.insert(ExactName(path)).inserted, let slash = path.lastIndex(of: "/") { path = path[..<slash] }
        }
        return paths
    }

    func makeReader() throws(ConversionError) -> any CheckpointReader {
        var readers: [any CheckpointReader] = []
        for shard in shards { readers.append(try shard.makeReader()) }
        return Reader(self, readers)
    }

    func willRead(tensor: Int, elements: Range<UInt64>) {
        shards[places[tensor].shard].willRead(tensor: places[tensor].tensor, elements: elements)
    }

    func sourceSection() throws(ConversionError) -> [UInt8]? {
        var merged: HDF5Origin?
        var firstTensor = 0
        for shard in shards {
            guard case .hdf5(let origin) = try shard.decodedSource() else { continue }
            if merged == nil {
                merged = origin
                merged?.addresses = []
            } else {
                merged?.merge(origin, firstTensor: firstTensor)
            }
            firstTensor += shard.tensors.count
        }
        return merged.map { SourceSection.hdf5($0).encoded }
    }

    private final class Reader: CheckpointReader {
        private let checkpoint: ShardedHDF5Checkpoint
        private let readers: [any CheckpointReader]

        init(_ checkpoint: ShardedHDF5Checkpoint, _ readers: [any CheckpointReader]) {
            self.checkpoint = checkpoint
            self.readers = readers
        }

        func read(tensor: Int, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer)
            throws(ConversionError)
        {
            let place = checkpoint.places[tensor]
            try unsafe readers[place.shard].read(tensor: place.tensor, elements: elements, into: destination)
        }
    }
}

extension HDF5Origin {
    /// Takes another file's objects in: groups of one path become one, with the links and attributes of both; where both have
    /// something else under a path, the first one stays.
    ///
    /// - Parameter firstTensor: what to add to the other's tensor numbers.
    fileprivate mutating func merge(_ other: HDF5Origin, firstTensor: Int) {
        let offset = objects.count
        for var object in other.objects {
            object.tensor = object.tensor.map { $0 + firstTensor }
            object.committed = object.committed.map { $0 + offset }
            for index in object.links.indices {
                object.links[index].target = object.links[index].target.map { $0 + offset }
            }
            for index in object.attributes.indices {
                object.attributes[index].committed = object.attributes[index].committed.map { $0 + offset }
            }
            objects.append(object)
        }
        var pairs = [(into: 0, from: offset)]
        // Cycles of groups: each pair is merged once.
        var seen: Set<[Int]> = [[0, offset]]
        while let (into, from) = pairs.popLast() {
            let taken = Set(objects[into].attributes.map(\.name))
            objects[into].attributes += objects[from].attributes.filter { !taken.contains($0.name) }
            var placeOfName: [[UInt8]: Int] = [:]
            for (place, link) in objects[into].links.enumerated() where placeOfName[link.name] == nil {
                placeOfName[link.name] = place
            }
            for link in objects[from].links {
                guard let present = placeOfName[link.name].map({ objects[into].links[$0] }) else {
                    placeOfName[link.name] = objects[into].links.count
                    objects[into].links.append(link)
                    continue
                }
                guard let a = present.target, let b = link.target, objects[a].kind == .group, objects[b].kind == .group
                else { continue }
                if seen.insert([a, b]).inserted { pairs.append((a, b)) }
            }
            for index in objects[into].links.indices where objects[into].links[index].creationOrder != nil {
                objects[into].links[index].creationOrder = Int64(index)
            }
            for index in objects[into].attributes.indices where objects[into].attributes[index].creationOrder != nil {
                objects[into].attributes[index].creationOrder = Int64(index)
            }
        }
    }
}
