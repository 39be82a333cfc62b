import Foundation
import MoEFormat
import MoESystem

/// Moves tensors from a checkpoint into a sink: readers side by side, one ordered writer, bounded memory.
struct ExportPipeline {
    /// Bytes that are read and written at once, about.
    static let unitBytes = 2 << 20
    /// Bytes of a tensor that must come in one piece, at most.
    static let wholeBytes = 1 << 30

    private let checkpoint: any Checkpoint
    private let options: StorageOptions
    private let progress: (@Sendable (UInt64) -> Void)?

    init(from checkpoint: any Checkpoint, options: StorageOptions, progress: (@Sendable (UInt64) -> Void)?) {
        self.checkpoint = checkpoint
        self.options = options
        self.progress = progress
    }

    /// A run of a tensor's elements, on its way.
    ///
    /// `@unchecked Sendable`: filled by the one worker that has it, then handed through a lock to the writer.
    private final class Unit: @unchecked Sendable {
        let tensor: Int
        let elements: Range<UInt64>
        let byteCount: Int
        let content = ScratchBytes()

        init(tensor: Int, elements: Range<UInt64>, byteCount: Int) {
            self.tensor = tensor
            self.elements = elements
            self.byteCount = byteCount
        }
    }

    /// - Throws: `ConversionError`; nothing is to be kept of the output then.
    func run(into sink: any ExportSink) throws(ConversionError) {
        var units = Units(sink.order, of: checkpoint) { sink.takesWhole($0) }
        let queue = OrderedQueue<Unit, Unit>(byteLimit: max(8 << 20, options.memory * 3 / 4)) {
            () throws(ConversionError) in
            guard let (tensor, elements) = try units.next() else { return nil }
            checkpoint.willRead(tensor: tensor, elements: elements)
            let bytes = elements.count * (checkpoint.tensors[tensor].dtype.byteCount ?? 0)
            return (Unit(tensor: tensor, elements: elements, byteCount: bytes), bytes)
        }
        let finished = DispatchGroup()
        for _ in 0..<max(1, options.jobs) {
            finished.enter()
            let thread = Thread {
                read(from: queue)
                finished.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        // Workers must be gone before the checkpoint may go.
        defer { finished.wait() }
        do throws(ConversionError) {
            var written: UInt64 = 0
            while let (unit, bytes) = try queue.next() {
                try unsafe sink.write(unit.content.bytes(unit.byteCount), tensor: unit.tensor, elements: unit.elements)
                written += UInt64(unit.byteCount)
                queue.release(bytes)
                progress?(written)
            }
        } catch {
            queue.abandon(error)
            throw error
        }
        try sink.finish()
    }

    private func read(from queue: OrderedQueue<Unit, Unit>) {
        do throws(ConversionError) {
            let reader = try checkpoint.makeReader()
            while let (ticket, bytes, unit) = queue.take() {
                try unsafe reader.read(
                    tensor: unit.tensor, elements: unit.elements, into: unit.content.bytes(unit.byteCount))
                queue.put(unit, ticket: ticket, bytes: bytes)
            }
        } catch {
            queue.abandon(error)
        }
    }

    /// The units of all tensors, one after another.
    private struct Units {
        private let order: [Int]
        private let checkpoint: any Checkpoint
        private let takesWhole: (Int) -> Bool
        private var position = 0
        private var ranges: ArraySlice<Range<UInt64>> = []

        init(_ order: [Int], of checkpoint: any Checkpoint, takesWhole: @escaping (Int) -> Bool) {
            self.order = order
            self.checkpoint = checkpoint
            self.takesWhole = takesWhole
        }

        mutating func next() throws(ConversionError) -> (tensor: Int, elements: Range<UInt64>)? {
            while ranges.isEmpty {
                guard position < order.count else { return nil }
                let tensor = order[position]
                position += 1
                let source = checkpoint.tensors[tensor]
                if takesWhole(tensor) {
                    guard source.byteCount <= UInt64(wholeBytes) else {
                        throw ConversionError(
                            .limit,
                            "tensor \(source.name) of \(source.byteCount) bytes cannot be written piece by piece; at most \(wholeBytes) are read at once"
                        )
                    }
                    ranges = source.byteCount == 0 ? [] : [0..<source.countedElements]
                } else {
                    ranges = try checkpoint.readingUnits(of: tensor, targetBytes: unitBytes)[...]
                }
            }
            guard let range = ranges.popFirst() else { return nil }
            return (order[position - 1], range)
        }
    }
}
