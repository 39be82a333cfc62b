import MoEFormat
import Testing

@testable import MoEConversion

/// What holds of every recognition, whatever the checkpoint.
enum PlacementInvariants {
    static func check(_ recognition: Recognition, of tensors: [SourceTensor]) throws {
        #expect(recognition.placements.map(\.tensor) == Array(tensors.indices))
        var roles: Set<String> = []
        var experts: [Int: Set<Int>] = [:]
        for placement in recognition.placements {
            let tensor = tensors[placement.tensor]
            let parts = placement.partCount
            let elements = try #require(tensor.elementCount)
            if placement.place != .dense {
                #expect(
                    parts > 0 && elements % parts == 0 && elements / parts % placement.rowLength == 0, "\(tensor.name)")
            }
            if let scale = placement.scale {
                #expect(placement.scheme > 0)
                #expect(recognition.placements[scale].role == .scale)
                #expect(recognition.placements[scale].partCount == parts)
            }
            // A role other than scale and other stands once in a block, or once for each group.
            let block: String
            switch placement.place {
            case .dense: continue
            case .router(let bank, let group): block = "r\(bank).\(group)"
            case .shared(let bank, let index): block = "s\(bank).\(index)"
            case .stackedShared(let bank, _): block = "s\(bank).*"
            case .expert(let bank, let index):
                block = "e\(bank).\(index)"
                experts[bank, default: []].insert(index)
            case .stackedExperts(let bank, let count):
                block = "e\(bank).*"
                experts[bank, default: []].formUnion(0..<count)
            case .stackedRouters(let first, let count): block = "R\(first)+\(count)"
            }
            guard placement.role != .other, placement.role != .scale else { continue }
            #expect(roles.insert("\(block) \(placement.role.name)").inserted, "\(tensor.name)")
        }
        for (number, bank) in recognition.banks.enumerated() {
            #expect(experts[number] == Set(0..<bank.expertCount))
        }
        #expect(Set(recognition.banks.map(\.path)).count == recognition.banks.count)
        // The description reads back as it was written.
        let text = Array(recognition.model.json.text.utf8)
        let again = try ModelDescription(parsing: text, expertCounts: recognition.banks.map(\.expertCount))
        #expect(again == recognition.model)
    }
}
