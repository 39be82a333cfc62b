import MoEConversion
import MoEFormat

/// Whatever the tensors of a checkpoint are called and however they are shaped, they are given places that can be written, the same
/// ones in any order of the tensors, or an error says why not.
///
/// Input: lines; the first a configuration or empty, the others each a name, a dtype and the dimensions, with tabs between.
package enum NamesProperty {
    private static let mostTensors = 400

    @discardableResult
    package static func check(_ text: [UInt8]) -> Bool {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let config = lines.first.flatMap { try? JSONParser.parse(Array($0), acceptingNonFinite: true) }
        let tensors = lines.dropFirst().prefix(mostTensors).compactMap(tensor)
        // No source has two tensors of a name.
        guard Set(tensors.map { Array($0.name.utf8) }).count == tensors.count,
            let found = try? Recognition(of: tensors, config: config)
        else { return false }
        checkPlaces(found, of: tensors)
        let reversed = try? Recognition(of: tensors.reversed(), config: config)
        expect(reversed?.banks.map(Bank.init) == found.banks.map(Bank.init), "the order of the tensors decides nothing")
        expect(reversed?.model == found.model, "the order of the tensors changes no description")
        for (index, placement) in found.placements.enumerated() {
            let other = reversed?.placements[tensors.count - 1 - index]
            expect(
                other?.place == placement.place && other?.role == placement.role,
                "nor any place: \(tensors[index]) has \(placement), \(String(describing: other))")
        }
        return true
    }

    private static func tensor(_ line: ArraySlice<UInt8>) -> SourceTensor? {
        let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard fields.count == 3, (1...Limits.nameBytes).contains(fields[0].count),
            let name = String(validating: fields[0], as: UTF8.self)
        else { return nil }
        let dtype = Dtype(name: String(decoding: fields[1], as: UTF8.self)) ?? .opaque(2)
        let shape = fields[2].split(separator: UInt8(ascii: ",")).map { Int(String(decoding: $0, as: UTF8.self)) }
        guard shape.count <= Limits.rank, shape.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else { return nil }
        let tensor = SourceTensor(name: name, dtype: dtype, shape: shape.compactMap(\.self))
        // No checkpoint offers one whose elements cannot be counted.
        return tensor.elementCount == nil ? nil : tensor
    }

    /// A bank by the bytes of its path.
    private struct Bank: Equatable {
        let path: [UInt8]
        let counts: [Int]

        init(_ bank: RecognizedBank) {
            path = Array(bank.path.utf8)
            counts = [bank.layer, bank.expertCount, bank.sharedCount]
        }
    }

    /// A block of a file.
    private struct Slot: Hashable {
        let kind: Int
        let bank: Int
        let index: Int
    }

    private static func checkPlaces(_ recognition: Recognition, of tensors: [SourceTensor]) {
        expect(recognition.placements.map(\.tensor) == Array(tensors.indices), "every tensor has a place")
        expect(
            Set(recognition.banks.map { Array($0.path.utf8) }).count == recognition.banks.count, "paths are unique")
        expect(recognition.model.layers.count == recognition.banks.count, "a bank has its layer")
        var roles: [Slot: Set<Role>] = [:]
        var experts: [Int: Set<Int>] = [:]
        for placement in recognition.placements {
            let slots: [Slot]
            switch placement.place {
            case .dense: continue
            case .router(let bank, let group): slots = [Slot(kind: 1, bank: bank, index: group)]
            case .shared(let bank, let index): slots = [Slot(kind: 2, bank: bank, index: index)]
            case .stackedShared(let bank, let count):
                slots = (0..<count).map { Slot(kind: 2, bank: bank, index: $0) }
            case .expert(let bank, let index): slots = [Slot(kind: 3, bank: bank, index: index)]
            case .stackedExperts(let bank, let count):
                slots = (0..<count).map { Slot(kind: 3, bank: bank, index: $0) }
            case .stackedRouters(let first, let count):
                slots = (0..<count).map { Slot(kind: 1, bank: first + $0, index: 0) }
            }
            let parts = placement.partCount
            let elements = tensors[placement.tensor].elementCount
            expect(parts > 0 && placement.rowLength > 0, "a tensor has parts and rows")
            expect(
                elements.map { $0 % parts == 0 && $0 / parts % placement.rowLength == 0 } ?? false,
                "parts are whole rows: \(tensors[placement.tensor]) as \(placement)")
            for slot in slots {
                expect(recognition.banks.indices.contains(slot.bank), "a block has its bank")
                if slot.kind == 3 { experts[slot.bank, default: []].insert(slot.index) }
                guard placement.role != .other, placement.role != .scale else { continue }
                expect(roles[slot, default: []].insert(placement.role).inserted, "a role stands once in a block")
            }
            if let scale = placement.scale {
                expect(placement.scheme > 0 && recognition.placements[scale].role == .scale, "scales scale")
                expect(recognition.placements[scale].partCount == parts, "a part has its scales")
            }
        }
        for (bank, recognized) in recognition.banks.enumerated() {
            expect(experts[bank] == Set(0..<recognized.expertCount), "every expert has weights")
        }
        // By its text: of a router that cannot run, only the reason is written.
        let text = recognition.model.json.text
        do {
            let again = try ModelDescription(
                parsing: Array(text.utf8), expertCounts: recognition.banks.map(\.expertCount))
            expect(again.json.text == text, "the description is what was written: \(again.json.text) for \(text)")
        } catch {
            expect(false, "the description can be written: \(error) for \(text)")
        }
    }
}
