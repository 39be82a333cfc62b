import Foundation
import MoEFormat
import Testing

@testable import MoERuntime

/// A routing rule with inputs and what it must give: an entry of `fixtures/routing/rules.json`.
struct RoutingRule: Decodable, CustomTestStringConvertible {
    var name: String
    var experts: Int
    var x: [[Float]]
    var chosen: [[Int]]
    var weights: [[Float]]
    var shared: [[Float]]?
    var weight: [[Float]]?
    var group_weight: [[Float]]?
    var selection_bias: [Float]?
    var input_scale: [Float]?
    var per_expert_scale: [Float]?
    var global_scale: Float?
    var token_experts: [[Int32]]?
    var token_ids: [Int]?
    var capacity: Bool?
    /// The router's description, filled in after decoding.
    var description: RouterDescription?

    private enum CodingKeys: String, CodingKey {
        case name, experts, x, chosen, weights, shared, weight, group_weight, selection_bias, input_scale
        case per_expert_scale, global_scale, token_experts, token_ids, capacity
    }

    var testDescription: String { name }
    var hidden: Int { x[0].count }

    static let all: [RoutingRule] = {
        do {
            let text = try Data(contentsOf: ReferenceLayer.folder.appending(path: "rules.json"))
            var rules = try JSONDecoder().decode([RoutingRule].self, from: text)
            let objects = try JSONSerialization.jsonObject(with: text) as? [[String: Any]] ?? []
            for index in rules.indices {
                let model: [String: Any] = ["schema": 1, "routers": [objects[index]["router"] ?? [:]]]
                let json = try JSONSerialization.data(withJSONObject: model)
                rules[index].description = try ModelDescription(parsing: [UInt8](json), expertCounts: []).routers[0]
            }
            return rules
        } catch {
            fatalError("rules.json cannot be read: \(error)")
        }
    }()

    func makeRouter() throws -> Router {
        let router = try #require(description)
        let identity = (0..<hidden).map { row in (0..<hidden).map { $0 == row ? Float(1) : 0 } }
        var parts = [StoredPart.matrix(.routerWeight, weight ?? identity)]
        if let group_weight { parts.append(.matrix(.groupRouterWeight, group_weight)) }
        if let selection_bias { parts.append(.vector(.selectionBias, selection_bias)) }
        if let input_scale { parts.append(.vector(.routerInputScale, input_scale)) }
        if let per_expert_scale { parts.append(.vector(.perExpertScale, per_expert_scale)) }
        if let global_scale { parts.append(.vector(.routerGlobalScale, [global_scale])) }
        if let token_experts { parts.append(.table(token_experts)) }
        let tensors = try RouterTensors(parts, router: router, experts: experts, hidden: hidden, name: name)
        return try Router(router, tensors: tensors, experts: experts, hiddenSize: hidden, name: name)
    }

    var options: RoutingOptions {
        var options = RoutingOptions()
        options.tokenIDs = token_ids
        options.appliesCapacity = capacity ?? false
        return options
    }
}

extension StoredElements {
    init(_ values: [Float]) {
        let bytes = values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
        self.init(copying: bytes, dtype: .f32, count: values.count)
    }
}

extension StoredPart {
    static func matrix(_ role: Role, _ rows: [[Float]], orientation: Orientation = .rowsAreOutputs) -> StoredPart {
        StoredPart(
            role, StoredMatrix(StoredElements(rows.flatMap { $0 }), rowLength: rows[0].count, orientation: orientation))
    }

    static func vector(_ role: Role, _ values: [Float]) -> StoredPart {
        StoredPart(role, StoredMatrix(StoredElements(values), rowLength: values.count, orientation: .none))
    }

    static func table(_ rows: [[Int32]]) -> StoredPart {
        let bytes = rows.flatMap { $0 }.flatMap { id in
            (0..<8).map { UInt8(truncatingIfNeeded: Int64(id) >> ($0 * 8)) }
        }
        let elements = StoredElements(copying: bytes, dtype: .i64, count: rows.count * rows[0].count)
        return StoredPart(.tokenExpertTable, StoredMatrix(elements, rowLength: rows[0].count))
    }
}
