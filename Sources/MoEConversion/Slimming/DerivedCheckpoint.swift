import MoEFormat
import MoESystem

/// A checkpoint whose tensors are views of another's.
final class DerivedCheckpoint: Checkpoint {
    let tensors: [SourceTensor]
    let aliases: [(name: String, tensor: Int)]
    var notes: [String] { base.notes }

    let base: any Checkpoint
    private let views: [TensorView]
    private let allowsOverflow: Bool
    private let source: [UInt8]?
    private let outcome = Locked(CastOutcome())

    /// - Parameters:
    ///   - views: one a tensor.
    ///   - source: the source section that still tells the truth; nil when none does.
    init(
        _ base: any Checkpoint, tensors: [SourceTensor], aliases: [(name: String, tensor: Int)], views: [TensorView],
        allowsOverflow: Bool, source: [UInt8]?
    ) {
        self.base = base
        self.tensors = tensors
        self.aliases = aliases
        self.views = views
        self.allowsOverflow = allowsOverflow
        self.source = source
    }

    /// What became of the values that were cast so far.
    var castOutcome: CastOutcome { outcome.withLock { $0 } }

    func makeReader() throws(ConversionError) -> any CheckpointReader { Reader(self, try base.makeReader()) }

    func willRead(tensor: Int, elements: Range<UInt64>) {
        for run in views[tensor].runs(of: elements).prefix(16) {
            base.willRead(tensor: views[tensor].base, elements: run)
        }
    }

    func sourceSection() throws(ConversionError) -> [UInt8]? { source }

    func encodedPart(_ number: Int) throws(ConversionError) -> EncodedPart? { try base.encodedPart(number) }

    private func record(_ result: CastOutcome, tensor: Int) throws(ConversionError) {
        outcome.withLock { $0.add(result) }
        guard result.overflowed == 0 || allowsOverflow else {
            throw .damaged(
                "tensor \(tensors[tensor].name) does not fit \(tensors[tensor].dtype): its values reach \(result.largest); --allow-overflow makes them infinite"
            )
        }
    }

    private final class Reader: CheckpointReader {
        private let checkpoint: DerivedCheckpoint
        private let reader: any CheckpointReader
        private let scratch = ScratchBytes()

        init(_ checkpoint: DerivedCheckpoint, _ reader: any CheckpointReader) {
            self.checkpoint = checkpoint
            self.reader = reader
        }

        func read(tensor: Int, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer)
            throws(ConversionError)
        {
            let view = checkpoint.views[tensor]
            let from = checkpoint.base.tensors[view.base].dtype
            let to = checkpoint.tensors[tensor].dtype
            let width = from.byteCount ?? 1
            var target = unsafe destination
            if view.cast != nil { unsafe target = scratch.bytes(elements.count * width) }
            var position = 0
            for run in view.runs(of: elements) {
                // The runs are as many elements as were asked for.
                let room = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: target[position..<position + run.count * width])
                try unsafe reader.read(tensor: view.base, elements: run, into: room)
                position += room.count
            }
            guard view.cast != nil else { return }
            try checkpoint.record(
                unsafe FloatCast.cast(UnsafeRawBufferPointer(target), of: from, into: destination, of: to),
                tensor: tensor)
        }
    }
}
